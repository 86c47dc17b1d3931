package io.posthorn.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** What became of the lines, and its progress on a terminal. For many threads. */
final class SendTally {
    /** So many refusals are kept and told; the others are counted. */
    static final int MOST_TOLD = 1_000;

    private static final long DRAW_NANOS = 100_000_000;

    private final Surroundings surroundings;
    private final LongSupplier nanos;
    private final long start;
    private final Map<Long, String> refusals = new TreeMap<>();
    private long sent;
    private long duplicates;
    private long refused;
    private long drawn;
    private boolean shown;
    private boolean stopped;

    /**
     * A tally that begins now.
     *
     * @param nanos a clock that only runs forward, in nanoseconds
     */
    SendTally(Surroundings surroundings, LongSupplier nanos) {
        this.surroundings = surroundings;
        this.nanos = nanos;
        this.start = nanos.getAsLong();
        this.drawn = start;
    }

    synchronized void sent(int count) {
        sent += count;
    }

    synchronized void duplicates(int count) {
        duplicates += count;
    }

    /** A line that was not taken, and why. */
    synchronized void refused(long line, String why) {
        refused++;
        if (refusals.size() < MOST_TOLD) {
            refusals.put(line, why);
        }
    }

    /** Not everything was read. */
    synchronized void stopped() {
        stopped = true;
    }

    synchronized long refused() {
        return refused;
    }

    /** Shows how far it is, ten times a second at most. */
    synchronized void draw() {
        long now = nanos.getAsLong();
        if (surroundings.progress() && now - drawn > DRAW_NANOS) {
            drawn = now;
            shown = true;
            double seconds = (now - start) / 1e9;
            surroundings
                    .err()
                    .printf(Locale.ROOT, "\r%,d sent, %,d a second%s\u001b[K", sent, (long) (sent / seconds), others());
            surroundings.err().flush();
        }
    }

    /** The end: the lines that were refused to standard error, the sums to standard output. */
    synchronized void conclude(boolean json) {
        PrintWriter err = surroundings.err();
        if (shown) {
            err.print("\r\u001b[K");
        }
        refusals.forEach((line, why) -> err.println("line " + line + ": " + why));
        if (refused > refusals.size()) {
            err.printf(Locale.ROOT, "and %,d more lines%n", refused - refusals.size());
        }
        if (stopped) {
            err.println("Stopped before the end of the input; --continue-on-error goes on after refused lines.");
        }
        if (json) {
            surroundings.out().println(JsonText.pretty(asJson()));
        } else {
            surroundings.out().printf(Locale.ROOT, "%,d sent%s%n", sent, others());
        }
    }

    private String others() {
        return (duplicates == 0 ? "" : String.format(Locale.ROOT, ", %,d duplicates", duplicates))
                + (refused == 0 ? "" : String.format(Locale.ROOT, ", %,d refused", refused));
    }

    private ObjectNode asJson() {
        ObjectNode json = JsonText.object()
                .put("sent", sent)
                .put("duplicates", duplicates)
                .put("refused", refused)
                .put("complete", !stopped);
        ArrayNode told = json.putArray("refusals");
        refusals.forEach((line, why) -> told.addObject().put("line", line).put("error", why));
        return json;
    }
}
