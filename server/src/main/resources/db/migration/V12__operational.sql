-- What the operator and the owners of endpoints are to hear of. Rows are written in the transaction of what they tell,
-- and go when it has been told. Nothing is written here for what succeeds.

-- Events for the operational applications, in the order in which they are sent.
create table operational_outbox (
    no         bigint      generated always as identity primary key,
    env_no     int         not null,       -- whose operational application is told
    at         timestamptz not null,
    type       text        not null,
    app_no     int         not null,       -- of the message that it is about; 0 if it is about none
    seq        bigint      not null,
    message_at timestamptz not null,
    data       text        not null        -- JSON
);

-- Mails. Those that were sent stay for an hour: they are counted, so that nobody gets too many.
create table operational_mail (
    no            bigint      generated always as identity primary key,
    app_no        int         not null,
    endpoint_no   int         not null,
    kind          smallint    not null,    -- MailKind.code
    at            timestamptz not null,    -- of the latest that it tells of
    due_at        timestamptz not null,
    told          int         not null,    -- of how many it tells
    open          boolean     not null,    -- whether more of the same join it
    seq           bigint      not null,    -- of the latest message; 0 without one
    message_at    timestamptz not null,
    attempts      int         not null,    -- of the latest delivery
    response_code int         not null,    -- of the latest attempt; 0 without a response
    detail        text,
    tries         int         not null default 0,
    sent_at       timestamptz
);
create unique index operational_mail_open on operational_mail (endpoint_no, kind) where open;
create index operational_mail_endpoint on operational_mail (endpoint_no);
create index operational_mail_due on operational_mail (due_at, no) where sent_at is null;

-- What holds of an endpoint and has been told: so that it is told once, and that its end can be.
create table operational_mark (
    endpoint_no int         not null,
    kind        smallint    not null,      -- Mark.code
    since       timestamptz not null,
    primary key (endpoint_no, kind)
);
