-- A viewer, too, may see one application only: it is what a customer gets who shall look and change nothing.
-- What sees one application belongs to that application's environment.
alter table api_token
    add configured boolean not null default false, -- comes from the server's configuration, which replaces it
    drop constraint api_token_check,
    add constraint api_token_app_check check (
        case role
            when 'application' then app_no is not null
            when 'viewer' then true
            else app_no is null
        end),
    add constraint api_token_environment_check check (app_no is null or env_no is not null),
    add constraint api_token_rate_limit_check check (rate_limit > 0);
update api_token set configured = true where name = 'configured';

-- For the deletion of an application, and of an environment.
create index api_token_app_no on api_token (app_no);
create index api_token_env_no on api_token (env_no);
-- For the removal of what has expired.
create index api_token_expires_at on api_token (expires_at);
