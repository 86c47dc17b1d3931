package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * A list of the API, followed from page to page and printed as it comes: as a table, or as one JSON array. It never
 * holds more than a page.
 */
final class Listing {
    private static final int USUAL = 50;
    private static final int ALL = 100_000;
    private static final int MOST = 10_000_000;
    private static final int PAGE = 250;

    private final List<Column> columns;
    private final Values values;
    private final Printer printer;

    /**
     * A listing.
     *
     * @param columns of the table
     * @param values what was given, with the options of {@link #addTo}
     * @param printer where it goes
     */
    Listing(List<Column> columns, Values values, Printer printer) {
        this.columns = List.copyOf(columns);
        this.values = values;
        this.printer = printer;
    }

    /** Adds the options that every list has. */
    static void addTo(CommandSpec command) {
        command.addOption(OptionSpec.builder("--limit")
                        .paramLabel("NUMBER")
                        .type(String.class)
                        .description("Print at most so many. Default: 50; with --all 100,000")
                        .build())
                .addOption(OptionSpec.builder("--all")
                        .type(boolean.class)
                        .description("Follow the pages to the end, or to --limit.")
                        .build())
                .addOption(OptionSpec.builder("--iterator")
                        .paramLabel("ITERATOR")
                        .type(String.class)
                        .description("Go on where an earlier list ended.")
                        .build())
                .addOption(OptionSpec.builder("--order")
                        .paramLabel("ORDER")
                        .type(String.class)
                        .completionCandidates(List.of("ascending", "descending"))
                        .description("ascending or descending")
                        .build());
    }

    /** Prints it; the answer is the exit code. */
    int run(ApiClient api, String path, List<String> parameters, boolean json)
            throws RemoteFailure, InterruptedException {
        int limit = limit();
        Sink sink = json ? new JsonSink() : new TableSink();
        String iterator = values.text("--iterator");
        int left = limit;
        while (true) {
            List<String> query = new ArrayList<>(parameters);
            query.add("limit=" + Math.min(PAGE, left));
            if (iterator != null) {
                query.add("iterator=" + ApiClient.encode(iterator));
            }
            String order = values.text("--order");
            if (order != null) {
                query.add("order=" + ApiClient.encode(order));
            }
            JsonNode page = api.json(ApiClient.Call.of("GET", path + "?" + String.join("&", query), (JsonNode) null));
            JsonNode data = page.path("data");
            sink.take(data);
            left -= data.size();
            String next = page.path("iterator").textValue();
            boolean done = page.path("done").asBoolean(true) || next == null || next.equals(iterator) || data.isEmpty();
            if (done || left <= 0 || printer.out().checkError()) {
                sink.end();
                if (!done && next != null) {
                    printer.err().println("There is more: a larger --limit, or --iterator " + Cells.oneLine(next));
                }
                return ExitCodes.OK;
            }
            iterator = next;
        }
    }

    private int limit() {
        String text = values.text("--limit");
        if (text == null) {
            return values.has("--all") ? ALL : USUAL;
        }
        try {
            int limit = Integer.parseInt(text);
            if (limit >= 1 && limit <= MOST) {
                return limit;
            }
        } catch (NumberFormatException e) {
            throw values.wrong("--limit must be a whole number, not " + text);
        }
        throw values.wrong("--limit must be 1 to " + MOST);
    }

    /** Where pages go. */
    private interface Sink {
        void take(JsonNode data);

        void end();
    }

    private final class TableSink implements Sink {
        private final Table table =
                printer.table(columns.stream().map(Column::heading).toList());

        @Override
        public void take(JsonNode data) {
            List<List<String>> rows = new ArrayList<>();
            data.forEach(entry -> rows.add(
                    columns.stream().map(column -> column.cell().apply(entry)).toList()));
            table.print(rows);
        }

        @Override
        public void end() {
            printer.out().flush();
        }
    }

    private final class JsonSink implements Sink {
        private boolean first = true;

        @Override
        public void take(JsonNode data) {
            for (JsonNode entry : data) {
                printer.out().print(first ? "[\n  " : ",\n  ");
                first = false;
                printer.out().print(JsonText.pretty(entry).replace("\n", "\n  "));
            }
        }

        @Override
        public void end() {
            printer.out().println(first ? "[]" : "\n]");
        }
    }
}
