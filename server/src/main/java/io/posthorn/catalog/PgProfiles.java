package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import io.posthorn.store.PgTimes;
import java.time.Instant;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jspecify.annotations.Nullable;

/** The SQL of profiles. */
final class PgProfiles {
    private static final int BATCH = 1_000;

    private final PgWrites writes;

    PgProfiles(PgWrites writes) {
        this.writes = writes;
    }

    /** A profile as it is stored. */
    record Row(int envNo, String name, String source, Instant createdAt, Instant updatedAt) {}

    List<Row> all(Handle handle) {
        return handle.createQuery("select env_no, name, source, created_at, updated_at from profile order by name")
                .map((row, ctx) -> new Row(
                        row.getInt("env_no"),
                        row.getString("name"),
                        row.getString("source"),
                        PgTimes.instant(row, "created_at"),
                        PgTimes.instant(row, "updated_at")))
                .list();
    }

    /**
     * Stores one, new or not, and what becomes of the endpoints that have it, in one transaction.
     *
     * @param endpoints those of which something changes
     */
    void upsert(Row row, List<Endpoint> endpoints) {
        writes.write(handle -> {
            handle.createUpdate("""
                            insert into profile (env_no, name, source, created_at, updated_at)
                            values (:env, :name, :source, :createdAt, :updatedAt)
                            on conflict (env_no, name) do update
                            set source = excluded.source, updated_at = excluded.updated_at
                            """)
                    .bind("env", row.envNo())
                    .bind("name", row.name())
                    .bind("source", row.source())
                    .bind("createdAt", PgTimes.utc(row.createdAt()))
                    .bind("updatedAt", PgTimes.utc(row.updatedAt()))
                    .execute();
            return deliveries(handle, endpoints);
        });
    }

    void delete(int env, String name) {
        writes.write(handle -> handle.createUpdate("delete from profile where env_no = :env and name = :name")
                .bind("env", env)
                .bind("name", name)
                .execute());
    }

    /** Stores the profile of those who have chosen none, and what becomes of them, in one transaction. */
    void setDefault(int env, @Nullable String name, List<Endpoint> endpoints) {
        writes.write(handle -> {
            handle.createUpdate("update environment set profile = :name where no = :env")
                    .bind("env", env)
                    .bind("name", name)
                    .execute();
            return deliveries(handle, endpoints);
        });
    }

    private static int deliveries(Handle handle, List<Endpoint> endpoints) {
        for (int from = 0; from < endpoints.size(); from += BATCH) {
            PreparedBatch batch = handle.prepareBatch("""
                    update endpoint set delivery = :delivery::jsonb, rate_limit = :rateLimit, updated_at = :updatedAt
                    where no = :no
                    """);
            for (Endpoint each : endpoints.subList(from, Math.min(from + BATCH, endpoints.size()))) {
                batch.bind("no", each.no())
                        .bind("delivery", PolicyCodec.stored(each.delivery()))
                        .bind("rateLimit", PgRows.integer(each.rateLimit()))
                        .bind("updatedAt", PgTimes.utc(each.updatedAt()))
                        .add();
            }
            batch.execute();
        }
        return endpoints.size();
    }
}
