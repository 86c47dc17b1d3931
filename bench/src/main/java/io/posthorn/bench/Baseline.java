package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/**
 * The product with one endpoint for each message, warm: the first line of the table, with which several scenarios
 * compare. It is started by the first that needs it.
 *
 * @param side the load and the number of messages under way at which it is fastest
 * @param rate messages a second, by a short look; the scenario {@code throughput} looks longer
 */
record Baseline(Turns.Side side, double rate) {
    /** The compilers are done after this long at full load, seconds. */
    static final double WARM_SECONDS = 10;

    /** And after this many messages. */
    static final long WARM_MESSAGES = 200_000;

    private static final List<Integer> TRIED = List.of(256, 512, 1024);
    private static final double TRY_SECONDS = 3;

    /** Starts a server with a plan, warms it up, and finds out how many messages under way suit it best. */
    static Baseline start(Lab lab, Report report, ServerProcess server, Plan plan)
            throws IOException, InterruptedException, SQLException {
        System.out.println("    " + server.name() + " starts, " + plan.name() + ", and warms up");
        Drive drive = Drive.start(lab, server, plan);
        return of(lab, report, drive);
    }

    /** Warms up a load, and finds out how many messages under way suit it best. */
    static Baseline of(Lab lab, Report report, Drive drive) throws IOException, InterruptedException, SQLException {
        int given = lab.options().outstanding();
        List<Integer> tried = given > 0 ? List.of(given) : TRIED;
        drive.warm(tried.getLast(), WARM_SECONDS, WARM_MESSAGES, 3 * WARM_SECONDS);
        int best = 0;
        double most = 0;
        for (int outstanding : tried) {
            double rate = drive.closed(outstanding, 0.5, TRY_SECONDS).messages();
            if (rate > most) {
                best = outstanding;
                most = rate;
            }
        }
        report.note(String.format(
                Locale.ROOT,
                "%s, %s: fastest with %d messages under way (%.0f/s)",
                drive.server().name(),
                drive.run().installed.plan().name(),
                best,
                most));
        return new Baseline(new Turns.Side(drive, best), most);
    }

    /** The load. */
    Drive drive() {
        return side.drive();
    }
}
