package io.posthorn.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line.
 *
 * @param scenarios what to run, in this order; {@code quick} and {@code full} stand for themselves
 * @param posthorn the command that starts the product
 * @param onFloor whether the floor stands in for the product, to try the harness out
 * @param strict whether a figure below its bound makes the exit code 1
 * @param pairs how often floor and product take turns
 * @param seconds how long each of these turns is
 * @param kills how often the server is killed
 * @param stored how many messages are stored beforehand, for {@code stored}
 * @param outstanding messages under way in a closed loop; 0 to try several and keep the best
 * @param results the folder for the JSON files
 */
record Options(
        List<String> scenarios,
        Path posthorn,
        boolean onFloor,
        boolean strict,
        int pairs,
        int seconds,
        int kills,
        int stored,
        int outstanding,
        Path results) {
    /** How to use it. */
    static final String USAGE = """
            Usage: bench [quick | full | SCENARIO…] [options]

            Scenarios: throughput fanout10 order shaped latency isolation backlog wide stored memory start kill
                       sync
              quick             a short form of throughput, latency and kill, within 60 seconds
              full              all of them (the default)

            Options:
              --posthorn PATH   the launcher of the server (./posthorn)
              --on-floor        let the floor stand in for the product, to try the harness out
              --strict          exit with 1 if a figure misses its bound
              --pairs N         turns of each side where two are compared (3)
              --seconds N       length of a turn (10)
              --kills N         how often the server is killed (20)
              --stored N        messages stored beforehand (5000000)
              --outstanding N   messages under way in a closed loop (tries 256, 512, 1024)
              --results DIR     where the JSON goes (bench-results)
            """;

    private static final List<String> KNOWN = List.of(
            "quick",
            "full",
            "throughput",
            "fanout10",
            "order",
            "shaped",
            "latency",
            "isolation",
            "backlog",
            "wide",
            "stored",
            "memory",
            "start",
            "kill",
            "sync");

    /**
     * Reads a command line.
     *
     * @throws IllegalArgumentException with what is wrong with it, for people
     */
    static Options parse(String[] args) {
        List<String> scenarios = new ArrayList<>();
        Path posthorn = Path.of("./posthorn");
        Path results = Path.of("bench-results");
        boolean onFloor = false;
        boolean strict = false;
        int pairs = 3;
        int seconds = 10;
        int kills = 20;
        int stored = 5_000_000;
        int outstanding = 0;
        for (int i = 0; i < args.length; i++) {
            String arg = args[i];
            switch (arg) {
                case "--on-floor" -> onFloor = true;
                case "--strict" -> strict = true;
                case "--posthorn" -> posthorn = Path.of(value(args, ++i));
                case "--results" -> results = Path.of(value(args, ++i));
                case "--pairs" -> pairs = number(args, ++i);
                case "--seconds" -> seconds = number(args, ++i);
                case "--kills" -> kills = number(args, ++i);
                case "--stored" -> stored = number(args, ++i);
                case "--outstanding" -> outstanding = number(args, ++i);
                default -> {
                    if (!KNOWN.contains(arg)) {
                        throw new IllegalArgumentException("\"" + arg + "\" is neither a scenario ("
                                + String.join(", ", KNOWN) + ") nor an option");
                    }
                    scenarios.add(arg);
                }
            }
        }
        if (scenarios.isEmpty()) {
            scenarios.add("full");
        }
        return new Options(scenarios, posthorn, onFloor, strict, pairs, seconds, kills, stored, outstanding, results);
    }

    private static String value(String[] args, int at) {
        if (at >= args.length) {
            throw new IllegalArgumentException(args[at - 1] + " needs a value");
        }
        return args[at];
    }

    private static int number(String[] args, int at) {
        String text = value(args, at);
        if (!text.matches("[1-9][0-9]{0,8}")) {
            throw new IllegalArgumentException(args[at - 1] + " is a whole number above 0, not \"" + text + "\"");
        }
        return Integer.parseInt(text);
    }
}
