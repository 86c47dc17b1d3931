package io.posthorn.intake;

import io.posthorn.model.Message;
import io.posthorn.runtime.BatchQueue;
import io.posthorn.runtime.Fatal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes messages in: a bounded queue, and one thread that commits what has gathered. */
public final class Intake implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final int MOST_IN_ONE_COMMIT = 2_000;
    private static final long HEAVIEST_COMMIT = 8L << 20;
    private static final long IDLE_MILLIS = 1_000;
    private static final long PATIENCE_MILLIS = 2_000;
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(10);
    private static final long LOG_OUTAGE_EVERY_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final BatchQueue<Submission> queue;
    private final Journal journal;
    private final AcceptedMessages next;
    private final IntakeMetrics metrics;
    private final Fatal fatal;
    private final Thread thread;
    private volatile @Nullable String refusal;
    /** Taken out of the queue and not told yet what became of them. */
    private List<Submission> unanswered = List.of();
    /** The rest of a batch whose messages are tried one by one. */
    private List<Submission> later = List.of();

    private long outageLoggedAt;

    /** Who takes committed messages on. Called on the intake's thread, in the order of acceptance. */
    @FunctionalInterface
    public interface AcceptedMessages {
        /**
         * These are committed. May block for a while, which slows the publishers down.
         *
         * @param messages in the order of their numbers
         * @param millis how long to wait for room at most
         * @return how many of them were taken, from the first one on; 0 if there was no room in time
         */
        int accepted(List<Message> messages, long millis) throws InterruptedException;
    }

    /**
     * An intake that is not running yet.
     *
     * @param mostMessages that may wait for a commit
     * @param mostBytes that their payloads may have
     * @param journal where they go
     * @param next who takes them on
     * @param metrics of the commits
     * @param fatal told if it cannot go on
     */
    public Intake(
            int mostMessages,
            long mostBytes,
            Journal journal,
            AcceptedMessages next,
            IntakeMetrics metrics,
            Fatal fatal) {
        this.queue = new BatchQueue<>(mostMessages, mostBytes, submission -> submission.message.weight());
        this.fatal = fatal;
        this.journal = journal;
        this.next = next;
        this.metrics = metrics;
        this.thread = Thread.ofPlatform().name("intake").unstarted(this::run);
    }

    /** Begins to commit. */
    public void start() {
        thread.start();
    }

    /**
     * Takes all of them or none. Never blocks.
     *
     * @return false if there is no room; nothing was taken and nobody will be told
     */
    public boolean submit(List<Submission> submissions) {
        if (!queue.offer(submissions)) {
            metrics.messagesRefused(submissions.size());
            return false;
        }
        return true;
    }

    /**
     * Nothing new is wanted for the time being, or it is again. What has been taken is committed.
     *
     * @param why for publishers, with what is to be done about it; null if messages are welcome
     */
    public void refuse(@Nullable String why) {
        refusal = why;
    }

    /**
     * Why nothing new is wanted; null if it is. To be asked before {@link #submit}.
     *
     * @param messages how many somebody would like to submit
     */
    public @Nullable String refusal(int messages) {
        String why = refusal;
        if (why != null) {
            metrics.messagesUnavailable(messages);
        }
        return why;
    }

    /** How many messages wait for a commit. */
    public int waiting() {
        return queue.size();
    }

    private void run() {
        try {
            while (!queue.drained()) {
                List<Submission> batch = wanted(queue.take(MOST_IN_ONE_COMMIT, HEAVIEST_COMMIT, IDLE_MILLIS));
                if (!batch.isEmpty() || journal.inDoubt()) {
                    append(batch);
                }
            }
        } catch (InterruptedException e) {
            LOG.warn("intake stopped with {} messages not accepted", queue.size());
        } catch (Throwable e) {
            fatal.failed("the intake", e);
        } finally {
            end();
        }
    }

    private static List<Submission> wanted(List<Submission> batch) {
        for (Submission submission : batch) {
            if (submission.withdrawn()) {
                return batch.stream().filter(one -> !one.withdrawn()).toList();
            }
        }
        return batch;
    }

    /** Nobody is left without an answer. */
    private void end() {
        queue.close();
        try {
            decide(unanswered, new AcceptResult.Unavailable());
            decide(later, new AcceptResult.Unavailable());
            turnAway();
        } catch (InterruptedException e) {
            LOG.warn("intake interrupted with {} messages not answered", queue.size());
        } finally {
            journal.close();
        }
    }

    private void append(List<Submission> batch) throws InterruptedException {
        unanswered = batch;
        long began = System.nanoTime();
        switch (journal.append(batch)) {
            case Journal.Appended.Committed(List<Message> accepted) -> {
                metrics.messagesCommitted(accepted.size(), System.nanoTime() - began);
                outageLoggedAt = 0;
                answer(batch);
                handOn(accepted);
            }
            case Journal.Appended.Unavailable(String why) -> {
                logOutage(why);
                metrics.messagesUnavailable(batch.size());
                decide(batch, new AcceptResult.Unavailable());
            }
            case Journal.Appended.Refused(String why) -> refused(batch, why);
        }
    }

    /**
     * The committed messages go on, as soon as there is room. If that takes long, outcomes cannot be written, so the
     * database is away: the publishers behind these must not wait for its return.
     */
    private void handOn(List<Message> accepted) throws InterruptedException {
        long patience = PATIENCE_MILLIS;
        int taken = 0;
        while (taken < accepted.size()) {
            int more = next.accepted(accepted.subList(taken, accepted.size()), patience);
            taken += more;
            if (more == 0) {
                logOutage("the outcomes of deliveries cannot be written");
                turnAway();
                patience = PATIENCE_MILLIS / 20;
            }
        }
    }

    private void turnAway() throws InterruptedException {
        List<Submission> waiting = queue.take(Integer.MAX_VALUE, Long.MAX_VALUE, 0);
        metrics.messagesUnavailable(waiting.size());
        decide(waiting, new AcceptResult.Unavailable());
    }

    /** One bad message must not take the others down with it. */
    private void refused(List<Submission> batch, String why) throws InterruptedException {
        if (batch.size() == 1) {
            LOG.error("a message cannot be stored: {}", why);
            decide(batch, new AcceptResult.Failed());
            return;
        }
        LOG.warn("a batch of {} was refused, trying its messages one by one: {}", batch.size(), why);
        List<Submission> again = batch.stream().map(Submission::new).toList();
        for (int i = 0; i < again.size(); i++) {
            later = again.subList(i + 1, again.size());
            append(again.subList(i, i + 1));
        }
    }

    private void decide(List<Submission> batch, AcceptResult result) {
        for (Submission submission : batch) {
            submission.result(result);
        }
        answer(batch);
    }

    /** One task for each event loop, not one for each answer. */
    private void answer(List<Submission> batch) {
        unanswered = List.of();
        Map<Executor, List<Submission>> homes = new HashMap<>();
        for (Submission submission : batch) {
            homes.computeIfAbsent(submission.home, home -> new ArrayList<>()).add(submission);
        }
        homes.forEach((home, submissions) -> home.execute(() -> submissions.forEach(Intake::tell)));
    }

    /** What goes wrong with one answer is no reason for the others of its task to get none. */
    private static void tell(Submission submission) {
        try {
            submission.answer();
        } catch (RuntimeException e) {
            LOG.error("a publisher could not be answered", e);
        }
    }

    private void logOutage(String why) {
        long now = System.nanoTime();
        if (outageLoggedAt == 0 || now - outageLoggedAt > LOG_OUTAGE_EVERY_NANOS) {
            outageLoggedAt = now;
            LOG.warn("messages cannot be stored, publishers are answered 503: {}", why);
        }
    }

    /** Takes nothing more, commits what has gathered, and ends: within 10 s, if the database is there. */
    @Override
    public void close() throws InterruptedException {
        close(CLOSE_WITHIN);
    }

    /**
     * Takes nothing more, commits what has gathered, and ends. What cannot be committed, or not be handed on, in time is
     * left: who waits is answered 503, and what is committed is found by the next start.
     */
    void close(Duration within) throws InterruptedException {
        queue.close();
        if (thread.isAlive() && !thread.join(within)) {
            thread.interrupt();
            thread.join();
        }
    }
}
