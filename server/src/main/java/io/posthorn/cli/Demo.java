package io.posthorn.cli;

import io.posthorn.cli.DemoBoard.Sent;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** One run of the demo against a server: an application with three endpoints, the events, and the wait for them. */
final class Demo {
    private static final int SENDERS = 4;

    private final DemoApi api;
    private final DemoReceiver receiver;
    private final DemoBoard board;
    private final Clock clock;

    /**
     * A run.
     *
     * @param clock for the timestamps in the payloads
     */
    Demo(DemoApi api, DemoReceiver receiver, DemoBoard board, Clock clock) {
        this.api = api;
        this.receiver = receiver;
        this.board = board;
        this.clock = clock;
    }

    /**
     * What was created.
     *
     * @param application the id of the application
     * @param endpoints the ids of its endpoints
     */
    record Stage(String application, Map<DemoEndpoint, String> endpoints) {}

    /** Creates the application and its endpoints; from then on the receivers know their secrets. */
    Stage prepare() throws DemoFailure, InterruptedException {
        String application = api.createApplication("Demo");
        Map<DemoEndpoint, String> endpoints = new EnumMap<>(DemoEndpoint.class);
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            String description = "Demo: " + endpoint.behaviour();
            String id = api.createEndpoint(application, receiver.url(endpoint), description);
            receiver.trust(endpoint, api.secret(application, id));
            endpoints.put(endpoint, id);
        }
        return new Stage(application, endpoints);
    }

    /**
     * Sends the events and shows what happens, until everything has arrived, sending fails or the time is up.
     *
     * @param pace from one event to the next
     * @param most how long to wait in all
     */
    void run(Stage stage, Duration pace, Duration most, DemoView view) throws InterruptedException {
        long start = System.nanoTime();
        try (ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor()) {
            AtomicInteger next = new AtomicInteger();
            for (int i = 0; i < SENDERS; i++) {
                senders.execute(() -> send(stage, next, start, pace));
            }
            boolean over = false;
            while (!over && System.nanoTime() - start < most.toNanos()) {
                over = board.awaitEnd(view.interval());
                view.show(Duration.ofNanos(System.nanoTime() - start));
            }
            senders.shutdownNow();
        }
        view.end();
    }

    private void send(Stage stage, AtomicInteger next, long start, Duration pace) {
        try {
            for (int n = next.getAndIncrement(); n < board.expected(); n = next.getAndIncrement()) {
                long due = start + pace.toNanos() * n;
                Thread.sleep(Duration.ofNanos(Math.max(0, due - System.nanoTime())));
                DemoEvents.Event event = DemoEvents.event(n, clock.instant());
                long nanos = System.nanoTime();
                board.accepted(api.send(stage.application(), event), new Sent(nanos, event.payload()));
            }
        } catch (DemoFailure e) {
            board.failed(String.valueOf(e.getMessage()));
        } catch (InterruptedException timeIsUp) {
            Thread.currentThread().interrupt();
        }
    }
}
