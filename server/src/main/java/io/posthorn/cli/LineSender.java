package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.cli.LineReader.Line;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Sends lines in batches, several at a time. A batch that the server cannot take now, or that got no answer, is
 * repeated with the same Idempotency-Key until it is taken or the patience ends; one that is refused as a whole is
 * halved until the lines are found that are to blame.
 *
 * <p>Memory is bounded by the batches in flight and the one that is being filled, each of less than 1 MiB or of one
 * line.
 */
final class LineSender {
    private static final Duration FIRST_WAIT = Duration.ofMillis(250);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    private final ApiClient api;
    private final String path;
    private final SendTally tally;
    private final Duration patience;
    private final int inFlight;
    private final boolean goOn;
    private final ApiClient.Pause pause;
    private final AtomicReference<@Nullable RemoteFailure> failure = new AtomicReference<>();

    /**
     * A sender.
     *
     * @param path of batches
     * @param tally gets what becomes of the lines
     * @param patience how long one batch is tried
     * @param inFlight how many batches at a time
     * @param goOn whether a refused line is no reason to stop
     * @param pause how to wait
     */
    LineSender(
            ApiClient api,
            String path,
            SendTally tally,
            Duration patience,
            int inFlight,
            boolean goOn,
            ApiClient.Pause pause) {
        this.api = api;
        this.path = path;
        this.tally = tally;
        this.patience = patience;
        this.inFlight = inFlight;
        this.goOn = goOn;
        this.pause = pause;
    }

    /**
     * Sends them all, or until it has to stop.
     *
     * @throws RemoteFailure if the server cannot be used; what was sent until then is in the tally
     */
    void run(LineReader reader) throws IOException, RemoteFailure, InterruptedException {
        Semaphore free = new Semaphore(inFlight);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            LineBatch batch = new LineBatch();
            while (!over()) {
                Line line = reader.next();
                if (line == null) {
                    start(threads, free, batch);
                    break;
                }
                switch (line) {
                    case Line.Wrong(long number, String why) -> {
                        tally.refused(number, why);
                        if (!goOn) {
                            start(threads, free, batch); // what came before it is sent
                        }
                    }
                    case Line.Message message -> {
                        if (!batch.fits(message)) {
                            start(threads, free, batch);
                            batch = new LineBatch();
                        }
                        batch.add(message);
                    }
                }
            }
            free.acquire(inFlight); // until the last one is decided
        }
        RemoteFailure failed = failure.get();
        if (failed != null || (!goOn && tally.refused() > 0)) {
            tally.stopped();
        }
        if (failed != null) {
            throw failed;
        }
    }

    private boolean over() {
        return failure.get() != null || (!goOn && tally.refused() > 0);
    }

    private void start(ExecutorService threads, Semaphore free, LineBatch batch) throws InterruptedException {
        if (batch.lines().isEmpty()) {
            return;
        }
        free.acquire();
        threads.execute(() -> {
            try {
                if (failure.get() == null) {
                    send(batch);
                }
            } catch (RemoteFailure e) {
                failure.compareAndSet(null, e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                failure.compareAndSet(null, new RemoteFailure(ExitCodes.FAILURE, "interrupted"));
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, new RemoteFailure(ExitCodes.FAILURE, "a batch was not sent: " + e));
                throw e;
            } finally {
                free.release();
            }
        });
    }

    private void send(LineBatch batch) throws RemoteFailure, InterruptedException {
        ApiReply reply = decided(batch);
        switch (reply.status()) {
            case 200 -> settle(batch, reply.json().path("data"));
            case 400, 413, 422 -> {
                List<Line.Message> lines = batch.lines();
                if (lines.size() == 1) {
                    tally.refused(lines.getFirst().number(), Refusal.inOneLine(reply.status(), reply.json()));
                } else {
                    int half = lines.size() / 2;
                    send(new LineBatch(new ArrayList<>(lines.subList(0, half))));
                    send(new LineBatch(new ArrayList<>(lines.subList(half, lines.size()))));
                }
            }
            default -> throw RemoteFailure.refused(reply);
        }
    }

    /** The server's answer to a batch, when it has one that will not change by itself, or when the patience ends. */
    private ApiReply decided(LineBatch batch) throws RemoteFailure, InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        ApiClient.Call call = ApiClient.Call.of("POST", path, batch.body());
        Duration wait = FIRST_WAIT;
        while (true) {
            Duration next = wait;
            try {
                ApiReply reply = api.once(call);
                boolean open = reply.passing()
                        || (reply.success() && undecided(reply.json().path("data")));
                if (!open || System.nanoTime() - deadline > 0) {
                    return reply;
                }
                next = Objects.requireNonNullElse(reply.retryAfter(), wait);
            } catch (IOException e) {
                if (System.nanoTime() - deadline > 0) {
                    throw api.unreachable(e);
                }
            }
            tally.draw();
            pause.take(next);
            wait = longer(wait);
        }
    }

    /** Whether the same batch with the same key may have a better answer: each of its messages is taken only once. */
    private static boolean undecided(JsonNode data) {
        for (JsonNode entry : data) {
            if (passing(entry.path("status").asInt())) {
                return true;
            }
        }
        return false;
    }

    private static boolean passing(int status) {
        return status == 429 || status >= 500;
    }

    private void settle(LineBatch batch, JsonNode data) throws RemoteFailure {
        if (data.size() != batch.lines().size()) {
            throw new RemoteFailure(
                    ExitCodes.FAILURE,
                    "the server answered a batch with " + data.size() + " entries instead of "
                            + batch.lines().size());
        }
        int sent = 0;
        int duplicates = 0;
        int open = 0;
        for (int i = 0; i < data.size(); i++) {
            int status = data.path(i).path("status").asInt();
            if (status / 100 == 2) {
                sent++;
            } else if (status == 409) {
                duplicates++;
            } else if (passing(status)) {
                open++;
            } else {
                tally.refused(
                        batch.lines().get(i).number(),
                        Refusal.inOneLine(status, data.path(i).path("error")));
            }
        }
        tally.sent(sent);
        tally.duplicates(duplicates);
        tally.draw();
        if (open > 0) {
            throw new RemoteFailure(
                    ExitCodes.FAILURE,
                    "the server did not take " + open + " messages within " + patience.toSeconds()
                            + " s, the first of line "
                            + batch.lines().getFirst().number() + " or later");
        }
    }

    private static Duration longer(Duration wait) {
        Duration twice = wait.multipliedBy(2);
        return twice.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : twice;
    }
}
