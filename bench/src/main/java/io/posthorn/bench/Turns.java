package io.posthorn.bench;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Two loads that take turns: A B A B. The machine's speed wanders by more than what is to be measured, but two turns
 * next to each other see the same weather, so it is the ratio within each pair that counts, and of these the median.
 *
 * @param a the yardstick's turns
 * @param b the turns of what is measured
 */
record Turns(List<Drive.Rate> a, List<Drive.Rate> b) {
    /** Which number of a turn is compared. */
    interface Reading {
        double of(Drive.Rate rate);
    }

    /**
     * A load, and how hard to drive it.
     *
     * @param outstanding messages under way
     */
    record Side(Drive drive, int outstanding) {
        Drive.Rate turn(double warmSeconds, double seconds) throws InterruptedException, IOException, SQLException {
            return drive.closed(outstanding, warmSeconds, seconds);
        }
    }

    /**
     * Takes turns.
     *
     * @param pairs 1 or more
     * @param seconds of each turn
     */
    static Turns take(Report report, Side a, Side b, int pairs, double seconds)
            throws InterruptedException, IOException, SQLException {
        Turns turns = new Turns(new ArrayList<>(), new ArrayList<>());
        for (int i = 0; i < pairs; i++) {
            turns.a.add(one(report, a, seconds));
            turns.b.add(one(report, b, seconds));
        }
        return turns;
    }

    private static Drive.Rate one(Report report, Side side, double seconds)
            throws InterruptedException, IOException, SQLException {
        Drive.Rate rate = side.turn(Math.min(1.5, seconds / 4), seconds);
        report.note(String.format(
                Locale.ROOT,
                "%-8s %-20s %8.0f messages/s %8.0f deliveries/s; %s; logged %.0f ms after the last",
                side.drive.server().name(),
                side.drive.run().installed.plan().name(),
                rate.messages(),
                rate.deliveries(),
                rate.cpu().perMessage(rate.count()),
                rate.trailMillis()));
        return rate;
    }

    /** The median over the pairs of b's reading by a's. */
    double ratio(Reading reading) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < a.size(); i++) {
            ratios.add(reading.of(b.get(i)) / reading.of(a.get(i)));
        }
        return median(ratios);
    }

    /** The median of a's readings. */
    double medianOfA(Reading reading) {
        return median(a.stream().map(reading::of).toList());
    }

    /** The median of b's readings. */
    double medianOfB(Reading reading) {
        return median(b.stream().map(reading::of).toList());
    }

    /** The middle one, or the mean of the two in the middle. */
    static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int n = sorted.size();
        return n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
    }
}
