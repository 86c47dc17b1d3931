package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;

/** A load on a server: turns of it in closed and open loop, and what they measured. Between turns nothing is sent. */
final class Drive implements AutoCloseable {
    /** Requests under way at once. */
    private static final int CONNECTIONS = 256;
    /** How long everything that was sent may take to arrive and be logged when no more is sent, seconds. */
    private static final long DRAIN_SECONDS = 60;

    private final Lab lab;
    private final ServerProcess server;
    private final Api api;
    private final Run run;
    private final Loader loader;

    /**
     * What a turn in closed loop measured.
     *
     * @param messages accepted, delivered and logged, a second
     * @param deliveries the same, counting each
     * @param count messages completed while {@code cpu} was taken
     * @param cpu used from the warm-up to the last sending
     * @param trailMillis from the last sending until everything was logged
     */
    record Rate(double messages, double deliveries, long count, Cpu cpu, double trailMillis) {}

    /**
     * What a turn in open loop measured, milliseconds from the intended send time.
     *
     * @param count messages of the turn
     */
    record Latency(long count, double acceptP50, double acceptP99, double arrivalP50, double arrivalP99) {}

    private record Counts(long complete, long arrivals, long micros) {}

    /**
     * Prepares a load.
     *
     * @param server runs
     * @param installed on the server
     */
    Drive(Lab lab, ServerProcess server, Installed installed) throws InterruptedException {
        this.lab = lab;
        this.server = server;
        this.api = new Api(server);
        this.run = lab.open(installed);
        this.loader = lab.net().ask(() -> new Loader(lab.net(), run, CONNECTIONS));
    }

    /** Starts a server, puts a plan on it and prepares a load of it. */
    static Drive start(Lab lab, ServerProcess server, Plan plan) throws IOException, InterruptedException {
        server.start();
        return new Drive(lab, server, lab.install(server, plan));
    }

    /**
     * Sends for a while without measuring, until everything is compiled. On a busy machine that takes longer, so it is
     * a matter of messages as much as of time.
     *
     * @param seconds as long at least
     * @param messages as many at least
     * @param most seconds after which it is enough in any case
     */
    void warm(int outstanding, double seconds, long messages, double most) throws InterruptedException, IOException {
        long before = counts().complete;
        long began = System.nanoTime();
        pace(new Pace.Closed(outstanding));
        sleep(seconds);
        while (counts().complete - before < messages && (System.nanoTime() - began) / 1e9 < most) {
            sleep(0.1);
        }
        pace(new Pace.Stopped());
        drain();
    }

    /**
     * A turn in closed loop. The clock stops when everything that was sent has arrived and is logged, so a server that
     * defers its bookkeeping gains nothing by it.
     *
     * @param outstanding messages under way at any time
     * @param warmSeconds before it counts
     * @param seconds while it counts
     */
    Rate closed(int outstanding, double warmSeconds, double seconds)
            throws InterruptedException, IOException, SQLException {
        long loggedBefore = logged();
        long arrivalsBefore = counts().arrivals;
        pace(new Pace.Closed(outstanding));
        sleep(warmSeconds);
        Cpu cpuBefore = Cpu.of(server);
        Counts from = counts();
        sleep(seconds);
        Counts middle = counts();
        Cpu cpu = Cpu.of(server).since(cpuBefore);
        pace(new Pace.Stopped());
        long stopped = System.nanoTime();
        drain();
        Counts to = counts();
        awaitLogged(loggedBefore + to.arrivals - arrivalsBefore);
        long trail = System.nanoTime() - stopped;
        double elapsed = (middle.micros - from.micros) / 1e6 + trail / 1e9;
        return new Rate(
                (to.complete - from.complete) / elapsed,
                (to.arrivals - from.arrivals) / elapsed,
                middle.complete - from.complete,
                cpu,
                trail / 1e6);
    }

    /**
     * A turn in open loop.
     *
     * @param perSecond messages a second, whatever the server does
     */
    Latency open(double perSecond, double warmSeconds, double seconds) throws InterruptedException, IOException {
        long start = Net.micros() + 1_000;
        long from = start + (long) (warmSeconds * 1e6);
        long to = from + (long) (seconds * 1e6);
        lab.net().tell(() -> {
            run.measureFrom(from);
            run.measureTo(to);
        });
        pace(new Pace.Open(new Schedule(start, perSecond)));
        sleep((to - Net.micros()) / 1e6);
        pace(new Pace.Stopped());
        drain();
        Histogram accept = lab.net().ask(run.acceptMicros::copy);
        Histogram arrival = lab.net().ask(run.arrivalMicros::copy);
        return new Latency(
                accept.getTotalCount(),
                accept.getValueAtPercentile(50) / 1e3,
                accept.getValueAtPercentile(99) / 1e3,
                arrival.getValueAtPercentile(50) / 1e3,
                arrival.getValueAtPercentile(99) / 1e3);
    }

    /** Goes on at a pace. */
    void pace(Pace pace) throws InterruptedException {
        lab.net().tell(() -> loader.pace(pace));
    }

    /**
     * Sends as fast as the server takes it, without waiting for arrivals, until so many more are accepted.
     *
     * @param most messages a second
     */
    void gather(long messages, double most) throws InterruptedException, IOException {
        long wanted = accepted() + messages;
        pace(new Pace.Open(new Schedule(Net.micros(), most)));
        if (!await(() -> accepted() >= wanted)) {
            throw new IOException(
                    server.name() + " has not accepted " + messages + " messages within " + DRAIN_SECONDS + " s");
        }
        pace(new Pace.Stopped());
    }

    private long accepted() {
        try {
            return lab.net().ask(() -> run.accepted);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 0;
        }
    }

    /** Different deliveries that have arrived, and those that came again. */
    long arrived() throws InterruptedException {
        return lab.net().ask(() -> run.arrivals + run.repeats.count());
    }

    /** Waits until every message is accepted and has arrived. */
    void drain() throws InterruptedException, IOException {
        if (!await(() -> isQuiet())) {
            throw new IOException("messages to " + server.name() + " did not arrive within " + DRAIN_SECONDS + " s: "
                    + lab.net()
                            .ask(() -> run.ledger.lost() + " deliveries missing, " + run.refused + " messages refused, "
                                    + run.firstProblem));
        }
    }

    private boolean isQuiet() {
        try {
            return lab.net().ask(loader::isQuiet);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Waits until the server has logged so many successful deliveries. */
    private void awaitLogged(long wanted) throws InterruptedException, IOException, SQLException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
        long logged = logged();
        while (logged < wanted) {
            if (System.nanoTime() > deadline) {
                throw new IOException(
                        server.name() + " has logged " + logged + " deliveries, but " + wanted + " have arrived");
            }
            Thread.sleep(2);
            logged = logged();
        }
    }

    /** Successful deliveries that the server has logged: by its counter, or by counting if it has none. */
    private long logged() throws IOException, InterruptedException, SQLException {
        long counter = api.delivered();
        return counter >= 0 ? counter : server.database().count("select count(*) from attempt");
    }

    private static boolean await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(1);
        }
        return true;
    }

    private Counts counts() throws InterruptedException {
        return lab.net().ask(() -> new Counts(run.complete, run.arrivals, Net.micros()));
    }

    /** Reports whatever should not have happened to the messages of this load. */
    void check(Report report) throws InterruptedException {
        String what = run.installed.plan().name() + " on " + server.name();
        String problem = lab.net().ask(() -> String.valueOf(run.firstProblem));
        long lost = lab.net().ask(run.ledger::lost);
        complain(report, lost, "deliveries of accepted messages lost, " + what);
        complain(report, lab.net().ask(() -> run.mangled), "payloads changed on their way, " + what + ": " + problem);
        complain(report, lab.net().ask(() -> run.misrouted), "deliveries to the wrong endpoint, " + what);
        complain(report, lab.net().ask(() -> run.disordered), "deliveries out of order, " + what + ": " + problem);
        complain(report, lab.net().ask(() -> run.unsigned), "bad signatures, " + what + ": " + problem);
        if (lab.net().ask(() -> run.accepted > 1000 && run.verified == 0)) {
            report.failure("no signature was ever verified, " + what);
        }
        long refused = lab.net().ask(() -> run.refused);
        if (refused > 0) {
            report.note(refused + " messages refused, " + what + ": "
                    + lab.net().ask(() -> run.refusals.toString() + " " + problem));
        }
        long repeats = lab.net().ask(() -> (long) run.repeats.count());
        if (repeats > 0) {
            report.note(repeats + " deliveries came more than once, " + what);
        }
    }

    private static void complain(Report report, long count, String what) {
        if (count > 0) {
            report.failure(count + " " + what);
        }
    }

    /** The messages. */
    Run run() {
        return run;
    }

    /** The server. */
    ServerProcess server() {
        return server;
    }

    private static void sleep(double seconds) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep((long) (seconds * 1e9));
    }

    /** Closes the connections; the server goes on. */
    @Override
    public void close() {
        api.close();
        if (!lab.net().loop.isShuttingDown()) {
            lab.net().loop.execute(loader::close);
        }
    }
}
