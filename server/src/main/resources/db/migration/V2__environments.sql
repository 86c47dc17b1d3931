-- Parts of the installation that know nothing of each other. The first one is there from the start.
create table environment (
    no         int         generated always as identity primary key,
    id         text        not null unique,
    name       text        not null unique,
    created_at timestamptz not null
);
insert into environment (id, name, created_at) values ('env_default', 'default', now());

alter table application
    add env_no int not null default 1 references environment (no),
    drop constraint application_uid_key,
    add constraint application_uid_key unique (env_no, uid);
alter table application alter env_no drop default;

alter table event_type
    add env_no int not null default 1 references environment (no),
    drop constraint event_type_pkey,
    add primary key (env_no, name);
alter table event_type alter env_no drop default;

-- env_no null: the whole installation. app_no: the only application it sees.
alter table api_token
    add id           text,
    add role         text not null default 'administrator'
                     check (role in ('administrator', 'publisher', 'viewer', 'application')),
    add env_no       int references environment (no),
    add app_no       int references application (no) on delete cascade,
    add rate_limit   int,
    add expires_at   timestamptz,
    add last_used_at timestamptz,
    add check ((role = 'application') = (app_no is not null));
update api_token set id = 'tok_' || no;
alter table api_token alter id set not null, add unique (id), alter role drop default;
