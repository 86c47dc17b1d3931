-- What an application may be told of: the names of its scopes. Null, which all have that were there before, is everything.
alter table application
    add scopes text[];

-- What an event type promises beside its schemas: example, scopes, mode of enforcement, versions and the steps between
-- them, sparse. json and not jsonb: an example is shown as it was written.
alter table event_type
    add contract json;
