package io.posthorn.bench;

import java.io.IOException;

/**
 * A healthy endpoint at a steady rate, alone and then beside a thousand that never answer. Each of those gets a message
 * every other second, which hangs until the server's deadline; the healthy one is measured when as many hang as ever
 * will.
 */
final class Isolation {
    private static final double HEALTHY_RATE = 500;
    /** Each message goes to a hundred of them. */
    private static final double SICK_RATE = 5;
    /** The server's deadline for an exchange is 15 s by default. */
    private static final double FILL_SECONDS = 18;

    private final Lab lab;
    private final Report report;

    Isolation(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    void run() throws IOException, InterruptedException {
        ServerProcess server = lab.product("isolation");
        Drive healthy = Drive.start(lab, server, Plan.HEALTHY);
        Drive sick = new Drive(lab, server, lab.install(server, Plan.SICK));
        healthy.warm(128, Baseline.WARM_SECONDS, Baseline.WARM_MESSAGES / 2, 3 * Baseline.WARM_SECONDS);
        int seconds = Math.max(lab.options().seconds(), 5);
        Drive.Latency alone = healthy.open(HEALTHY_RATE, 3, seconds);
        sick.pace(new Pace.Open(new Schedule(Net.micros(), SICK_RATE)));
        Drive.Latency beside = healthy.open(HEALTHY_RATE, FILL_SECONDS, seconds);
        sick.pace(new Pace.Stopped());
        long hanging = lab.net().ask(() -> sick.run().arrivals);
        if (hanging < Plan.SICK.endpoints()) {
            report.failure("only " + hanging + " deliveries reached the endpoints that never answer");
        }
        report.note(hanging + " deliveries were started to endpoints that never answer; the server's memory is at "
                + ProcFs.statusKib(server.javaPid(), "VmRSS") / 1024 + " MiB");
        report.add(Figure.plain("isolation", "arrival p50 of the healthy one, alone", alone.arrivalP50(), "ms"));
        report.add(Figure.plain("isolation", "arrival p50, beside the others", beside.arrivalP50(), "ms"));
        report.add(Figure.plain("isolation", "arrival p99 of the healthy one, alone", alone.arrivalP99(), "ms"));
        report.add(Figure.plain("isolation", "arrival p99, beside the others", beside.arrivalP99(), "ms"));
        report.add(Figure.atMost(
                "isolation", "how many times the p99 alone", beside.arrivalP99() / alone.arrivalP99(), "", 2));
        healthy.check(report);
        healthy.close();
        sick.close();
        server.close();
    }
}
