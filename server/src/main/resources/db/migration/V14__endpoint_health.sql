-- Endpoints in trouble, one row each; written in the background, never for an attempt. failing_since: the first failure
-- after the last success; failures: attempts since then. open_since, pause_us, probe_at: of its circuit if it is open,
-- with the pause between probes in microseconds. held_until: it has asked to be left alone until then.
create table endpoint_health (
    endpoint_no   int         primary key references endpoint (no) on delete cascade,
    failing_since timestamptz not null,
    failures      int         not null,
    open_since    timestamptz,
    pause_us      bigint      not null default 0,
    probe_at      timestamptz,
    held_until    timestamptz
);
