package io.posthorn.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.OptionSpec;

/**
 * An option that becomes a member of a request's body or a parameter of its query.
 *
 * @param option such as {@code --uid}
 * @param name of the member or the parameter
 * @param kind what may be written
 * @param help a sentence
 * @param required whether the command makes no sense without it
 * @param choices of a {@link Kind#CHOICE}: what may be written and what it is to the API, in the order of the help
 */
record Field(String option, String name, Kind kind, String help, boolean required, Map<String, String> choices) {
    Field(String option, String name, Kind kind, String help, boolean required) {
        this(option, name, kind, help, required, Map.of());
    }

    /** What may be written. An empty value stands for null, where null is possible. */
    enum Kind {
        /** A text; empty is null. */
        TEXT("TEXT"),
        /** A text that is never null. */
        WORDS("TEXT"),
        /** A whole number; empty is null. */
        NUMBER("NUMBER"),
        /** {@code true} or {@code false}. */
        FLAG("true|false"),
        /** A list of texts, the option once for each; one that is empty is null. */
        TEXTS("TEXT"),
        /** An object of texts, {@code NAME=VALUE} once for each; one that is empty is the empty object. */
        PAIRS("NAME=VALUE"),
        /** The same for headers, which may be written {@code NAME: VALUE} too. */
        HEADERS("NAME=VALUE"),
        /** One of a few words, in whatever case, or what it is to the API. */
        CHOICE("NAME"),
        /** A time; a duration is counted back from now. */
        PAST("TIME"),
        /** A time; a duration is counted forward from now; empty is null. */
        FUTURE("TIME"),
        /** JSON, or {@code @FILE}; empty is null. */
        JSON("JSON|@FILE");

        private final String label;

        Kind(String label) {
            this.label = label;
        }

        /** Whether the option may be given more than once. */
        boolean many() {
            return this == TEXTS || this == PAIRS || this == HEADERS;
        }
    }

    static Field text(String option, String name, String help) {
        return new Field(option, name, Kind.TEXT, help, false);
    }

    static Field words(String option, String name, String help) {
        return new Field(option, name, Kind.WORDS, help, false);
    }

    static Field number(String option, String name, String help) {
        return new Field(option, name, Kind.NUMBER, help, false);
    }

    static Field flag(String option, String name, String help) {
        return new Field(option, name, Kind.FLAG, help, false);
    }

    static Field texts(String option, String name, String help) {
        return new Field(option, name, Kind.TEXTS, help, false);
    }

    static Field pairs(String option, String name, String help) {
        return new Field(option, name, Kind.PAIRS, help, false);
    }

    static Field headers(String option, String name, String help) {
        return new Field(option, name, Kind.HEADERS, help, false);
    }

    /**
     * One of a few words.
     *
     * @param choices each {@code word=value}; the value may be written, too
     */
    static Field choice(String option, String name, String help, String... choices) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String each : choices) {
            int equals = each.indexOf('=');
            values.put(each.substring(0, equals), each.substring(equals + 1));
        }
        return new Field(option, name, Kind.CHOICE, help, false, values);
    }

    static Field past(String option, String name, String help) {
        return new Field(option, name, Kind.PAST, help, false);
    }

    static Field future(String option, String name, String help) {
        return new Field(option, name, Kind.FUTURE, help, false);
    }

    static Field json(String option, String name, String help) {
        return new Field(option, name, Kind.JSON, help, false);
    }

    /** The same, and the command needs it. */
    Field needed() {
        return new Field(option, name, kind, help, true, choices);
    }

    /** As picocli knows it: always a text, which is judged when the request is made. */
    OptionSpec spec() {
        OptionSpec.Builder spec = OptionSpec.builder(option)
                .paramLabel(kind.label)
                .required(required)
                .arity("1")
                .description(help.replace("%", "%%"));
        if (kind == Kind.FLAG) {
            spec.completionCandidates(List.of("true", "false"));
        } else if (kind == Kind.CHOICE) {
            spec.completionCandidates(words());
        }
        return kind.many()
                ? spec.type(List.class).auxiliaryTypes(String.class).build()
                : spec.type(String.class).build();
    }

    /** The words to choose from: what is not a number. */
    List<String> words() {
        return choices.keySet().stream()
                .filter(word -> !word.chars().allMatch(Character::isDigit))
                .toList();
    }
}
