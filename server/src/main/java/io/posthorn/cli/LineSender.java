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
        LineBatch rest = batch;
        long deadline = System.nanoTime() + patience.toNanos();
        Duration wait = FIRST_WAIT;
        while (!rest.lines().isEmpty()) {
            ApiReply reply = taken(rest, deadline);
            switch (reply.status()) {
                case 200 -> {
                    LineBatch again = settle(rest, reply.json().path("data"));
                    if (!again.lines().isEmpty()) {
                        if (System.nanoTime() - deadline > 0) {
                            throw new RemoteFailure(
                                    ExitCodes.FAILURE,
                                    "the server did not take " + again.lines().size() + " messages for longer than "
                                            + patience.toSeconds() + " s");
                        }
                        pause.take(wait);
                        wait = longer(wait);
                    }
                    rest = again;
                }
                case 400, 413, 422 -> {
                    if (rest.lines().size() == 1) {
                        tally.refused(
                                rest.lines().getFirst().number(), Refusal.inOneLine(reply.status(), reply.json()));
                    } else {
                        int half = rest.lines().size() / 2;
                        send(new LineBatch(new ArrayList<>(rest.lines().subList(0, half))));
                        send(new LineBatch(new ArrayList<>(
                                rest.lines().subList(half, rest.lines().size()))));
                    }
                    return;
                }
                default -> throw RemoteFailure.refused(reply);
            }
        }
    }

    /** The server's answer to a batch, when it has one that will not change by itself. */
    private ApiReply taken(LineBatch batch, long deadline) throws RemoteFailure, InterruptedException {
        ApiClient.Call call = ApiClient.Call.of("POST", path, batch.body());
        Duration wait = FIRST_WAIT;
        while (true) {
            Duration next = wait;
            try {
                ApiReply reply = api.once(call);
                if (!reply.passing() || System.nanoTime() - deadline > 0) {
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

    /** Counts what is decided; the answer is what has to be sent again. */
    private LineBatch settle(LineBatch batch, JsonNode data) throws RemoteFailure {
        if (data.size() != batch.lines().size()) {
            throw new RemoteFailure(
                    ExitCodes.FAILURE,
                    "the server answered a batch with " + data.size() + " entries instead of "
                            + batch.lines().size());
        }
        List<Line.Message> again = new ArrayList<>();
        int sent = 0;
        int duplicates = 0;
        for (int i = 0; i < data.size(); i++) {
            JsonNode entry = data.path(i);
            int status = entry.path("status").asInt();
            Line.Message line = batch.lines().get(i);
            if (status / 100 == 2) {
                sent++;
            } else if (status == 409) {
                duplicates++;
            } else if (status == 429 || status >= 500) {
                again.add(line);
            } else {
                tally.refused(line.number(), Refusal.inOneLine(status, entry.path("error")));
            }
        }
        tally.sent(sent);
        tally.duplicates(duplicates);
        tally.draw();
        return new LineBatch(again);
    }

    private static Duration longer(Duration wait) {
        Duration twice = wait.multipliedBy(2);
        return twice.compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : twice;
    }
}
