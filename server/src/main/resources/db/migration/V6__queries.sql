-- A payload as jsonb, to look into it with a path; null if jsonb does not take it: JSON may hold \u0000 and numbers that
-- it refuses. Only what the payload is to blame for is caught: a statement that is broken off stays broken off.
create function payload_json(payload bytea) returns jsonb language plpgsql immutable strict parallel safe as $$
begin
    return convert_from(payload, 'UTF8')::jsonb;
exception
    when data_exception or program_limit_exceeded then
        return null;
end
$$;
