package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.HeaderRules;
import io.posthorn.model.CustomHeader;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads an endpoint's headers from a body, with their rules: {@code headers}, and which of them are secret. */
final class HeaderFields {
    private static final int ENOUGH_PROBLEMS = 20;

    private HeaderFields() {}

    /**
     * All headers of an endpoint.
     *
     * @return null to keep the present ones; a change to null has none
     */
    static @Nullable List<CustomHeader> whole(Fields fields) {
        if (!fields.has("headers")) {
            return null;
        }
        return fields.isNull("headers") ? List.of() : all(fields, named(fields, "sensitive"));
    }

    /**
     * A change of some of them: those to be set, those to be kept secret, and those to be removed. A header that was
     * secret stays so when it is set anew.
     */
    static Patch patch(Fields fields) {
        Set<String> secret = named(fields, "sensitive");
        Set<String> removed = named(fields, "deleteHeaders");
        List<CustomHeader> set = all(fields, secret);
        for (CustomHeader header : set) {
            if (removed.contains(HeaderRules.lower(header.name()))) {
                fields.refuse("deleteHeaders", "names " + header.name() + ", which headers sets; give one of them");
            }
        }
        return new Patch(set, secret, removed);
    }

    /**
     * A change of some headers.
     *
     * @param set new ones, and new values
     * @param secret names in lower case
     * @param removed names in lower case
     */
    record Patch(List<CustomHeader> set, Set<String> secret, Set<String> removed) {
        List<CustomHeader> of(List<CustomHeader> present) {
            Map<String, CustomHeader> all = new LinkedHashMap<>();
            present.forEach(header -> all.put(HeaderRules.lower(header.name()), header));
            removed.forEach(all::remove);
            for (CustomHeader header : set) {
                all.merge(HeaderRules.lower(header.name()), header, (was, now) -> secret(now, was.sensitive()));
            }
            all.replaceAll((name, header) -> secret(header, secret.contains(name)));
            return List.copyOf(all.values());
        }

        private static CustomHeader secret(CustomHeader header, boolean too) {
            return new CustomHeader(header.name(), header.value(), header.sensitive() || too);
        }
    }

    private static List<CustomHeader> all(Fields fields, Set<String> secret) {
        JsonNode object = fields.raw("headers");
        List<CustomHeader> all = new ArrayList<>();
        if (object.isMissingNode()) {
            return all;
        }
        if (!object.isObject()) {
            fields.problems().add(Problem.type("must be an object of texts", "body", "headers"));
            return all;
        }
        for (Map.Entry<String, JsonNode> each : object.properties()) {
            if (fields.problems().size() >= ENOUGH_PROBLEMS) {
                return all;
            }
            Problem problem = problem(each.getKey(), each.getValue());
            if (problem == null) {
                String value = each.getValue().textValue();
                boolean hidden = HeaderRules.sensitive(each.getKey(), value)
                        || secret.contains(HeaderRules.lower(each.getKey()));
                all.add(new CustomHeader(each.getKey(), value, hidden));
            } else {
                fields.problems().add(problem);
            }
        }
        String broken = HeaderRules.all(all);
        if (broken != null) {
            fields.refuse("headers", broken);
        }
        return all;
    }

    private static @Nullable Problem problem(String name, JsonNode value) {
        String place = name.length() > HeaderRules.MOST_NAME ? name.substring(0, HeaderRules.MOST_NAME) : name;
        String broken = HeaderRules.name(name);
        if (broken != null) {
            return Problem.value(broken, "body", "headers", place);
        }
        if (!value.isTextual()) {
            return Problem.type("must be a text", "body", "headers", place);
        }
        broken = HeaderRules.value(value.textValue());
        return broken == null ? null : Problem.value(broken, "body", "headers", place);
    }

    /** A list of names, in lower case. */
    private static Set<String> named(Fields fields, String field) {
        List<String> names = fields.has(field) && !fields.isNull(field)
                ? fields.names(field, field, List.of(), list -> null, name -> null)
                : null;
        Set<String> lower = new HashSet<>();
        if (names != null) {
            names.forEach(name -> lower.add(HeaderRules.lower(name)));
        }
        return lower;
    }
}
