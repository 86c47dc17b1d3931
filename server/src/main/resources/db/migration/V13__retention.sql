-- Days of messages whose payloads were removed for their age: their partitions were written anew without them.
create table stripped_day (
    day date        primary key,
    at  timestamptz not null default now()
);

-- Messages of such days that still waited to be delivered then, so that they have kept their payloads. A row goes when
-- nothing waits for the message any more, and the payload with it.
create table kept_payload (
    message_at timestamptz not null,
    app_no     int         not null,
    seq        bigint      not null,
    primary key (message_at, app_no, seq)
);
