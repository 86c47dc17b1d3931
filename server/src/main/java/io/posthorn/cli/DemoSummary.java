package io.posthorn.cli;

import io.posthorn.cli.DemoBoard.Sent;
import io.posthorn.cli.DemoTally.Arrival;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * What came of a run.
 *
 * @param rows one for each endpoint
 * @param missing what did not happen and should have, for people; empty if the run is a success
 */
record DemoSummary(List<Row> rows, List<String> missing) {
    private static final int SHOWN = 3;

    /**
     * What came of one endpoint.
     *
     * @param endpoint which
     * @param events accepted events that arrived unchanged
     * @param attempts requests that came
     * @param retries requests beyond the first for their event
     * @param verified requests with a valid signature
     * @param p50Millis from sending an event to its arrival, for half of them at most this
     * @param p99Millis the same for 99 of 100
     */
    record Row(
            DemoEndpoint endpoint,
            int events,
            long attempts,
            long retries,
            long verified,
            double p50Millis,
            double p99Millis) {}

    /** Sums a board up. */
    static DemoSummary of(DemoBoard board) {
        List<String> missing = new ArrayList<>();
        if (!board.failure().isEmpty()) {
            missing.add(board.failure());
        }
        int accepted = board.accepted().size();
        if (accepted < board.expected()) {
            missing.add("%d of %d events were not accepted".formatted(board.expected() - accepted, board.expected()));
        }
        List<Row> rows = new ArrayList<>();
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            rows.add(row(endpoint, board, missing));
        }
        return new DemoSummary(List.copyOf(rows), List.copyOf(missing));
    }

    /** Whether every event reached every endpoint, unchanged and with a valid signature. */
    boolean success() {
        return missing.isEmpty();
    }

    /** The table, with a line break after each line. */
    String table() {
        StringBuilder text =
                new StringBuilder("  endpoint   events  attempts  retries  verified  arrival p50      p99\n");
        for (Row row : rows) {
            text.append("  %-9s %7d %9d %8d %9d %9.1f ms %5.1f ms\n"
                    .formatted(
                            row.endpoint().title(),
                            row.events(),
                            row.attempts(),
                            row.retries(),
                            row.verified(),
                            row.p50Millis(),
                            row.p99Millis()));
        }
        return text.toString();
    }

    private static Row row(DemoEndpoint endpoint, DemoBoard board, List<String> missing) {
        DemoTally tally = board.tally(endpoint);
        List<String> absent = new ArrayList<>();
        List<String> altered = new ArrayList<>();
        List<Long> nanos = new ArrayList<>();
        for (Map.Entry<String, Sent> entry : board.accepted().entrySet()) {
            Arrival arrival = tally.arrival(entry.getKey());
            if (arrival == null) {
                absent.add(entry.getKey());
            } else if (!arrival.body().equals(entry.getValue().body())) {
                altered.add(entry.getKey());
            } else {
                nanos.add(arrival.nanos() - entry.getValue().nanos());
            }
        }
        complain(missing, endpoint, absent, "have not arrived");
        complain(missing, endpoint, altered, "arrived with another payload");
        if (tally.refused() > 0) {
            missing.add("%s: %d requests had no valid signature".formatted(endpoint.title(), tally.refused()));
        }
        long[] sorted = nanos.stream().mapToLong(Long::longValue).sorted().toArray();
        return new Row(
                endpoint,
                sorted.length,
                tally.attempts(),
                tally.retries(),
                tally.verified(),
                percentile(sorted, 0.5),
                percentile(sorted, 0.99));
    }

    private static void complain(List<String> missing, DemoEndpoint endpoint, List<String> ids, String what) {
        if (!ids.isEmpty()) {
            String some = String.join(", ", ids.stream().sorted().limit(SHOWN).toList());
            String rest = ids.size() > SHOWN ? " …" : "";
            missing.add("%s: %d events %s: %s%s".formatted(endpoint.title(), ids.size(), what, some, rest));
        }
    }

    /** Milliseconds; 0 of nothing. */
    private static double percentile(long[] sorted, double share) {
        if (sorted.length == 0) {
            return 0;
        }
        int index = (int) Math.ceil(share * sorted.length) - 1;
        return Arrays.stream(sorted).skip(Math.max(0, index)).findFirst().orElse(0) / 1e6;
    }
}
