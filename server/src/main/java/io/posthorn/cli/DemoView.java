package io.posthorn.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The demo while it runs: on a terminal a block of lines that is written over ten times a second, elsewhere a plain
 * line every second.
 */
final class DemoView {
    private static final int BAR = 30;

    private final DemoBoard board;
    private final PrintWriter out;
    private final boolean terminal;
    private final boolean colours;
    private int drawn;

    /** A view of a board. */
    DemoView(DemoBoard board, Surroundings surroundings) {
        this.board = board;
        this.out = surroundings.out();
        this.terminal = surroundings.terminal();
        this.colours = surroundings.colours();
    }

    /** How often to show. */
    Duration interval() {
        return terminal ? Duration.ofMillis(100) : Duration.ofSeconds(1);
    }

    /**
     * Shows the present state.
     *
     * @param elapsed since the first event was sent
     */
    void show(Duration elapsed) {
        if (!terminal) {
            out.println(line(elapsed));
            return;
        }
        StringBuilder text = new StringBuilder();
        if (drawn > 0) {
            text.append("\u001b[").append(drawn).append('A');
        }
        List<String> block = block();
        block.forEach(line -> text.append("\u001b[2K").append(line).append('\n'));
        drawn = block.size();
        out.print(text);
        out.flush();
    }

    /** The last state stays; what is printed next stands below it. */
    void end() {
        drawn = 0;
        out.println();
    }

    private String line(Duration elapsed) {
        StringBuilder line = new StringBuilder("%4.1f s  accepted %d/%d"
                .formatted(elapsed.toMillis() / 1000.0, board.accepted().size(), board.expected()));
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            DemoTally tally = board.tally(endpoint);
            line.append("  %s %d".formatted(endpoint.title(), tally.events()));
            if (tally.retries() > 0) {
                line.append(" (%d retries)".formatted(tally.retries()));
            }
        }
        return line.toString();
    }

    private List<String> block() {
        List<String> lines = new ArrayList<>();
        lines.add(row("accepted", board.accepted().size(), "events over the API"));
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            DemoTally tally = board.tally(endpoint);
            String retried = tally.retries() > 0 ? ", %d retries".formatted(tally.retries()) : "";
            lines.add(row(endpoint.title(), tally.events(), endpoint.behaviour() + retried));
        }
        return lines;
    }

    private String row(String name, int count, String note) {
        int full = board.expected() == 0 ? BAR : Math.min(BAR, BAR * count / board.expected());
        String bar = "█".repeat(full) + "░".repeat(BAR - full);
        String shown = colours ? (full == BAR ? "\u001b[32m" : "\u001b[36m") + bar + "\u001b[0m" : bar;
        return "  %-9s %s %5d  %s".formatted(name, shown, count, note);
    }
}
