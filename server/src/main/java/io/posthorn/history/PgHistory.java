package io.posthorn.history;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The history in PostgreSQL, read in snapshots that change nothing.
 *
 * <p>Every statement is written for an index, and the planner is kept from second thoughts: today's partition is mostly
 * too new to have statistics, and a page of fifty must not become a scan of millions because a guess says that few will
 * match. What takes too long all the same is broken off by the statement timeout.
 *
 * <p>How many read at a time is bounded, since the pool's connections are needed for more important things, such as the
 * backlog.
 */
public final class PgHistory implements History {
    private static final long STATEMENT_MILLIS = 10_000;
    private static final long WAIT_MILLIS = 5_000;
    /** Searches in payloads at a time: each may take hundreds of megabytes of PostgreSQL's memory. */
    private static final int MOST_IN_PAYLOADS = 1;

    private static final String CANCELLED = "57014";

    private final DataSource pool;
    private final Semaphore room;
    private final Semaphore payloadRoom = new Semaphore(MOST_IN_PAYLOADS);
    private final long waitMillis;
    private final String begin;
    private final Ids ids;
    private final PgMessages messages;
    private final PgAttempts attempts;
    private final PgDeliveries deliveries;

    /** Something to read. */
    @FunctionalInterface
    private interface Reading<T extends @Nullable Object> {
        T in(Connection tx) throws SQLException;
    }

    /**
     * A reader that gives each statement 10 seconds.
     *
     * @param pool of connections
     * @param ids makes and reads the public ids
     * @param mostAtOnce how many connections it takes at a time, one of them for a search in payloads; others wait, for 5
     *     seconds
     */
    public PgHistory(DataSource pool, Ids ids, int mostAtOnce) {
        this(pool, ids, mostAtOnce, STATEMENT_MILLIS, WAIT_MILLIS);
    }

    PgHistory(DataSource pool, Ids ids, int mostAtOnce, long statementMillis, long waitMillis) {
        this.pool = pool;
        this.room = new Semaphore(mostAtOnce);
        this.waitMillis = waitMillis;
        this.begin = begin(statementMillis);
        this.ids = ids;
        this.messages = new PgMessages(ids);
        this.attempts = new PgAttempts(ids, messages);
        this.deliveries = new PgDeliveries(messages);
    }

    static String begin(long statementMillis) {
        return """
                set transaction isolation level repeatable read, read only;
                set local statement_timeout = %d;
                set local jit = off;
                set local enable_seqscan = off;
                set local enable_bitmapscan = off;
                set local enable_hashjoin = off;
                set local enable_mergejoin = off;
                set local enable_sort = off;
                """.formatted(statementMillis);
    }

    @Override
    public Slice<Message> messages(int appNo, Filter filter, Search search, Reach reach) {
        if (search.payload() == null) {
            return read(tx -> messages.page(tx, appNo, filter, search, reach));
        }
        take(payloadRoom, "too many are searching in payloads");
        try {
            return read(tx -> messages.page(tx, appNo, filter, search, reach));
        } finally {
            payloadRoom.release();
        }
    }

    @Override
    public @Nullable Message message(int appNo, String idOrEventId, boolean content) {
        return read(tx -> messages.find(tx, appNo, idOrEventId, content));
    }

    @Override
    public Slice<LoggedAttempt> attemptsAt(int endpointNo, Filter filter, boolean withMessage, Reach reach) {
        return read(tx -> attempts.atEndpoint(tx, endpointNo, filter, withMessage, reach));
    }

    @Override
    public Slice<LoggedAttempt> attemptsAmong(
            Collection<Integer> endpointNos, Filter filter, boolean withMessage, Reach reach) {
        return read(tx -> attempts.among(tx, endpointNos, filter, withMessage, reach));
    }

    @Override
    public Slice<LoggedAttempt> attemptsOf(Message message, @Nullable Integer endpointNo, Filter filter, Reach reach) {
        return read(tx -> attempts.ofMessage(tx, message, endpointNo, filter, reach));
    }

    @Override
    public @Nullable LoggedAttempt attempt(Message message, String attemptId) {
        return read(tx -> attempts.find(tx, message, attemptId));
    }

    @Override
    public Slice<AttemptedMessage> messagesAt(int endpointNo, Filter filter, Reach reach) {
        return read(tx -> deliveries.atEndpoint(tx, endpointNo, filter, reach));
    }

    @Override
    public Deliveries deliveries(Message message, Collection<Integer> endpointNos) {
        return read(tx -> deliveries.of(tx, message, endpointNos));
    }

    @Override
    public Slice<DeadLetter> deadLetters(DeadLetter.Wanted wanted, Reach reach) {
        return read(tx -> PgDeadLetters.page(tx, ids, wanted, reach));
    }

    @Override
    public List<Counts.OfAttempts> countAttempts(Collection<Integer> endpointNos, Counts.Span span) {
        return read(tx -> PgCounts.attempts(tx, endpointNos, span));
    }

    @Override
    public List<Counts.OfMessages> countMessages(
            int appNo, List<String> eventTypes, List<String> without, Counts.Span span) {
        return read(tx -> PgCounts.messages(tx, appNo, eventTypes, without, span));
    }

    @Override
    public Counts.OfDeliveries countDeliveries(Endpoint endpoint, long from, long to) {
        return read(tx -> PgCounts.deliveries(tx, endpoint, from, to));
    }

    private <T extends @Nullable Object> T read(Reading<T> reading) {
        take(room, "too many are reading the history");
        try (Connection tx = pool.getConnection()) {
            tx.setAutoCommit(false);
            try (Statement first = tx.createStatement()) {
                first.execute(begin);
            }
            T result = reading.in(tx);
            tx.commit();
            return result;
        } catch (SQLException e) {
            throw CANCELLED.equals(e.getSQLState())
                    ? new HistoryException(
                            HistoryException.Kind.TOO_SLOW, "reading the history took longer than it may take", e)
                    : new HistoryException(
                            HistoryException.Kind.FAILED, "the history cannot be read: " + e.getMessage(), e);
        } finally {
            room.release();
        }
    }

    private void take(Semaphore room, String otherwise) {
        boolean taken;
        try {
            taken = room.tryAcquire(waitMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HistoryException(HistoryException.Kind.BUSY, "interrupted while waiting to read the history", e);
        }
        if (!taken) {
            throw new HistoryException(HistoryException.Kind.BUSY, otherwise, null);
        }
    }
}
