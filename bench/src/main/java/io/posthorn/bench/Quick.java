package io.posthorn.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * The short form: floor against product, latencies, and a kill, in a minute with everything. Its figures are those of
 * the long form with less patience: good for seeing whether a change made it faster, not for a claim.
 *
 * <p>How much it does depends on how much of the minute the machine leaves: a second pair of turns, a second kill.
 */
final class Quick {
    /** When the output has to be complete, seconds after the start. */
    static final double ALL_SECONDS = 57;

    private static final int OUTSTANDING = 512;
    private static final double TURN_SECONDS = 4;
    /** A second pair of turns is only taken up to here, seconds after the start. */
    private static final double SECOND_PAIR_UNTIL = 26;
    /** A second kill is only made up to here. */
    private static final double SECOND_KILL_UNTIL = 40;

    private final Lab lab;
    private final Report report;
    private final long began;
    private final ObjectNode line = new ObjectMapper().createObjectNode();

    /**
     * A short run.
     *
     * @param began {@link System#nanoTime} when the process started
     */
    Quick(Lab lab, Report report, long began) {
        this.lab = lab;
        this.report = report;
        this.began = began;
        for (String name : List.of(
                "delivered_per_s",
                "floor_per_s",
                "ratio",
                "accept_p50_ms",
                "accept_p99_ms",
                "arrival_p50_ms",
                "arrival_p99_ms",
                "rss_mb",
                "lost")) {
            line.putNull(name);
        }
    }

    /** The last line of the output: the figures as JSON on one line, null for what was not measured yet. */
    String line() {
        synchronized (line) {
            return line.toString();
        }
    }

    /** Does it. */
    void run() throws IOException, InterruptedException, SQLException {
        ServerProcess floorProcess = lab.floor("floor");
        ServerProcess productProcess = lab.product("posthorn");
        Drive floor = Drive.start(lab, floorProcess, Plan.ONE_EACH);
        Drive product = Drive.start(lab, productProcess, Plan.ONE_EACH);
        int outstanding = lab.options().outstanding() > 0 ? lab.options().outstanding() : OUTSTANDING;
        floor.warm(outstanding, 4, 80_000, 7);
        product.warm(outstanding, 6, 80_000, 9);
        Turns.Side a = new Turns.Side(floor, outstanding);
        Turns.Side b = new Turns.Side(product, outstanding);
        Turns turns = Turns.take(report, a, b, 1, TURN_SECONDS);
        if (elapsed() < SECOND_PAIR_UNTIL) {
            Turns more = Turns.take(report, a, b, 1, TURN_SECONDS);
            turns.a().addAll(more.a());
            turns.b().addAll(more.b());
        }
        floor.check(report);
        floor.close();
        floorProcess.close();
        double rate = turns.medianOfB(Drive.Rate::messages);
        putWhole("delivered_per_s", rate);
        putWhole("floor_per_s", turns.medianOfA(Drive.Rate::messages));
        put("ratio", Math.round(turns.ratio(Drive.Rate::messages) * 1000) / 1000.0);
        report.add(Figure.plain("throughput", "the floor", turns.medianOfA(Drive.Rate::messages), "/s"));
        report.add(Figure.plain("throughput", "accepted, delivered and logged", rate, "/s"));
        report.add(Figure.atLeast("throughput", "of the floor", turns.ratio(Drive.Rate::messages), "", 0.6));

        report.add(Figure.plain(
                "throughput",
                "CPU a message of server and database, of the floor's",
                turns.ratio(r -> r.cpu().ofServer(r.count())),
                ""));

        Drive.Latency latency = product.open(rate / 2, 1, 4);
        Bench.addLatency(report, rate / 2, latency);
        put("accept_p50_ms", latency.acceptP50());
        put("accept_p99_ms", latency.acceptP99());
        put("arrival_p50_ms", latency.arrivalP50());
        put("arrival_p99_ms", latency.arrivalP99());
        double rss = ProcFs.statusKib(productProcess.javaPid(), "VmHWM") / 1024.0;
        putWhole("rss_mb", rss);
        report.add(Figure.atMost("memory", "resident at most, since the start", rss, "MiB", 512));
        product.check(report);
        product.close();
        productProcess.close();

        int kills = elapsed() < SECOND_KILL_UNTIL ? 2 : 1;
        double patience = Math.max(5, ALL_SECONDS - 5 - elapsed() - kills * 4);
        putWhole("lost", (double) new Kills(lab, report).run(kills, 64, 800, 1_500, patience));
    }

    private double elapsed() {
        return (System.nanoTime() - began) / 1e9;
    }

    private void put(String name, double value) {
        synchronized (line) {
            line.put(name, value);
        }
    }

    private void putWhole(String name, double value) {
        synchronized (line) {
            line.put(name, Math.round(value));
        }
    }
}
