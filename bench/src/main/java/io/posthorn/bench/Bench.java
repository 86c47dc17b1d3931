package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The scenarios, one method each; what they share is started once and kept. */
final class Bench {
    /** All scenarios, in the order in which {@code full} runs them. */
    static final List<String> ALL = List.of(
            "throughput",
            "fanout10",
            "order",
            "shaped",
            "memory",
            "latency",
            "isolation",
            "backlog",
            "wide",
            "stored",
            "start",
            "kill",
            "sync");

    private final Lab lab;
    private final Report report;
    private final int pairs;
    private final int seconds;
    private @Nullable Baseline baseline;
    private double highestRate;

    Bench(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
        pairs = lab.options().pairs();
        seconds = lab.options().seconds();
    }

    /** Runs a scenario by its name. */
    void run(String scenario) throws IOException, InterruptedException, SQLException {
        System.out.println();
        System.out.println(scenario);
        switch (scenario) {
            case "throughput" -> throughput();
            case "fanout10" -> fanOut();
            case "order" -> order();
            case "shaped" -> shaped();
            case "memory" -> memory();
            case "latency" -> latency();
            case "isolation" -> new Isolation(lab, report).run();
            case "backlog" -> new Catching(lab, report).run();
            case "wide" -> wide();
            case "stored" -> stored();
            case "start" -> new StartTimes(lab, report).run(5);
            case "kill" -> new Kills(lab, report).run(lab.options().kills(), 512, 1_000, 3_000, 120);
            case "sync" -> new SyncCalls(lab, report).run();
            default -> throw new IllegalArgumentException("there is no scenario " + scenario);
        }
    }

    private void throughput() throws IOException, InterruptedException, SQLException {
        ServerProcess floorProcess = lab.floor("floor");
        Baseline floor = Baseline.start(lab, report, floorProcess, Plan.ONE_EACH);
        Baseline product = baseline();
        Turns turns = Turns.take(report, floor.side(), product.side(), pairs, seconds);
        highestRate = turns.medianOfB(Drive.Rate::messages);
        report.add(Figure.plain("throughput", "the floor, median", turns.medianOfA(Drive.Rate::messages), "/s"));
        report.add(Figure.plain("throughput", "accepted, delivered and logged, median", highestRate, "/s"));
        report.add(Figure.atLeast(
                "throughput", "of the floor, median of the pairs", turns.ratio(Drive.Rate::messages), "", 0.6));
        report.add(Figure.plain(
                "throughput",
                "CPU a message of server and database, of the floor's",
                turns.ratio(r -> r.cpu().ofServer(r.count())),
                ""));
        report.add(Figure.plain(
                "throughput",
                "processors busy elsewhere, median",
                turns.medianOfB(r -> r.cpu().others()),
                ""));
        Drive.Rate last = turns.b().getLast();
        report.note("the busiest threads of the server, CPU a message:");
        last.cpu().busiestThreads(last.count(), 12).forEach(report::note);
        floor.drive().check(report);
        product.drive().check(report);
        floor.drive().close();
        floorProcess.stop();
    }

    private void fanOut() throws IOException, InterruptedException, SQLException {
        Baseline one = baseline();
        Drive drive =
                new Drive(lab, one.drive().server(), lab.install(one.drive().server(), Plan.FAN_OUT));
        drive.warm(64, 5, 20_000, 15);
        Turns turns = Turns.take(report, one.side(), new Turns.Side(drive, 128), pairs, seconds);
        report.add(Figure.plain(
                "fanout10", "deliveries, ten for each message", turns.medianOfB(Drive.Rate::deliveries), "/s"));
        report.add(Figure.atLeast(
                "fanout10", "of the rate with one for each", turns.ratio(Drive.Rate::deliveries), "", 1.3));
        drive.check(report);
        drive.close();
    }

    /** Half of what is demanded without an order. */
    private void order() throws IOException, InterruptedException, SQLException {
        ServerProcess floorProcess = lab.floor("floor");
        Baseline floor = Baseline.start(lab, report, floorProcess, Plan.ONE_EACH);
        ServerProcess server = lab.product("order");
        Baseline keyed = Baseline.start(lab, report, server, Plan.ORDER);
        Turns turns = Turns.take(report, floor.side(), keyed.side(), pairs, seconds);
        report.add(Figure.plain("order", "the floor, median", turns.medianOfA(Drive.Rate::messages), "/s"));
        report.add(Figure.plain(
                "order", "one endpoint, in order by 1,000 keys, median", turns.medianOfB(Drive.Rate::messages), "/s"));
        report.add(Figure.atLeast(
                "order", "of the floor, median of the pairs", turns.ratio(Drive.Rate::messages), "", 0.3));
        floor.drive().check(report);
        keyed.drive().check(report);
        floor.drive().close();
        keyed.drive().close();
        floorProcess.stop();
        server.stop();
    }

    /** No bound is demanded: what strangers write costs what it costs. */
    private void shaped() throws IOException, InterruptedException, SQLException {
        Baseline usual = baseline();
        Drive drive =
                new Drive(lab, usual.drive().server(), lab.install(usual.drive().server(), Plan.SHAPED));
        drive.warm(64, 5, 5_000, 15);
        Turns turns = Turns.take(report, usual.side(), new Turns.Side(drive, 128), pairs, seconds);
        report.add(Figure.plain(
                "shaped",
                "with a filter and a transformation in JSONata",
                turns.medianOfB(Drive.Rate::messages),
                "/s"));
        report.add(Figure.plain("shaped", "of the rate without", turns.ratio(Drive.Rate::messages), ""));
        drive.check(report);
        drive.close();
    }

    private void memory() throws IOException, InterruptedException, SQLException {
        Baseline product = baseline();
        product.drive().closed(product.side().outstanding(), 1, seconds);
        long java = product.drive().server().javaPid();
        report.add(Figure.plain("memory", "resident now", ProcFs.statusKib(java, "VmRSS") / 1024.0, "MiB"));
        report.add(Figure.atMost(
                "memory", "resident at most, since the start", ProcFs.statusKib(java, "VmHWM") / 1024.0, "MiB", 512));
    }

    private void latency() throws IOException, InterruptedException, SQLException {
        Baseline product = baseline();
        double rate = (highestRate > 0 ? highestRate : product.rate()) / 2;
        Drive.Latency latency = product.drive().open(rate, 2, seconds);
        addLatency(report, rate, latency);
        product.drive().check(report);
    }

    /** The four figures of an open loop. */
    static void addLatency(Report report, double rate, Drive.Latency latency) {
        String at = " at " + Math.round(rate) + "/s";
        report.add(Figure.atMost("latency", "accept p50" + at, latency.acceptP50(), "ms", 3));
        report.add(Figure.atMost("latency", "accept p99" + at, latency.acceptP99(), "ms", 25));
        report.add(Figure.atMost("latency", "arrival p50" + at, latency.arrivalP50(), "ms", 5));
        report.add(Figure.atMost("latency", "arrival p99" + at, latency.arrivalP99(), "ms", 50));
    }

    private void wide() throws IOException, InterruptedException, SQLException {
        Baseline one = baseline();
        ServerProcess server = lab.product("wide");
        Baseline wide = Baseline.start(lab, report, server, Plan.WIDE);
        Turns turns = Turns.take(report, one.side(), wide.side(), pairs, seconds);
        report.add(Figure.plain("wide", "with 10,000 endpoints", turns.medianOfB(Drive.Rate::messages), "/s"));
        report.add(
                Figure.atLeast("wide", "of the rate with ten endpoints", turns.ratio(Drive.Rate::messages), "", 0.9));
        wide.drive().check(report);
        wide.drive().close();
        server.stop();
    }

    private void stored() throws IOException, InterruptedException, SQLException {
        Baseline one = baseline();
        ServerProcess server = lab.product("stored");
        Drive drive = Drive.start(lab, server, Plan.ONE_EACH);
        drive.warm(256, 1, 1, 5);
        drive.close();
        new Stored(lab, report).fill(server, lab.options().stored());
        Baseline full = Baseline.of(lab, report, new Drive(lab, server, drive.run().installed));
        Turns turns = Turns.take(report, one.side(), full.side(), pairs, seconds);
        report.add(Figure.plain(
                "stored",
                "with " + lab.options().stored() + " messages stored",
                turns.medianOfB(Drive.Rate::messages),
                "/s"));
        report.add(Figure.atLeast(
                "stored", "of the rate with an empty database", turns.ratio(Drive.Rate::messages), "", 0.85));
        full.drive().check(report);
        full.drive().close();
        server.stop();
    }

    private Baseline baseline() throws IOException, InterruptedException, SQLException {
        Baseline present = baseline;
        if (present == null) {
            present = Baseline.start(lab, report, lab.product("posthorn"), Plan.ONE_EACH);
            baseline = present;
        }
        return present;
    }
}
