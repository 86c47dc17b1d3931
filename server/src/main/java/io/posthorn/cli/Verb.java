package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * A command that is one request of the API: {@code posthorn endpoint update} is PATCH. It is described rather than
 * written: a path, the options that become the body or the query, and how the answer is shown.
 *
 * <p>In a path, {@code {--app}} is the value of that option, and {@code {ENDPOINT}} a parameter without a name, in
 * their order.
 */
final class Verb {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([^}]+)}");

    private final String method;
    private final String help;
    private final String template;
    private final List<Field> body = new ArrayList<>();
    private final List<Field> query = new ArrayList<>();
    private final List<Column> columns = new ArrayList<>();
    private final List<String> footer = new ArrayList<>();
    private final List<OptionSpec> options = new ArrayList<>();
    private String name;
    private String deleted = "Deleted";
    private Function<Values, String> path;
    private Function<JsonNode, String> said = answer -> "";
    private @Nullable String withoutContent;
    private boolean somethingNeeded;

    private Verb(String name, String method, String path, String help) {
        this.name = name;
        this.method = method;
        this.help = help;
        this.template = path;
        this.path = values -> path;
    }

    /** A list, which is shown as a table. */
    static Verb list(String path, String help, Column... columns) {
        Verb verb = new Verb("list", "GET", path, help);
        verb.columns.addAll(List.of(columns));
        return verb;
    }

    /** A read. */
    static Verb get(String name, String path, String help) {
        return new Verb(name, "GET", path, help);
    }

    /** Something is made or done. */
    static Verb post(String name, String path, String help) {
        return new Verb(name, "POST", path, help);
    }

    /** A change of what is named by options; it needs one at least. */
    static Verb patch(String name, String path, String help) {
        Verb verb = new Verb(name, "PATCH", path, help);
        verb.somethingNeeded = true;
        return verb;
    }

    /** Something goes; what is said of it ends with its name. */
    static Verb delete(String name, String path, String help) {
        return new Verb(name, "DELETE", path, help);
    }

    Verb body(Field... fields) {
        body.addAll(List.of(fields));
        return this;
    }

    Verb query(Field... fields) {
        query.addAll(List.of(fields));
        return this;
    }

    /** The list is of another path, by what was given; the options in it have to be in the query or the first path. */
    Verb path(Function<Values, String> chosen) {
        path = chosen;
        return this;
    }

    /** As a table it needs no payloads, and the query says so: such as {@code with_content=false}. */
    Verb tableQuery(String parameter) {
        withoutContent = parameter;
        return this;
    }

    /** Another name than the usual one. */
    Verb named(String other) {
        name = other;
        return this;
    }

    /** What is said before the name of what is gone. */
    Verb deleted(String word) {
        deleted = word;
        return this;
    }

    /** An option that only {@link #path} knows. */
    Verb option(String option, String text) {
        options.add(OptionSpec.builder(option)
                .paramLabel(option.substring(2).toUpperCase(Locale.ROOT))
                .type(String.class)
                .arity("1")
                .description(text)
                .build());
        return this;
    }

    /** A sentence about what was done, instead of the answer's members. */
    Verb says(Function<JsonNode, String> sentence) {
        said = sentence;
        return this;
    }

    /** An example, and what it does. */
    Verb example(String command, String comment) {
        footer.add("  posthorn " + command + (comment.isEmpty() ? "" : "   # " + comment));
        return this;
    }

    String name() {
        return name;
    }

    /** For the help of its group. */
    String firstExample() {
        return footer.getFirst().replace("%", "%%");
    }

    /** The command. */
    CommandSpec spec(Surroundings surroundings) {
        Run run = new Run(surroundings);
        CommandSpec spec = CommandSpec.wrapWithoutInspection(run).name(name);
        run.attach(spec);
        for (String placeholder : placeholders()) {
            spec.add(argument(spec, placeholder));
        }
        options.forEach(spec::addOption);
        query.forEach(field -> spec.addOption(field.spec()));
        body.forEach(field -> spec.addOption(field.spec()));
        if (!columns.isEmpty()) {
            Listing.addTo(spec);
        }
        List<String> lines = new ArrayList<>(List.of("%nExamples"));
        footer.forEach(line -> lines.add(line.replace("%", "%%")));
        spec.usageMessage().description(help.replace("%", "%%")).footer(lines.toArray(String[]::new));
        return spec.mixinStandardHelpOptions(true).versionProvider(new Version());
    }

    private List<String> placeholders() {
        List<String> found = new ArrayList<>();
        Matcher matcher = PLACEHOLDER.matcher(template);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }

    private static ArgSpec argument(CommandSpec spec, String placeholder) {
        if (!placeholder.startsWith("--")) {
            return PositionalParamSpec.builder()
                    .paramLabel(placeholder)
                    .type(String.class)
                    .arity("1")
                    .index(Integer.toString(spec.positionalParameters().size()))
                    .description("Its " + PathParts.rule(placeholder))
                    .build();
        }
        boolean app = placeholder.equals(PathParts.APP);
        return OptionSpec.builder(placeholder)
                .paramLabel(placeholder.substring(2).toUpperCase(Locale.ROOT))
                .type(String.class)
                .arity("1")
                .required(!app)
                .description(PathParts.help(placeholder))
                .build();
    }

    /** A call of it. */
    private final class Run implements Callable<Integer> {
        private final Surroundings surroundings;
        private @Nullable CommandSpec spec;
        private @Nullable RemoteOptions remote;

        Run(Surroundings surroundings) {
            this.surroundings = surroundings;
        }

        void attach(CommandSpec command) {
            spec = command;
            remote = RemoteOptions.addTo(command);
        }

        @Override
        public Integer call() throws RemoteFailure, InterruptedException {
            if (spec == null || remote == null) {
                throw new IllegalStateException("the command was not built");
            }
            Values values = new Values(spec.commandLine(), surroundings);
            String place = PathParts.fill(path.apply(values), values);
            JsonNode content = values.body(body);
            if (somethingNeeded && content.isEmpty()) {
                throw values.wrong("nothing to change: give at least one of "
                        + String.join(", ", body.stream().map(Field::option).toList()));
            }
            List<String> parameters = values.query(query);
            if (!remote.json() && withoutContent != null) {
                parameters.add(withoutContent);
            }
            try (ApiClient api = remote.connect(surroundings, spec.commandLine())) {
                return columns.isEmpty()
                        ? single(api, place, parameters, content, remote.json())
                        : new Listing(columns, values, new Printer(surroundings, spec.commandLine()))
                                .run(api, place, parameters, remote.json());
            }
        }

        private int single(ApiClient api, String place, List<String> parameters, JsonNode content, boolean json)
                throws RemoteFailure, InterruptedException {
            String whole = place + (parameters.isEmpty() ? "" : "?" + String.join("&", parameters));
            boolean has = method.equals("POST") || method.equals("PATCH");
            JsonNode answer = api.json(ApiClient.Call.of(method, whole, has ? content : null));
            Printer printer =
                    new Printer(surroundings, Objects.requireNonNull(spec).commandLine());
            String sentence = said.apply(answer);
            if (json) {
                printer.json(answer);
            } else if (method.equals("DELETE")) {
                surroundings.out().println(sentence.isEmpty() ? deleted + " " + last(place) + "." : sentence);
            } else if (sentence.isEmpty()) {
                printer.members(answer);
            } else {
                surroundings.out().println(sentence);
            }
            return ExitCodes.OK;
        }

        private String last(String place) {
            return URLDecoder.decode(place.substring(place.lastIndexOf('/') + 1), StandardCharsets.UTF_8);
        }
    }
}
