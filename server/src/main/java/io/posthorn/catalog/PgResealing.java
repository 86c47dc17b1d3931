package io.posthorn.catalog;

import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Seals anew with the present key what earlier keys have sealed, so that these can be forgotten.
 *
 * <p>It goes through each sealed column in small transactions of their own, and whatever it has done it does not find
 * again: it can be broken off at any moment and begun again. Who changes a row meanwhile seals with the present key
 * anyway; the row is locked while its value is replaced, so that no change is lost.
 */
public final class PgResealing implements AutoCloseable {
    /** Values in one transaction. */
    public static final int BATCH = 200;

    private static final Logger LOG = LoggerFactory.getLogger(PgResealing.class);

    private final Jdbi jdbi;
    private final SecretBox box;
    private final WriteGuard guard;
    private final List<SealedColumn> columns;
    private final int batch;
    private volatile boolean closed;
    private @Nullable Thread thread;

    /**
     * What came of it.
     *
     * @param sealed values that were sealed anew
     * @param left values that are not sealed with the present key and that no known key opens
     */
    public record Result(int sealed, int left) {}

    /**
     * For the catalog's columns and one more.
     *
     * @param jdbi the database
     * @param box with the present key and earlier ones
     * @param guard asked at the start of each transaction
     * @param other a sealed column of another room
     * @param batch most values in one transaction
     */
    public PgResealing(Jdbi jdbi, SecretBox box, WriteGuard guard, SealedColumn other, int batch) {
        this.jdbi = jdbi;
        this.box = box;
        this.guard = guard;
        this.columns = new ArrayList<>(SealedParts.columns());
        this.columns.add(other);
        this.batch = batch;
    }

    /** Begins, on a thread of its own. What came of it stands in the log. */
    public void start() {
        thread = Thread.ofVirtual().name("sealing-anew").start(() -> {
            try {
                run();
            } catch (RuntimeException e) {
                LOG.warn("sealing anew with the present secret key broke off; it goes on at the next start", e);
            }
        });
    }

    /** Does all of it, unless it is closed meanwhile. */
    public Result run() {
        int sealed = 0;
        int left = 0;
        for (SealedColumn column : columns) {
            Object after = null;
            Step step;
            do {
                if (closed) {
                    LOG.info("sealing anew ends early; it goes on at the next start");
                    return new Result(sealed, left);
                }
                step = step(column, after);
                sealed += step.sealed;
                left += step.left;
                after = step.last;
            } while (after != null);
        }
        if (left == 0) {
            LOG.info(
                    "Everything is sealed with the present secret key ({} values anew). Earlier keys are not needed any"
                            + " more, except for backups from before: take secret-key-previous out of the"
                            + " configuration, and put {} away, if it is there",
                    sealed,
                    SecretBox.PREVIOUS);
        } else {
            LOG.warn(
                    "{} values are sealed anew with the present secret key, and {} cannot be opened with any key that is"
                            + " known",
                    sealed,
                    left);
        }
        return new Result(sealed, left);
    }

    /** One transaction. {@code last} is the key of the last row; null if there are no more. */
    private record Step(int sealed, int left, @Nullable Object last) {}

    private record Value(Object key, byte[] sealed) {}

    private Step step(SealedColumn column, @Nullable Object after) {
        return jdbi.inTransaction(handle -> {
            guard.ask(handle.getConnection());
            int sealed = 0;
            int left = 0;
            List<Value> values = values(handle, column, after);
            for (Value value : values) {
                String context = column.context().apply(value.key);
                byte[] plain = opened(value.sealed, context);
                if (plain == null) {
                    left++;
                } else {
                    handle.createUpdate("update " + column.table() + " set " + column.column() + " = :sealed where "
                                    + column.key() + " = :key")
                            .bind("sealed", box.seal(plain, context))
                            .bind("key", value.key)
                            .execute();
                    sealed++;
                }
            }
            return new Step(sealed, left, values.size() < batch ? null : values.getLast().key);
        });
    }

    private List<Value> values(Handle handle, SealedColumn column, @Nullable Object after) {
        String name = column.column();
        var query = handle.createQuery("select " + column.key() + ", " + name + " from " + column.table() + " where "
                        + name + " is not null and substring(" + name + " from 1 for :length) <> :head"
                        + (after == null ? "" : " and " + column.key() + " > :after") + " order by " + column.key()
                        + " limit :most for update")
                .bind("length", box.head().length)
                .bind("head", box.head())
                .bind("most", batch);
        return (after == null ? query : query.bind("after", after))
                .map((row, ctx) -> new Value(row.getObject(1), row.getBytes(2)))
                .list();
    }

    private byte @Nullable [] opened(byte[] sealed, String context) {
        try {
            return box.open(sealed, context);
        } catch (SecretBoxException e) {
            LOG.warn("{}", e.getMessage());
            return null;
        }
    }

    /** Ends it after the transaction that is under way. */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        Thread running = thread;
        if (running != null) {
            running.join();
        }
    }
}
