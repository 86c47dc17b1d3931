package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.posthorn.runtime.Durations;
import io.posthorn.runtime.Script;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a publisher wants a synchronous message decided: the member {@code sync} of its body.
 *
 * @param deadline from when the request is there to when it is answered
 * @param rule whose answers count
 * @param merge JSONata that makes the content of the answers; null unless that is the rule
 * @param closed whether the publisher is not to proceed where a subscriber fails
 */
record SyncRequest(Duration deadline, Rule rule, @Nullable String merge, boolean closed) {
    static final Duration USUAL_DEADLINE = Duration.ofSeconds(5);
    static final Duration SHORTEST_DEADLINE = Duration.ofMillis(100);
    static final Duration LONGEST_DEADLINE = Duration.ofSeconds(30);

    private static final String SYNC = "sync";
    private static final Set<String> MEMBERS = Set.of("deadline", "decision", "merge", "failure");

    /** Whose answers count. */
    enum Rule {
        /** That of the subscriber who is the first to succeed. Nobody waits for the others. */
        FIRST,
        /** Those of all: each has to succeed, and those that change the content have to agree. */
        ALL,
        /** What a JSONata expression makes of them. */
        MERGE,
        /** Any of them may forbid it. */
        VETO
    }

    /**
     * Reads it.
     *
     * @param given the member; null if there is none
     * @param problems gets what is wrong
     */
    static SyncRequest of(byte @Nullable [] given, List<Problem> problems) {
        JsonNode sync = MissingNode.getInstance();
        if (given != null) {
            switch (Json.parse(given)) {
                case Json.Parsed.Wrong(Problem problem) -> problems.add(Problem.value(problem.msg(), "body", SYNC));
                case Json.Parsed.Value(JsonNode node) -> sync = node;
            }
        }
        return of(sync, problems);
    }

    private static SyncRequest of(JsonNode sync, List<Problem> problems) {
        if (!sync.isMissingNode() && !sync.isNull() && !sync.isObject()) {
            problems.add(Problem.type("must be an object", "body", SYNC));
            return new SyncRequest(USUAL_DEADLINE, Rule.FIRST, null, false);
        }
        List<String> unknown = new ArrayList<>();
        sync.fieldNames().forEachRemaining(name -> {
            if (!MEMBERS.contains(name)) {
                unknown.add(name);
            }
        });
        if (!unknown.isEmpty()) {
            problems.add(Problem.value("is not known here", "body", SYNC, unknown.getFirst()));
        }
        Rule rule = rule(sync, problems);
        return new SyncRequest(deadline(sync, problems), rule, merge(sync, rule, problems), closed(sync, problems));
    }

    private static Duration deadline(JsonNode sync, List<Problem> problems) {
        JsonNode given = sync.path("deadline");
        if (given.isMissingNode() || given.isNull()) {
            return USUAL_DEADLINE;
        }
        Duration deadline = given.isTextual() ? Durations.parse(given.textValue()) : null;
        if (deadline == null || deadline.compareTo(SHORTEST_DEADLINE) < 0 || deadline.compareTo(LONGEST_DEADLINE) > 0) {
            problems.add(Problem.value(
                    "must be a time from " + Durations.show(SHORTEST_DEADLINE) + " to "
                            + Durations.show(LONGEST_DEADLINE) + ", such as \"3s\"",
                    "body",
                    SYNC,
                    "deadline"));
            return USUAL_DEADLINE;
        }
        return deadline;
    }

    private static Rule rule(JsonNode sync, List<Problem> problems) {
        JsonNode given = sync.path("decision");
        if (given.isMissingNode() || given.isNull()) {
            return Rule.FIRST;
        }
        switch (given.isTextual() ? given.textValue() : "") {
            case "first" -> {
                return Rule.FIRST;
            }
            case "all" -> {
                return Rule.ALL;
            }
            case "merge" -> {
                return Rule.MERGE;
            }
            case "veto" -> {
                return Rule.VETO;
            }
            default -> {
                problems.add(Problem.value("must be first, all, merge or veto", "body", SYNC, "decision"));
                return Rule.FIRST;
            }
        }
    }

    private static @Nullable String merge(JsonNode sync, Rule rule, List<Problem> problems) {
        JsonNode given = sync.path("merge");
        if (given.isMissingNode() || given.isNull()) {
            if (rule == Rule.MERGE) {
                problems.add(Problem.missing("body", SYNC, "merge"));
            }
            return null;
        }
        if (!given.isTextual()) {
            problems.add(Problem.type("must be a text", "body", SYNC, "merge"));
            return null;
        }
        if (rule != Rule.MERGE) {
            problems.add(Problem.value("goes with the decision merge only", "body", SYNC, "merge"));
            return null;
        }
        String broken = Script.broken(given.textValue());
        if (broken != null) {
            problems.add(Problem.value(broken, "body", SYNC, "merge"));
        }
        return given.textValue();
    }

    private static boolean closed(JsonNode sync, List<Problem> problems) {
        JsonNode given = sync.path("failure");
        if (given.isMissingNode() || given.isNull()) {
            return false;
        }
        String text = given.isTextual() ? given.textValue() : "";
        if (!text.equals("open") && !text.equals("closed")) {
            problems.add(Problem.value("must be open or closed", "body", SYNC, "failure"));
        }
        return text.equals("closed");
    }
}
