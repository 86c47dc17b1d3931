-- One installation, one row: what must never change once messages exist.
create table installation (
    only_row   boolean primary key default true check (only_row),
    id         uuid        not null default gen_random_uuid(),
    shards     smallint    not null,
    -- mixes the sequence number into message ids, so that an id does not tell how many messages there are
    id_key     bigint      not null,
    created_at timestamptz not null default now()
);

-- Who may write. Taking over raises the epoch; every write checks it under a shared lock (fence()).
create table ownership (
    only_row   boolean primary key default true check (only_row),
    epoch      bigint      not null,
    owner      text        not null,
    since      timestamptz not null
);
insert into ownership (epoch, owner, since) values (0, 'nobody', now());

-- Raises when the caller's epoch is not the present one. The shared lock is held to the end of the transaction and
-- conflicts with the exclusive one that a takeover takes (take_ownership), so a write that passed the check commits
-- before the new owner reads anything. Advisory locks live in shared memory: no row is touched, nothing is logged.
create function fence(my_epoch bigint) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared(7236461, 2);
    if not exists (select from ownership where epoch = my_epoch) then
        raise exception 'stale owner: epoch % is over', my_epoch using errcode = 'PH001';
    end if;
end
$$;

create function take_ownership(new_owner text) returns bigint language plpgsql as $$
declare
    new_epoch bigint;
begin
    perform pg_advisory_xact_lock(7236461, 2);
    update ownership set epoch = epoch + 1, owner = new_owner, since = now() returning epoch into new_epoch;
    return new_epoch;
end
$$;

-- settled: every message of the shard with this sequence number or a lower one is delivered, exhausted or parked in
-- deferral. settled_at: no message above it was accepted before this moment (limits the partitions recovery reads).
create table shard (
    no         smallint primary key,
    settled    bigint      not null default 0,
    settled_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

create table application (
    no         int         generated always as identity primary key,
    id         text        not null unique,
    uid        text        unique,
    name       text        not null,
    metadata   jsonb       not null default '{}',
    rate_limit int,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

create table event_type (
    name        text        primary key,
    description text        not null,
    archived    boolean     not null default false,
    deprecated  boolean     not null default false,
    group_name  text,
    schemas     jsonb,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);

create table endpoint (
    no              int         generated always as identity primary key,
    app_no          int         not null references application (no) on delete cascade,
    id              text        not null unique,
    uid             text,
    url             text        not null,
    description     text        not null default '',
    event_types     text[],                 -- null: all of them
    channels        text[],                 -- null: messages of every channel and of none
    disabled        boolean     not null default false,
    disabled_reason text,
    rate_limit      int,
    metadata        jsonb       not null default '{}',
    secret          bytea       not null,   -- encrypted
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    unique (app_no, uid)
);

create table api_token (
    no         int         generated always as identity primary key,
    name       text        not null,
    hash       bytea       not null unique, -- SHA-256 of the token
    created_at timestamptz not null default now()
);

-- The two tables of the hot path, partitioned by day. Their partitions and the partitions' unique index on
-- (app_no, seq) are made by the program ahead of time.
create table message (
    seq        bigint      not null,        -- gapless within the application's shard
    created_at timestamptz not null,
    app_no     int         not null,
    event_type text        not null,
    event_id   text,
    channels   text[],
    tags       text[],
    payload    bytea       not null         -- byte for byte as it came in
) partition by range (created_at);

create table attempt (
    seq           bigint      not null,     -- of the message
    message_at    timestamptz not null,     -- created_at of the message
    started_at    timestamptz not null,
    app_no        int         not null,
    endpoint_no   int         not null,
    duration_us   int         not null,
    number        smallint    not null,     -- 1 for the first
    status        smallint    not null,     -- AttemptStatus.code
    response_code smallint,
    verdict       smallint    not null,     -- Verdict code: what followed from it
    next_at       timestamptz,              -- when the next attempt is due
    detail        text,                     -- of a failure
    headers       text,                     -- of the response, one "name: value" a line
    body          bytea                     -- of the response, cut at the limit
) partition by range (started_at);
create index on attempt (app_no, seq);
create index on attempt (endpoint_no, started_at, seq);

-- One row for each delivery that is not finished after its first go.
create table deferral (
    endpoint_no int         not null,
    seq         bigint      not null,
    due_at      timestamptz not null,
    message_at  timestamptz not null,
    app_no      int         not null,
    attempts    smallint    not null,       -- made so far
    reason      smallint    not null,       -- DeferralReason.code
    primary key (endpoint_no, seq)
);
create index on deferral (endpoint_no, due_at, seq);

-- A message's eventId, unique within its application for as long as the message is kept.
create table event_id (
    app_no     int         not null,
    event_id   text        not null,
    seq        bigint      not null,
    message_at timestamptz not null,
    primary key (app_no, event_id)
);

-- Idempotency keys, by day; each is honoured for 12 hours.
create table idempotency (
    app_no     int         not null,
    key        bytea       not null,        -- the first 16 bytes of its SHA-256
    created_at timestamptz not null,
    digest     bytea       not null,        -- of the request's body, likewise
    seq        bigint      not null,
    message_at timestamptz not null
) partition by range (created_at);
