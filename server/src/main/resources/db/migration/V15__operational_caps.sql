-- Mails are sent to each address by itself, and nobody gets more than so many an hour, whatever becomes of endpoints.

-- When letters were made of it, one for each address. It stays for as long as there are any, and for an hour at least.
alter table operational_mail rename column sent_at to addressed_at;

-- A mail to one address that is not sent yet.
create table operational_letter (
    mail_no bigint      not null references operational_mail (no) on delete cascade,
    address text        not null,
    app_no  int         not null,
    due_at  timestamptz not null,
    tries   int         not null default 0,
    primary key (mail_no, address)
);
create index operational_letter_due on operational_letter (due_at);

-- Letters of an hour, by whom they are counted for: an application, an address (its digest), all.
create table operational_letter_count (
    hour    timestamptz not null,
    whose   text        not null,
    letters int         not null,
    primary key (hour, whose)
);

-- app_no is the application that an event tells of, also where it is about no message; 0 for none. They take turns.
-- open_for: the endpoint for which more of the same join the event until due_at; told: how many it tells of.
alter table operational_outbox
    add open_for int,
    add due_at   timestamptz,
    add told     int not null default 1;
create unique index operational_outbox_open on operational_outbox (open_for) where open_for is not null;
-- What gathers is not in it: whoever looks for what can be sent does not come across it.
create index operational_outbox_turn on operational_outbox (app_no, no) where open_for is null;
