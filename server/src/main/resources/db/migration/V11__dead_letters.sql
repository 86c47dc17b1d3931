-- What has ended without success and was neither delivered by a later redelivery nor discarded. Written and removed by
-- whoever writes the outcome, in the same transaction. Deliveries that succeed never come here.
create table dead_letter (
    endpoint_no   int         not null,
    seq           bigint      not null,     -- of the message
    app_no        int         not null,
    message_at    timestamptz not null,     -- created_at of the message
    event_type    text        not null,
    died_at       timestamptz not null,     -- when its last attempt was over
    attempts      smallint    not null,
    why           smallint    not null,     -- DeadLetter.Why.code
    status        smallint    not null,     -- AttemptStatus.code of the last attempt
    response_code smallint,
    -- Within an application the order of the numbers is that of acceptance, which is the order of redelivery.
    primary key (endpoint_no, seq)
);
create index dead_letter_app on dead_letter (app_no, died_at, seq, endpoint_no);
create index dead_letter_endpoint on dead_letter (endpoint_no, died_at, seq);

-- paused: somebody wants it to wait. total: how many there were to look at when it began; null where nobody counted.
-- The others say what it leaves out; null where it leaves out nothing. which is Selection.Which.code, why is
-- DeadLetter.Why.code.
alter table background_task
    add paused      boolean not null default false,
    add total       bigint,
    add event_types text[],
    add channel     text,
    add tag         text,
    add which       smallint,
    add code_class  smallint,
    add why         smallint;
