package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * {@code kill -9} of the server at full load, again and again on the same data folder, with the publishers and the
 * receiver going on. In the end every message that was ever answered 202 has to have arrived.
 *
 * <p>Some arrive twice: their delivery had been made when the server died, but its attempt was not committed. The
 * harness checks that this explains every one of them: a kill lies between the two arrivals. And it counts the attempts
 * in the database afterwards: one for each different delivery means that the first of two had left no trace.
 */
final class Kills {
    private final Lab lab;
    private final Report report;

    Kills(Lab lab, Report report) {
        this.lab = lab;
        this.report = report;
    }

    /**
     * Does it.
     *
     * @param times how often
     * @param outstanding messages under way
     * @param least from the server's start to its death at least, milliseconds
     * @param most the same at most
     * @param patience how long the last message may take to arrive, seconds
     * @return how many deliveries were lost
     */
    long run(int times, int outstanding, int least, int most, double patience)
            throws IOException, InterruptedException, SQLException {
        ServerProcess server = lab.product("killed");
        server.start();
        try (Drive drive = new Drive(lab, server, lab.install(server, Plan.ONE_EACH))) {
            long seed = System.nanoTime();
            report.note("killing at random moments, seed " + seed);
            Random random = new Random(seed);
            List<Integer> kills = new ArrayList<>();
            List<Double> starts = new ArrayList<>();
            drive.pace(new Pace.Closed(outstanding));
            for (int i = 0; i < times; i++) {
                TimeUnit.MILLISECONDS.sleep(random.nextInt(least, most + 1));
                server.kill();
                settle();
                kills.add((int) (Net.micros() / 1000));
                starts.add(server.start() / 1e3);
            }
            TimeUnit.MILLISECONDS.sleep(least);
            drive.pace(new Pace.Stopped());
            long lost = awaitArrivals(drive.run(), patience);
            judge(drive.run(), server, kills, starts, lost);
            drive.check(report);
            return lost;
        } finally {
            server.stop();
        }
    }

    /** Lets the receiver read what the dead server had still sent. */
    private void settle() throws InterruptedException {
        for (int i = 0; i < 5; i++) {
            TimeUnit.MILLISECONDS.sleep(1);
            lab.net().tell(() -> {});
        }
    }

    private long awaitArrivals(Run run, double patience) throws InterruptedException {
        long deadline = System.nanoTime() + (long) (patience * 1e9);
        long lost = lab.net().ask(run.ledger::lost);
        while (lost > 0 && System.nanoTime() < deadline) {
            Thread.sleep(50);
            lost = lab.net().ask(run.ledger::lost);
        }
        return lost;
    }

    private void judge(Run run, ServerProcess server, List<Integer> kills, List<Double> starts, long lost)
            throws IOException, InterruptedException, SQLException {
        long accepted = lab.net().ask(() -> run.accepted);
        long unanswered = lab.net().ask(() -> run.unanswered);
        long taken = lab.net().ask(run.ledger::unansweredButTaken);
        long different = lab.net().ask(run.ledger::deliveries);
        Repeats.Explanation repeats = lab.net().ask(() -> run.repeats.explain(kills));
        report.note(kills.size() + " kills, " + accepted + " messages accepted, " + unanswered
                + " requests cut off by a kill, of which " + taken + " messages had been taken all the same");
        report.note("restarts took " + Figure.number(Turns.median(starts)) + " s, median");
        report.add(Figure.atMost("kill", "accepted messages lost", (double) lost, "", 0));
        report.add(Figure.plain("kill", "arrived twice, a kill in between", repeats.explained(), ""));
        report.add(Figure.atMost("kill", "arrived twice, no kill in between", repeats.unexplained(), "", 0));
        report.add(Figure.plain("kill", "arrived twice: longest before its kill", repeats.longestBefore(), "ms"));
        long logged = awaitLogged(server, different);
        if (logged < different) {
            report.failure(different + " deliveries have arrived, but only " + logged + " are logged");
        }
        report.note(logged + " attempts logged for " + different
                + " different deliveries: the difference are repeats whose first attempt was committed, or failures");
    }

    private static long awaitLogged(ServerProcess server, long wanted)
            throws IOException, InterruptedException, SQLException {
        long logged = server.database().count("select count(*) from attempt");
        for (int tries = 0; logged < wanted && tries < 50; tries++) {
            Thread.sleep(200);
            logged = server.database().count("select count(*) from attempt");
        }
        return logged;
    }
}
