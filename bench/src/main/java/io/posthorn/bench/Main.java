package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code ./dev bench}: see {@link Options#USAGE}. */
public final class Main {
    private static final int FAILED = 1;
    private static final int USAGE = 2;

    private static boolean finished;

    private Main() {}

    /**
     * Runs what the arguments name. The exit code is 1 when something was lost or the run failed, or with
     * {@code --strict} when a figure misses its bound; 2 when the arguments make no sense.
     */
    public static void main(String[] args) throws InterruptedException {
        long began = System.nanoTime();
        Options options;
        try {
            options = Options.parse(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(Options.USAGE);
            System.exit(USAGE);
            return;
        }
        System.exit(run(options, began));
    }

    private static int run(Options options, long began) throws InterruptedException {
        Instant start = Instant.now();
        Report report = new Report();
        @Nullable Quick quick = null;
        try (Lab lab = new Lab(options)) {
            Runtime.getRuntime().addShutdownHook(new Thread(lab::close));
            Bench bench = new Bench(lab, report);
            for (String scenario : scenarios(options)) {
                if (scenario.equals("quick")) {
                    quick = new Quick(lab, report, began);
                    endInTime(options, lab, report, quick, began, start);
                    quick.run();
                } else {
                    bench.run(scenario);
                }
            }
            lab.checkStrangers(report);
        } catch (IOException | SQLException | IllegalStateException e) {
            report.failure(String.valueOf(e.getMessage()));
        }
        return finish(options, report, quick, start);
    }

    /** Prints and writes what there is, once. */
    private static synchronized int finish(Options options, Report report, @Nullable Quick quick, Instant start) {
        if (finished) {
            return FAILED;
        }
        finished = true;
        report.print();
        try {
            System.out.println("written to " + report.write(options.results(), start));
        } catch (IOException e) {
            report.failure("the results could not be written: " + e);
        }
        if (quick != null) {
            System.out.println(quick.line());
        }
        System.out.flush();
        return report.sound() && (report.allHold() || !options.strict()) ? 0 : FAILED;
    }

    /** A quick run that is not done in time ends all the same, as a failure, with what it has measured. */
    private static void endInTime(Options options, Lab lab, Report report, Quick quick, long began, Instant start) {
        Thread.ofPlatform().daemon().name("bench-in-time").start(() -> {
            try {
                TimeUnit.NANOSECONDS.sleep((long) (Quick.ALL_SECONDS * 1e9) - (System.nanoTime() - began));
            } catch (InterruptedException e) {
                return;
            }
            report.failure("not done within a minute: the machine is busy, or the server slow to start or to deliver");
            lab.close();
            finish(options, report, quick, start);
            Runtime.getRuntime().halt(FAILED);
        });
    }

    private static List<String> scenarios(Options options) {
        List<String> result = new ArrayList<>();
        for (String scenario : options.scenarios()) {
            if (scenario.equals("full")) {
                result.addAll(Bench.ALL);
            } else {
                result.add(scenario);
            }
        }
        return result;
    }
}
