-- only_endpoint_no: the only endpoint that the message is for; null: all that want it.
-- payload null: it was deleted. What still waits of the message is owed to nobody any more.
alter table message
    add only_endpoint_no int,
    alter payload drop not null;

-- From version 18 on, PostgreSQL takes "not null" of a partition that was made as a table of its own for the
-- partition's own, and leaves it when the parent's goes.
do $$
declare
    part regclass;
begin
    for part in select inhrelid::regclass from pg_inherits where inhparent = 'message'::regclass loop
        execute format('alter table %s alter payload drop not null', part);
    end loop;
end
$$;
