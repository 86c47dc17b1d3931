package io.posthorn.bench;

import java.io.IOException;

/**
 * A healthy endpoint at a steady rate: alone, beside an endpoint of another application that catches up with a large
 * backlog, and beside a replay of all of that.
 */
final class Catching {
    private static final double HEALTHY_RATE = 500;
    private static final int BACKLOG = 50_000;
    /** Messages a second; more than a server takes in. */
    private static final double GATHERING_RATE = 20_000;

    private final Lab lab;
    private final Report report;

    Catching(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    void run() throws IOException, InterruptedException {
        ServerProcess server = lab.product("backlog");
        Drive healthy = Drive.start(lab, server, Plan.HEALTHY);
        Drive behind = new Drive(lab, server, lab.install(server, Plan.BACKLOG));
        String app = behind.run().installed.apps().getFirst();
        healthy.warm(128, Baseline.WARM_SECONDS, Baseline.WARM_MESSAGES / 2, 3 * Baseline.WARM_SECONDS);
        try (Api api = new Api(server)) {
            api.pause(app, true);
            behind.gather(BACKLOG, GATHERING_RATE);
            int seconds = Math.max(lab.options().seconds(), 5);
            Drive.Latency alone = healthy.open(HEALTHY_RATE, 3, seconds);
            add("alone", alone);
            note(server, "while the backlog waits");

            Load drained = beside(healthy, behind, seconds, () -> api.pause(app, false));
            behind.drain();
            note(server, drained + " were drained meanwhile");
            add("beside a backlog that is drained", drained.latency);
            bound("beside a backlog, how many times the p99 alone", drained, alone);

            Load replayed = beside(healthy, behind, seconds, () -> api.replayAll(app));
            note(server, replayed + " were replayed meanwhile");
            add("beside a replay", replayed.latency);
            bound("beside a replay, how many times the p99 alone", replayed, alone);
        }
        report.add(Figure.plain(
                "backlog",
                "resident at most, since the start",
                ProcFs.statusKib(server.javaPid(), "VmHWM") / 1024.0,
                "MiB"));
        healthy.check(report);
        behind.check(report);
        healthy.close();
        behind.close();
        server.close();
    }

    private interface Beginning {
        void begin() throws IOException, InterruptedException;
    }

    /** What the healthy one took, and how many deliveries the other one got meanwhile. */
    private record Load(Drive.Latency latency, long deliveries, double seconds) {
        @Override
        public String toString() {
            return deliveries + " deliveries (" + Math.round(deliveries / seconds) + "/s)";
        }
    }

    private static Load beside(Drive healthy, Drive behind, int seconds, Beginning beginning)
            throws IOException, InterruptedException {
        long before = behind.arrived();
        long began = System.nanoTime();
        beginning.begin();
        Drive.Latency latency = healthy.open(HEALTHY_RATE, 0.5, seconds);
        return new Load(latency, behind.arrived() - before, (System.nanoTime() - began) / 1e9);
    }

    private void add(String when, Drive.Latency latency) {
        report.add(Figure.plain("backlog", "arrival p50 of the healthy one, " + when, latency.arrivalP50(), "ms"));
        report.add(Figure.plain("backlog", "arrival p99 of the healthy one, " + when, latency.arrivalP99(), "ms"));
    }

    private void bound(String what, Load load, Drive.Latency alone) {
        report.add(Figure.atMost("backlog", what, load.latency.arrivalP99() / alone.arrivalP99(), "", 2));
        if (load.deliveries >= BACKLOG) {
            report.note("all " + BACKLOG + " had come before the measuring was over: part of it was alone");
        }
    }

    private void note(ServerProcess server, String what) {
        report.note(
                what + "; the server's memory is at " + ProcFs.statusKib(server.javaPid(), "VmRSS") / 1024 + " MiB");
    }
}
