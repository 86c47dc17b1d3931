-- What an endpoint's requests carry beside the signature, and the secrets that still sign after they were replaced. Both
-- are sealed, one blob for an endpoint; null if there are none.
alter table endpoint
    add headers     bytea,
    add old_secrets bytea,
    add version     int not null default 1; -- of no meaning here: kept and shown

alter table event_type
    add feature_flags text[];               -- null: none. Kept and shown
