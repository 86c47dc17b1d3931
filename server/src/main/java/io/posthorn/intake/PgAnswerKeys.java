package io.posthorn.intake;

import io.posthorn.catalog.PgResealing;
import io.posthorn.catalog.SealedColumn;
import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.store.PgTimes;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers in PostgreSQL, sealed, because some of them show a secret.
 *
 * <p>That a request has changed something is written down with the change. If its answer is not known any more, because
 * the server ended before it was stored, the request is not worked on again.
 *
 * <p>Which requests are being worked on is known in memory only, because that is where they are: a key without an answer
 * and a change that nobody here works on has been left behind, by an earlier run of the server or by a database that went away, and
 * the next request has it. An answer that the database did not take is kept in memory until it does; of these there are
 * at most 1,000, of 16 MiB together.
 */
public final class PgAnswerKeys implements AnswerKeys {
    private static final Logger LOG = LoggerFactory.getLogger(PgAnswerKeys.class);
    private static final int MOST_UNSETTLED = 1_000;
    private static final long MOST_UNSETTLED_BYTES = 16L << 20;

    private final Jdbi jdbi;
    private final SecretBox box;
    private final WriteGuard guard;
    private final Clock clock;
    private final int mostUnsettled;
    private final long run = new SecureRandom().nextLong();

    /** The requests that are being worked on, by their keys in hexadecimal digits: what each is. */
    private final ConcurrentMap<String, byte[]> underWay = new ConcurrentHashMap<>();

    /** Written by who holds the key in {@link #underWay}. */
    private final ConcurrentMap<String, Unsettled> unsettled = new ConcurrentHashMap<>();

    private final AtomicLong unsettledBytes = new AtomicLong();

    /**
     * An answer that the database does not have.
     *
     * @param digest of the request
     * @param at when it was answered
     */
    private record Unsettled(byte[] key, byte[] digest, Stored answer, Instant at) {}

    /**
     * Keys of this run of the server.
     *
     * @param jdbi the database
     * @param box seals the answers
     * @param guard asked at the start of each transaction
     * @param clock says what is too old
     */
    public PgAnswerKeys(Jdbi jdbi, SecretBox box, WriteGuard guard, Clock clock) {
        this(jdbi, box, guard, clock, MOST_UNSETTLED);
    }

    PgAnswerKeys(Jdbi jdbi, SecretBox box, WriteGuard guard, Clock clock, int mostUnsettled) {
        this.jdbi = jdbi;
        this.box = box;
        this.guard = guard;
        this.clock = clock;
        this.mostUnsettled = mostUnsettled;
    }

    /**
     * The guard for everything that a request with a key may change: in the same transaction, it is written down that the
     * request of {@link #KEY} has changed something.
     *
     * @param first asked before
     */
    public WriteGuard marking(WriteGuard first) {
        return tx -> {
            first.check(tx);
            if (KEY.isBound() && KEY.get().length > 0) {
                mark(tx, KEY.get());
            }
        };
    }

    private void mark(Connection tx, byte[] key) throws SQLException {
        try (PreparedStatement mark =
                tx.prepareStatement("update idempotent_answer set changed = true where key = ? and run = ?")) {
            mark.setBytes(1, key);
            mark.setLong(2, run);
            mark.executeUpdate();
        }
    }

    private record Row(boolean same, @Nullable Stored answer) {}

    @Override
    public Claim claim(byte[] key, byte[] digest) {
        String name = name(key);
        Claim known = inMemory(name, digest);
        if (known != null) {
            return known;
        }
        byte[] other = underWay.putIfAbsent(name, digest);
        if (other != null) {
            return Arrays.equals(other, digest) ? new Claim.Running() : new Claim.OfAnother();
        }
        boolean first = false;
        try {
            Claim claim = inMemory(name, digest); // its answer may have come since, and nobody else looks now
            if (claim == null) {
                drop(name); // too old
                claim = take(key, digest);
            }
            first = claim instanceof Claim.First;
            return claim;
        } finally {
            if (!first) {
                underWay.remove(name);
            }
        }
    }

    /** What an answer that the database does not have says; null without one that is still honoured. */
    private @Nullable Claim inMemory(String name, byte[] digest) {
        Unsettled found = unsettled.get(name);
        if (found == null || !found.at().isAfter(oldest(clock.instant()))) {
            return null;
        }
        return Arrays.equals(found.digest(), digest) ? new Claim.Answered(found.answer()) : new Claim.OfAnother();
    }

    /** Only for who holds the key in {@link #underWay}: then no answer is to come from elsewhere. */
    private Claim take(byte[] key, byte[] digest) {
        Instant now = clock.instant();
        return write(handle -> {
            int taken = handle.createUpdate("""
                            insert into idempotent_answer as a (key, digest, run, created_at)
                            values (:key, :digest, :run, :now)
                            on conflict (key) do update
                            set digest = excluded.digest, run = excluded.run, created_at = excluded.created_at,
                                status = null, content_type = null, body = null, changed = false
                            where a.created_at <= :oldest or (a.status is null and not a.changed)
                            """)
                    .bind("key", key)
                    .bind("digest", digest)
                    .bind("run", run)
                    .bind("now", PgTimes.utc(now))
                    .bind("oldest", PgTimes.utc(oldest(now)))
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
        return answer == null ? new Claim.AnswerLost() : new Claim.Answered(answer);
    }

    @Override
    public void settle(byte[] key, Stored answer) {
        String name = name(key);
        byte[] digest = underWay.get(name);
        if (digest == null) {
            throw new IllegalStateException("only a key that was claimed can be settled");
        }
        try {
            store(key, answer);
        } catch (RuntimeException e) {
            keep(name, new Unsettled(key, digest, answer, clock.instant()), e);
        } finally {
            underWay.remove(name);
        }
    }

    private void store(byte[] key, Stored answer) {
        write(handle -> handle.createUpdate("""
                        update idempotent_answer set status = :status, content_type = :type, body = :body
                        where key = :key and run = :run and status is null
                        """)
                .bind("status", answer.status())
                .bindBySqlType("type", answer.contentType(), Types.VARCHAR)
                .bind("body", box.seal(answer.body(), context(key)))
                .bind("key", key)
                .bind("run", run)
                .execute());
    }

    private void keep(String name, Unsettled answer, RuntimeException why) {
        int bytes = answer.answer().body().length;
        boolean room = unsettledBytes.addAndGet(bytes) <= MOST_UNSETTLED_BYTES && unsettled.size() < mostUnsettled;
        if (!room) {
            unsettledBytes.addAndGet(-bytes);
            LOG.warn("an answer is lost to its Idempotency-Key, there are too many in memory: {}", why.toString());
            return;
        }
        unsettled.put(name, answer);
        LOG.warn("an answer stays in memory until the database takes it: {}", why.toString());
    }

    private void drop(String name) {
        Unsettled gone = unsettled.remove(name);
        if (gone != null) {
            unsettledBytes.addAndGet(-gone.answer().body().length);
        }
    }

    @Override
    public int settleAgain() {
        int settled = 0;
        for (Unsettled each : List.copyOf(unsettled.values())) {
            String name = name(each.key());
            if (underWay.putIfAbsent(name, each.digest()) != null) {
                continue; // somebody looks at it, or it is too old and has been taken again
            }
            try {
                if (each.equals(unsettled.get(name))) {
                    store(each.key(), each.answer());
                    drop(name);
                    settled++;
                }
            } finally {
                underWay.remove(name);
            }
        }
        return settled;
    }

    @Override
    public void release(byte[] key) {
        try {
            write(handle -> handle.createUpdate(
                            "delete from idempotent_answer where key = :key and run = :run and status is null and not changed")
                    .bind("key", key)
                    .bind("run", run)
                    .execute());
        } finally {
            underWay.remove(name(key)); // with its row or without: a key without an answer is free
        }
    }

    @Override
    public int forget() {
        return write(handle -> handle.createUpdate("delete from idempotent_answer where created_at <= :oldest")
                .bind("oldest", PgTimes.utc(oldest(clock.instant())))
                .execute());
    }

    private <T> T write(Function<Handle, T> statements) {
        return jdbi.inTransaction(handle -> {
            guard.ask(handle.getConnection());
            return statements.apply(handle);
        });
    }

    private static String name(byte[] key) {
        return HexFormat.of().formatHex(key);
    }

    /** What is sealed here, for {@link PgResealing}. */
    public static SealedColumn sealed() {
        return new SealedColumn("idempotent_answer", "key", "body", key -> context((byte[]) key));
    }

    private static String context(byte[] key) {
        return "idempotent-answer:" + name(key);
    }

    private static Instant oldest(Instant now) {
        return now.minus(Duration.ofHours(HONOURED_HOURS));
    }
}
