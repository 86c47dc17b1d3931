package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.Rules;
import io.posthorn.model.SchemaMode;
import io.posthorn.runtime.Script;
import io.posthorn.runtime.ScriptException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What an event type promises, read from a request: example, scopes, enforcement, versions and their steps. */
final class PromiseFields {
    private PromiseFields() {}

    static EventTypeDraft.Promise read(Fields fields, EventTypeDraft.Promise base) {
        return new EventTypeDraft.Promise(
                example(fields, base),
                scopes(fields, base),
                fields.flag("sync", base.sync()),
                mode(fields, base),
                fields.optionalText("version", base.version(), Rules::versionName),
                downgrades(fields, base));
    }

    private static @Nullable String example(Fields fields, EventTypeDraft.Promise base) {
        JsonNode example = fields.raw("example");
        if (example.isMissingNode()) {
            return base.example();
        }
        if (example.isNull()) {
            return null;
        }
        String text = Json.text(example);
        if (text.getBytes(StandardCharsets.UTF_8).length > Rules.MOST_EXAMPLE) {
            fields.refuse("example", "must have at most " + Rules.MOST_EXAMPLE + " bytes");
            return base.example();
        }
        return text;
    }

    private static List<String> scopes(Fields fields, EventTypeDraft.Promise base) {
        return Objects.requireNonNullElse(
                fields.names("scopes", "scopes", base.scopes(), Rules::scopes, Rules::scope), List.of());
    }

    private static SchemaMode mode(Fields fields, EventTypeDraft.Promise base) {
        String word = fields.text("schemaMode", EventTypeRoutes.word(base.schemaMode()), PromiseFields::noMode);
        return noMode(word) == null ? SchemaMode.valueOf(word.toUpperCase(Locale.ROOT)) : base.schemaMode();
    }

    private static @Nullable String noMode(String word) {
        return switch (word) {
            case "off", "warn", "reject" -> null;
            default -> "must be off, warn or reject";
        };
    }

    private static @Nullable String noScript(String text) {
        try {
            Script.of(text);
            return null;
        } catch (ScriptException e) {
            return e.rule() + (e.line() == 0 ? "" : ", at line " + e.line() + ", column " + e.column());
        }
    }

    private static Map<String, String> downgrades(Fields fields, EventTypeDraft.Promise base) {
        JsonNode given = fields.raw("downgrades");
        if (given.isMissingNode()) {
            return base.downgrades();
        }
        if (given.isNull()) {
            return Map.of();
        }
        if (!given.isObject()) {
            fields.problems().add(Problem.type("must be an object, from version to JSONata", "body", "downgrades"));
            return base.downgrades();
        }
        Map<String, String> steps = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> each : given.properties()) {
            String name = Rules.versionName(each.getKey());
            String text = each.getValue().textValue();
            if (name != null) {
                fields.refuse("downgrades", List.of(each.getKey()), "as a version, " + name);
            } else if (text == null || text.isBlank() || text.length() > Rules.MOST_DOWNGRADE) {
                fields.refuse(
                        "downgrades",
                        List.of(each.getKey()),
                        "must be JSONata of 1 to " + Rules.MOST_DOWNGRADE + " characters");
            } else {
                String wrong = fields.ruled() ? noScript(text) : null;
                if (wrong != null) {
                    fields.refuse("downgrades", List.of(each.getKey()), wrong);
                }
                steps.put(each.getKey(), text);
            }
            if (steps.size() > Rules.MOST_DOWNGRADES || fields.problems().size() > Fields.ENOUGH) {
                fields.refuse("downgrades", "must have at most " + Rules.MOST_DOWNGRADES + " steps");
                break;
            }
        }
        return Collections.unmodifiableMap(steps);
    }
}
