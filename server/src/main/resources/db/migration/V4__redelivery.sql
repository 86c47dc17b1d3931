-- Redelivery: a delivery that has ended, or has never begun, is put into deferral by hand or by a background task.

-- base: attempts made before the present round; the retry schedule counts from there. A higher base than the one that an
-- attempt under way knows says that another round was asked for meanwhile.
-- manual: the round was asked for. task_no: by which background task. Both are null on the normal path.
alter table deferral
    add column base    smallint not null default 0,
    add column manual  boolean,
    add column task_no int;

-- Only rows that were asked for stand in these (4 is DeferralReason.REPLAY): nothing else pays for them.
create index deferral_asked on deferral (endpoint_no, due_at, seq) where reason = 4;
create index deferral_task on deferral (task_no) where task_no is not null;

-- Whether the attempt was asked for; null where nobody asked.
alter table attempt add column manual boolean;

create table background_task (
    no          int         generated always as identity primary key,
    id          text        not null unique,
    env_no      int         not null,
    app_no      int         not null,
    endpoint_no int         not null,
    app_id      text        not null,       -- as they were: both may be deleted before the task is
    endpoint_id text        not null,
    kind        smallint    not null,       -- RedeliveryTask.Kind.code
    status      smallint    not null,       -- RedeliveryTask.Status.code; 0 is running
    since       timestamptz not null,       -- messages accepted from then
    until       timestamptz not null,       -- and before then
    cursor_at   timestamptz,                -- the last message that was looked at; null at first
    cursor_seq  bigint,
    scanned     bigint      not null default 0,
    queued      bigint      not null default 0,
    cancelled   boolean     not null default false,
    error       text,
    created_by  text        not null,
    created_at  timestamptz not null,
    updated_at  timestamptz not null
);
create unique index background_task_running on background_task (endpoint_no) where status = 0;
create index background_task_list on background_task (env_no, id);
