package io.posthorn.catalog;

import io.posthorn.model.Environment;
import io.posthorn.store.PgTimes;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** The SQL of environments and tokens. */
final class PgAccess {
    private static final String COLUMNS = """
            no, id, name, role, coalesce(env_no, 0) as env_no, app_no, rate_limit, created_at, expires_at, last_used_at,
            hash
            """;
    private static final String ENVIRONMENT = "no, id, name, profile, created_at";

    /** A token as it is stored. */
    record Row(Tokens.Hash hash, Token token, @Nullable Instant lastUsedAt) {}

    private final PgWrites writes;

    PgAccess(PgWrites writes) {
        this.writes = writes;
    }

    // ---- environments

    List<Environment> environments(Handle handle) {
        return handle.createQuery("select " + ENVIRONMENT + " from environment")
                .map((row, ctx) -> PgRows.environment(row))
                .list();
    }

    Environment insertEnvironment(String id, String name, Instant createdAt) {
        return writes.write(handle -> handle.createQuery("""
                        insert into environment (id, name, created_at) values (:id, :name, :createdAt)
                        returning no, id, name, profile, created_at
                        """)
                .bind("id", id)
                .bind("name", name)
                .bind("createdAt", PgTimes.utc(createdAt))
                .map((row, ctx) -> PgRows.environment(row))
                .one());
    }

    void renameEnvironment(int no, String name) {
        writes.write(handle -> handle.createUpdate("update environment set name = :name where no = :no")
                .bind("no", no)
                .bind("name", name)
                .execute());
    }

    /** Removes it with its event types; the database refuses if it has applications or tokens. */
    void deleteEnvironment(int no) {
        writes.write(handle -> {
            handle.createUpdate("delete from event_type where env_no = :no")
                    .bind("no", no)
                    .execute();
            return handle.createUpdate("delete from environment where no = :no")
                    .bind("no", no)
                    .execute();
        });
    }

    // ---- tokens

    List<Row> tokens(Handle handle) {
        return handle.createQuery("select " + COLUMNS + " from api_token")
                .map((row, ctx) -> PgRows.tokenRow(row))
                .list();
    }

    /**
     * Stores a new one and gives it its number.
     *
     * @param ended the numbers of those that are removed with the same stroke
     */
    Row insert(String id, TokenDraft draft, byte[] hash, Instant createdAt, List<Integer> ended) {
        return writes.write(handle -> {
            delete(handle, ended);
            return insert(handle, id, draft, hash, createdAt);
        });
    }

    private static Row insert(Handle handle, String id, TokenDraft draft, byte[] hash, Instant createdAt) {
        return handle.createQuery("""
                        insert into api_token (id, name, role, env_no, app_no, rate_limit, created_at, expires_at, hash)
                        values (:id, :name, :role, nullif(:envNo, 0), :appNo, :rateLimit, :createdAt, :expiresAt, :hash)
                        returning\s""" + COLUMNS)
                .bind("id", id)
                .bind("name", draft.name())
                .bind("role", draft.role().name().toLowerCase(Locale.ROOT))
                .bind("envNo", draft.envNo())
                .bind("appNo", PgRows.integer(draft.appNo()))
                .bind("rateLimit", PgRows.integer(draft.rateLimit()))
                .bind("createdAt", PgTimes.utc(createdAt))
                .bind("expiresAt", PgRows.timeOrNull(draft.expiresAt()))
                .bind("hash", hash)
                .map((row, ctx) -> PgRows.tokenRow(row))
                .one();
    }

    /** Makes this the administrator's token of the configuration, in place of another; returns all as they are then. */
    List<Row> replaceConfigured(String id, String name, byte[] hash) {
        return writes.write(handle -> {
            handle.createUpdate("delete from api_token where configured and hash <> :hash")
                    .bind("hash", hash)
                    .execute();
            handle.createUpdate("""
                            insert into api_token (id, name, role, hash, configured)
                            values (:id, :name, 'administrator', :hash, true)
                            on conflict (hash) do update
                            set role = 'administrator', env_no = null, app_no = null, expires_at = null,
                                configured = true
                            """)
                    .bind("id", id)
                    .bind("name", name)
                    .bind("hash", hash)
                    .execute();
            return tokens(handle);
        });
    }

    /** Removes what was the administrator's token of the configuration; returns all as they are then. */
    List<Row> removeConfigured() {
        return writes.write(handle -> {
            handle.createUpdate("delete from api_token where configured").execute();
            return tokens(handle);
        });
    }

    void update(int no, TokenPatch now) {
        writes.write(handle -> handle.createUpdate("""
                        update api_token set name = :name, rate_limit = :rateLimit, expires_at = :expiresAt
                        where no = :no
                        """)
                .bind("no", no)
                .bind("name", now.name())
                .bind("rateLimit", PgRows.integer(now.rateLimit()))
                .bind("expiresAt", PgRows.timeOrNull(now.expiresAt()))
                .execute());
    }

    void delete(List<Integer> numbers) {
        writes.write(handle -> delete(handle, numbers));
    }

    private static int delete(Handle handle, List<Integer> numbers) {
        return numbers.isEmpty()
                ? 0
                : handle.createUpdate("delete from api_token where no = any(:numbers)")
                        .bindArray("numbers", Integer.class, numbers)
                        .execute();
    }

    /** Notes when tokens were last used; those that are gone are passed over. */
    void saveUses(Map<Integer, Instant> uses) {
        writes.write(handle -> {
            PreparedBatch batch = handle.prepareBatch("update api_token set last_used_at = :at where no = :no");
            uses.forEach(
                    (no, at) -> batch.bind("no", no).bind("at", PgTimes.utc(at)).add());
            return batch.execute();
        });
    }
}
