package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What was given to a command, as requests need it. What is wrong ends the command with its usage. */
final class Values {
    private static final int MOST_JSON = 1 << 20;

    private final CommandLine command;
    private final ParseResult parsed;
    private final Surroundings surroundings;

    Values(CommandLine command, Surroundings surroundings) {
        this.command = command;
        this.parsed = command.getParseResult();
        this.surroundings = surroundings;
    }

    /** The value of an option; null if it was not given. */
    @Nullable
    String text(String option) {
        return parsed.matchedOptionValue(option, (String) null);
    }

    boolean has(String option) {
        return parsed.hasMatchedOption(option);
    }

    /** The value of an option or, without it, of a variable. */
    String textOr(String option, String variable) {
        String text = text(option);
        String found = text == null ? surroundings.environment().getOrDefault(variable, "") : text;
        if (found.isEmpty()) {
            throw wrong(option + " (or " + variable + ") is needed");
        }
        return found;
    }

    /** The value of an option that must not be empty. */
    String needed(String option) {
        String text = text(option);
        if (text == null || text.isEmpty()) {
            throw wrong(option + " is needed");
        }
        return text;
    }

    /**
     * The value of a parameter without a name, which must not be empty.
     *
     * @param label what the help calls it
     */
    String positional(int index, String label) {
        String value = parsed.matchedPositionalValue(index, "");
        if (value.isEmpty()) {
            throw wrong("Missing required parameter: " + label);
        }
        return value;
    }

    /** A member for each field that was given. */
    ObjectNode body(List<Field> fields) throws RemoteFailure {
        ObjectNode body = JsonText.object();
        for (Field field : fields) {
            if (has(field.option())) {
                set(body, field.name(), value(field));
            }
        }
        return body;
    }

    /** A dot in a name leads into an object, which may be there already. */
    private static void set(ObjectNode body, String name, JsonNode value) {
        int dot = name.indexOf('.');
        if (dot < 0) {
            body.set(name, value);
            return;
        }
        String outer = name.substring(0, dot);
        ObjectNode inner = body.get(outer) instanceof ObjectNode present ? present : body.putObject(outer);
        set(inner, name.substring(dot + 1), value);
    }

    /** A parameter for each field that was given: {@code a=1&b=2}, encoded. */
    List<String> query(List<Field> fields) throws RemoteFailure {
        List<String> query = new ArrayList<>();
        for (Field field : fields) {
            if (has(field.option())) {
                JsonNode value = value(field);
                String text = value.isArray() ? Cells.of(value) : value.isNull() ? "" : value.asText();
                query.add(field.name() + "=" + ApiClient.encode(text));
            }
        }
        return query;
    }

    ParameterException wrong(String message) {
        return new ParameterException(command, message);
    }

    private JsonNode value(Field field) throws RemoteFailure {
        if (field.kind().many()) {
            List<String> texts = parsed.matchedOptionValue(field.option(), List.of());
            return switch (field.kind()) {
                case PAIRS -> pairs(field, texts);
                case HEADERS -> headers(field, texts);
                default -> list(texts);
            };
        }
        String text = parsed.matchedOptionValue(field.option(), "");
        if (text.isEmpty() && field.kind() != Field.Kind.WORDS) {
            return NullNode.getInstance();
        }
        return switch (field.kind()) {
            case TEXT, WORDS, TEXTS, PAIRS, HEADERS -> TextNode.valueOf(text);
            case NUMBER -> number(field, text);
            case FLAG -> flag(field, text);
            case CHOICE -> choice(field, text);
            case PAST -> time(field, text, false);
            case FUTURE -> time(field, text, true);
            case JSON -> json(field, text);
        };
    }

    private static JsonNode list(List<String> texts) {
        if (texts.equals(List.of(""))) {
            return NullNode.getInstance();
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        texts.forEach(list::add);
        return list;
    }

    private JsonNode pairs(Field field, List<String> texts) {
        ObjectNode object = JsonText.object();
        if (texts.equals(List.of(""))) {
            return object;
        }
        for (String text : texts) {
            int equals = text.indexOf('=');
            if (equals < 1) {
                throw wrong(field.option() + " must be NAME=VALUE, not " + text);
            }
            object.put(text.substring(0, equals), text.substring(equals + 1));
        }
        return object;
    }

    private JsonNode headers(Field field, List<String> texts) {
        ObjectNode object = JsonText.object();
        if (texts.equals(List.of(""))) {
            return object;
        }
        for (String text : texts) {
            HeaderText header = HeaderText.parse(text);
            if (header == null) {
                throw wrong(field.option() + " " + HeaderText.RULE + ", not " + text);
            }
            object.put(header.name(), header.value());
        }
        return object;
    }

    private JsonNode choice(Field field, String text) {
        String value = field.choices().get(text.toLowerCase(Locale.ROOT));
        if (value == null && !field.choices().containsValue(text)) {
            throw wrong(field.option() + " must be one of " + String.join(", ", field.words()) + ", not " + text);
        }
        return TextNode.valueOf(value == null ? text : value);
    }

    private JsonNode number(Field field, String text) {
        try {
            return LongNode.valueOf(Long.parseLong(text));
        } catch (NumberFormatException e) {
            throw new ParameterException(command, field.option() + " must be a whole number, not " + text, e);
        }
    }

    private JsonNode flag(Field field, String text) {
        if (!text.equals("true") && !text.equals("false")) {
            throw wrong(field.option() + " must be true or false, not " + text);
        }
        return BooleanNode.valueOf(text.equals("true"));
    }

    private JsonNode time(Field field, String text, boolean ahead) {
        try {
            return TextNode.valueOf(
                    Times.time(text, Clock.systemUTC().instant(), ahead).toString());
        } catch (IllegalArgumentException e) {
            throw new ParameterException(command, field.option() + " " + e.getMessage(), e);
        }
    }

    private JsonNode json(Field field, String text) throws RemoteFailure {
        byte[] bytes = text.startsWith("@")
                ? Inputs.read(surroundings, text.substring(1), MOST_JSON)
                : text.getBytes(StandardCharsets.UTF_8);
        String wrong = JsonText.wrong(bytes, false);
        if (wrong != null) {
            throw wrong(field.option() + " " + wrong);
        }
        return JsonText.read(bytes).orElseThrow(() -> wrong(field.option() + " is not valid JSON"));
    }
}
