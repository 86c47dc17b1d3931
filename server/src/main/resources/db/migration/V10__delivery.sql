-- What owners decide about deliveries. delivery: what differs from the usual, as JSON (catalog.PolicyCodec); null:
-- nothing. paused: deliveries wait.
alter table endpoint
    add delivery jsonb,
    add paused   boolean not null default false;

alter table application
    add paused         boolean not null default false,
    add endpoint_limit int;                 -- active endpoints; null: as configured

-- ordering_key: what its publisher has put it in order by. deliver_at: not before then; null: at once.
alter table message
    add ordering_key text,
    add deliver_at   timestamptz;

-- key_hash: of the key that it waits in order by, null without one; key_version: of the endpoint's order that the hash
-- was made for. aside: it had ended, or had never begun, and was asked for again: it does not stand in the order.
-- All of them are null where nothing is in order.
alter table deferral
    add key_hash    bigint,
    add key_version int,
    add aside       boolean;

-- Only rows with a key stand in it.
create index deferral_key on deferral (endpoint_no, key_hash, seq) where key_hash is not null;

-- Only rows that stand aside stand in it.
create index deferral_aside on deferral (endpoint_no, due_at, seq) where aside;

-- Rows that wait for a time of their own, whatever stands before and behind them in an order: 9 is SCHEDULED, 0 RETRY.
-- Those that come and go while all is well do not stand in it.
create index deferral_timed on deferral (endpoint_no, due_at, seq)
    where (reason = 9 or (reason = 0 and key_hash is null)) and aside is not true;
