package io.posthorn.intake;

import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import java.security.SecureRandom;
import java.sql.Types;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;

/**
 * Answers in PostgreSQL, sealed, because some of them show a secret. A key that was taken by an earlier run of the
 * server, and not settled, died with it: the next request has it.
 */
public final class PgAnswerKeys implements AnswerKeys {
    private final Jdbi jdbi;
    private final SecretBox box;
    private final WriteGuard guard;
    private final Clock clock;
    private final long run = new SecureRandom().nextLong();

    /**
     * Keys of this run of the server.
     *
     * @param jdbi the database
     * @param box seals the answers
     * @param guard asked at the start of each transaction
     * @param clock says what is too old
     */
    public PgAnswerKeys(Jdbi jdbi, SecretBox box, WriteGuard guard, Clock clock) {
        this.jdbi = jdbi;
        this.box = box;
        this.guard = guard;
        this.clock = clock;
    }

    private record Row(boolean same, @Nullable Stored answer) {}

    @Override
    public Claim claim(byte[] key, byte[] digest) {
        Instant now = clock.instant();
        return write(handle -> {
            int taken = handle.createUpdate("""
                            insert into idempotent_answer as a (key, digest, run, created_at)
                            values (:key, :digest, :run, :now)
                            on conflict (key) do update
                            set digest = excluded.digest, run = excluded.run, created_at = excluded.created_at,
                                status = null, content_type = null, body = null
                            where a.created_at <= :oldest or (a.status is null and a.run <> :run)
                            """)
                    .bind("key", key)
                    .bind("digest", digest)
                    .bind("run", run)
                    .bind("now", utc(now))
                    .bind("oldest", utc(oldest(now)))
                    .execute();
            return taken == 1 ? new Claim.First() : claimed(handle, key, digest);
        });
    }

    private Claim claimed(Handle handle, byte[] key, byte[] digest) {
        Row row = handle.createQuery(
                        "select digest, status, content_type, body from idempotent_answer where key = :key")
                .bind("key", key)
                .map((found, ctx) -> {
                    boolean same = Arrays.equals(found.getBytes("digest"), digest);
                    int status = found.getInt("status");
                    return new Row(
                            same,
                            found.wasNull()
                                    ? null
                                    : new Stored(
                                            status,
                                            found.getString("content_type"),
                                            box.open(found.getBytes("body"), context(key))));
                })
                .one();
        if (!row.same()) {
            return new Claim.OfAnother();
        }
        Stored answer = row.answer();
        return answer == null ? new Claim.Running() : new Claim.Answered(answer);
    }

    @Override
    public void settle(byte[] key, Stored answer) {
        write(handle -> handle.createUpdate("""
                        update idempotent_answer set status = :status, content_type = :type, body = :body
                        where key = :key and run = :run
                        """)
                .bind("status", answer.status())
                .bindBySqlType("type", answer.contentType(), Types.VARCHAR)
                .bind("body", box.seal(answer.body(), context(key)))
                .bind("key", key)
                .bind("run", run)
                .execute());
    }

    @Override
    public void release(byte[] key) {
        write(handle -> handle.createUpdate(
                        "delete from idempotent_answer where key = :key and run = :run and status is null")
                .bind("key", key)
                .bind("run", run)
                .execute());
    }

    @Override
    public int forget() {
        return write(handle -> handle.createUpdate("delete from idempotent_answer where created_at <= :oldest")
                .bind("oldest", utc(oldest(clock.instant())))
                .execute());
    }

    private <T> T write(Function<Handle, T> statements) {
        return jdbi.inTransaction(handle -> {
            guard.ask(handle.getConnection());
            return statements.apply(handle);
        });
    }

    private static String context(byte[] key) {
        return "idempotent-answer:" + HexFormat.of().formatHex(key);
    }

    private static Instant oldest(Instant now) {
        return now.minus(Duration.ofHours(HONOURED_HOURS));
    }

    private static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
