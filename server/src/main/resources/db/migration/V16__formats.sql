-- How messages become requests. source: YAML, as it was given.
create table profile (
    no         int         generated always as identity primary key,
    env_no     int         not null references environment (no) on delete cascade,
    name       text        not null,
    source     text        not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    unique (env_no, name)
);

-- The name of the profile of all endpoints that name none; null: standard.
alter table environment
    add profile text;

-- shape: what its owner decides about how its requests are made, as JSON (catalog.ShapeCodec); null: nothing. private:
-- what must not be shown of that, sealed; null: nothing.
alter table endpoint
    add shape   jsonb,
    add private bytea;
