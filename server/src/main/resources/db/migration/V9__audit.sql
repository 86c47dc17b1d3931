-- Answers to POSTs that came with an Idempotency-Key. status null: the first request is being worked on by the run of the
-- server that is named, which knows whether that is still so; if not, the next request has the key, unless changed says that the first one has
-- made its change.
create table idempotent_answer (
    key          bytea       primary key,  -- the first 16 bytes of the SHA-256 of whose key it is, and the key
    digest       bytea       not null,     -- of the request, likewise
    run          bigint      not null,
    changed      boolean     not null default false, -- set in the transaction of the change
    created_at   timestamptz not null,
    status       smallint,
    content_type text,
    body         bytea                     -- encrypted: an answer may show a secret
);
create index on idempotent_answer (created_at);

-- Who changed what. Written in the transaction of the change.
create table audit_log (
    no           bigint      generated always as identity primary key,
    at           timestamptz not null,
    env_no       int         not null,     -- of what was changed; 0 for what concerns the whole installation
    token_id     text        not null,
    token_name   text        not null,
    role         text        not null,
    token_env_no int         not null,     -- 0 for a token of the whole installation
    action       text        not null,
    target       text        not null,
    app_id       text,
    subject      text,                     -- the id of what was made or changed
    fields       text[]      not null,
    address      text        not null
);
create index on audit_log (env_no, no);
-- for the filters: changes are rare, and without these a rare value is looked for in all entries
create index on audit_log (env_no, action, no);
create index on audit_log (env_no, token_id, no);
create index on audit_log (env_no, app_id, no);
create index on audit_log (at);
