-- headers: what its publisher wants every request to carry, names and values in turn; null: nothing.
alter table message
    add headers text[];
