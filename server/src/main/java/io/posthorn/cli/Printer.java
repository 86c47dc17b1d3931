package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine;

/** Writes answers to standard output. */
final class Printer {
    private final Surroundings surroundings;
    private final CommandLine command;

    Printer(Surroundings surroundings, CommandLine command) {
        this.surroundings = surroundings;
        this.command = command;
    }

    PrintWriter out() {
        return surroundings.out();
    }

    PrintWriter err() {
        return surroundings.err();
    }

    /** A table as wide as the terminal, or as it needs to be where there is none. */
    Table table(List<String> headings) {
        int width = surroundings.terminal() ? command.getUsageHelpWidth() : 0;
        return new Table(out(), headings, width, surroundings.colours());
    }

    /** The API's JSON; nothing if the answer was empty. */
    void json(JsonNode answer) {
        if (!answer.isMissingNode()) {
            out().println(JsonText.pretty(answer));
        }
    }

    /** The members of an object, one in a line. */
    void members(JsonNode answer) {
        if (!answer.isObject()) {
            json(answer);
            return;
        }
        int longest = 0;
        List<String> names = new ArrayList<>();
        for (String name : (Iterable<String>) answer::fieldNames) {
            names.add(name);
            longest = Math.max(longest, name.length());
        }
        for (String name : names) {
            JsonNode value = answer.path(name);
            String text = Cells.of(value);
            out().println(name + " ".repeat(longest - name.length() + 2) + text);
        }
    }
}
