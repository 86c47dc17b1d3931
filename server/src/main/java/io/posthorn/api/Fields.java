package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.posthorn.catalog.Rules;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The members of a JSON object, read with their rules; what breaks one is noted, so that all of it is told at once.
 *
 * <p>Each reading method takes the value to be used when the member is absent, which makes one description of an object
 * serve for making it (absent means the usual value), replacing it, and changing parts of it (absent means the present
 * value). Null means absent when an object is made or replaced; in a change it means "none", and is refused where there
 * has to be one.
 */
final class Fields {
    /** A rule for a value. */
    @FunctionalInterface
    interface Rule<T> {
        /** Null if the value keeps it, else the rule itself, for people. */
        @Nullable
        String broken(T value);
    }

    /** Nobody reads more problems than that at once. */
    static final int ENOUGH = 20;

    private final JsonNode object;
    private final boolean partial;
    private final boolean ruled;
    private final List<Problem> problems = new ArrayList<>();

    /**
     * Nothing read yet.
     *
     * @param object the body
     * @param partial whether it is a change of parts
     */
    Fields(JsonNode object, boolean partial) {
        this(object, partial, true);
    }

    private Fields(JsonNode object, boolean partial, boolean ruled) {
        this.object = object;
        this.partial = partial;
        this.ruled = ruled;
    }

    /**
     * The same members, of which all rules are known to be kept. A change is checked once, with nothing locked, and
     * read again when the thing it changes is known; rules may be slow, such as those for URLs.
     */
    Fields checked() {
        return new Fields(object, partial, false);
    }

    /** Whether rules are asked at all; if not, they are known to be kept. */
    boolean ruled() {
        return ruled;
    }

    List<Problem> problems() {
        return problems;
    }

    private JsonNode member(String name) {
        JsonNode member = object.path(name);
        return !partial && member.isNull() ? MissingNode.getInstance() : member;
    }

    /** Whether a change names it, be it to set it to null. */
    boolean has(String name) {
        return !member(name).isMissingNode();
    }

    boolean isNull(String name) {
        return member(name).isNull();
    }

    JsonNode raw(String name) {
        return member(name);
    }

    /** A text that there has to be. */
    String requiredText(String name, String ifAbsent, Rule<String> rule) {
        if (!partial && !has(name)) {
            problems.add(Problem.missing("body", name));
        }
        return text(name, ifAbsent, rule);
    }

    /** A text that cannot be null. */
    String text(String name, String ifAbsent, Rule<String> rule) {
        JsonNode member = member(name);
        if (member.isMissingNode()) {
            return ifAbsent;
        }
        if (!member.isTextual()) {
            problems.add(Problem.type("must be a text", "body", name));
            return ifAbsent;
        }
        check(member.textValue(), rule, name);
        return member.textValue();
    }

    /** A text or null. */
    @Nullable
    String optionalText(String name, @Nullable String ifAbsent, Rule<String> rule) {
        JsonNode member = member(name);
        if (member.isMissingNode()) {
            return ifAbsent;
        }
        return member.isNull() ? null : text(name, "", rule);
    }

    boolean flag(String name, boolean ifAbsent) {
        JsonNode member = member(name);
        if (!member.isMissingNode() && !member.isBoolean()) {
            problems.add(Problem.type("must be true or false", "body", name));
        }
        return member.isBoolean() ? member.booleanValue() : ifAbsent;
    }

    /** A whole number or null, under one of two names. */
    @Nullable
    Integer number(String name, String alias, @Nullable Integer ifAbsent, Rule<Integer> rule) {
        String used = either(name, alias);
        JsonNode member = member(used);
        if (member.isMissingNode()) {
            return ifAbsent;
        }
        if (member.isNull()) {
            return null;
        }
        if (!member.canConvertToInt() || !member.isIntegralNumber()) {
            problems.add(Problem.type("must be a whole number up to " + Integer.MAX_VALUE, "body", used));
            return ifAbsent;
        }
        check(member.intValue(), rule, used);
        return member.intValue();
    }

    /** A whole number that cannot be null. */
    int whole(String name, int ifAbsent, Rule<Integer> rule) {
        Integer given = number(name, name, ifAbsent, rule);
        if (given == null) {
            problems.add(Problem.type("must be a whole number", "body", name));
            return ifAbsent;
        }
        return given;
    }

    /** An object of texts that cannot be null. */
    Map<String, String> texts(String name, Map<String, String> ifAbsent, Rule<Map<String, String>> rule) {
        JsonNode member = member(name);
        if (member.isMissingNode()) {
            return ifAbsent;
        }
        if (!member.isObject()) {
            problems.add(Problem.type("must be an object of texts", "body", name));
            return ifAbsent;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> each : member.properties()) {
            if (each.getValue().isTextual()) {
                texts.put(each.getKey(), each.getValue().textValue());
            } else {
                problems.add(Problem.type("must be a text", "body", name, each.getKey()));
            }
        }
        check(texts, rule, name);
        return Collections.unmodifiableMap(texts);
    }

    /** A list of texts without repetitions, or null, under one of two names. */
    @Nullable
    List<String> names(
            String name,
            String alias,
            @Nullable List<String> ifAbsent,
            Rule<List<String>> rule,
            Rule<String> ruleForEach) {
        String used = either(name, alias);
        JsonNode member = member(used);
        if (member.isMissingNode()) {
            return ifAbsent;
        }
        if (member.isNull()) {
            return null;
        }
        if (!member.isArray()) {
            problems.add(Problem.type("must be a list of texts", "body", used));
            return ifAbsent;
        }
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < member.size(); i++) {
            JsonNode each = member.get(i);
            String wrong = !each.isTextual() ? "must be a text" : ruled ? ruleForEach.broken(each.textValue()) : null;
            if (wrong == null) {
                names.add(each.textValue());
            } else {
                problems.add(
                        each.isTextual()
                                ? Problem.value(wrong, "body", used, i)
                                : Problem.type(wrong, "body", used, i));
            }
            if (problems.size() > ENOUGH) {
                return ifAbsent; // enough to read
            }
        }
        List<String> list = List.copyOf(names);
        if (problems.isEmpty()) {
            check(list, rule, used);
        }
        return list;
    }

    /** Two names for the same thing: either may be given, or both if they agree. */
    private String either(String name, String alias) {
        if (!has(name)) {
            return alias;
        }
        if (has(alias) && !member(name).equals(member(alias))) {
            problems.add(Problem.value("says something else than " + name + "; give one of them", "body", alias));
        }
        return name;
    }

    /** A part of the path that is to become a value. */
    void path(String name, String value, Rule<String> rule) {
        String broken = rule.broken(value);
        if (broken != null) {
            problems.add(Problem.value(broken, "path", name));
        }
    }

    /** An id of ours, or what may be a uid. */
    static @Nullable String uidInPath(String key) {
        return Rules.looksLikeId(key) ? null : Rules.uid(key);
    }

    void refuse(String name, String rule) {
        problems.add(Problem.value(rule, "body", name));
    }

    /** As {@link #refuse(String, String)}, of a member somewhere below. */
    void refuse(String name, List<String> path, String rule) {
        List<Object> place = new ArrayList<>(List.of("body", name));
        place.addAll(path);
        problems.add(Problem.value(rule, place.toArray()));
    }

    private <T> void check(T value, Rule<T> rule, String name) {
        String broken = ruled ? rule.broken(value) : null;
        if (broken != null) {
            refuse(name, broken);
        }
    }
}
