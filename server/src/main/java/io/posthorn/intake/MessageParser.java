package io.posthorn.intake;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.posthorn.catalog.HeaderRules;
import io.posthorn.catalog.Rules;
import io.posthorn.runtime.JsonSyntax;
import io.posthorn.runtime.Time;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads a message from JSON without building a tree: one pass checks the syntax, and the payload is cut out of the
 * bytes as they came, so that number formats, key order and escapes reach the endpoints unchanged.
 */
public final class MessageParser {
    private static final int MOST_CHANNELS = 10;
    private static final int MOST_TAGS = 10;
    private static final int MOST_HEADERS = 20;
    private static final int MOST_HEADER_CHARACTERS = 4 << 10;
    private static final int MOST_DEPTH = 500;
    /** What is ignored would be a promise broken: a message at once instead of later, content kept for too long. */
    private static final Set<String> NOT_AVAILABLE =
            Set.of("application", "payloadRetentionPeriod", "payloadRetentionHours");

    /** Older Svix clients send this many days with every message, whether anybody asked for it or not. */
    private static final String RETENTION_OF_OLD_CLIENTS = "90";

    private static final int MOST_PROBLEMS = 20;

    private static final int EARLIEST_YEAR = 1970;
    private static final int LATEST_YEAR = 9999;
    private static final String NO_TIME = "must be a time such as 2026-01-31T12:00:00Z, from 1970 to 9999";

    /**
     * Always UTF-8: to guess would let UTF-16 in, whose places in the bytes the parser cannot tell. Numbers and names
     * may be as long as the body, because they are passed on and never looked at.
     */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MOST_DEPTH)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private MessageParser() {}

    /**
     * Reads a request body.
     *
     * @param appNo the application it is for
     * @param body JSON in UTF-8
     * @param idempotency of the request
     */
    public static ParsedMessage parse(int appNo, byte[] body, NewMessage.@Nullable Idempotency idempotency) {
        if (!isUtf8(body)) {
            return invalid(List.of(), "the body is not valid UTF-8", "value_error.encoding");
        }
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return invalid(List.of(), "the body must be a JSON object", "type_error.object");
            }
            Reading reading = new Reading(body, parser);
            reading.object();
            if (parser.nextToken() != null) {
                return invalid(List.of(), "something follows the JSON object" + place(parser), "value_error.json");
            }
            return reading.result(appNo, idempotency);
        } catch (JsonProcessingException e) {
            return invalid(List.of(), "the body is not valid JSON: " + JsonSyntax.explain(e), "value_error.json");
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
    }

    /**
     * A member of a body that {@link #parse} has read, whatever it is.
     *
     * @return its bytes as they came; null if there is none
     */
    public static byte @Nullable [] member(byte[] body, String name) {
        try (JsonParser parser = JSON.createParser(body)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                boolean found = parser.currentName().equals(name);
                parser.nextToken();
                int from = (int) parser.currentTokenLocation().getByteOffset();
                if (parser.currentToken() == JsonToken.VALUE_STRING) {
                    parser.finishToken();
                } else {
                    parser.skipChildren();
                }
                if (found) {
                    return Arrays.copyOfRange(
                            body, from, (int) parser.currentLocation().getByteOffset());
                }
            }
            return null;
        } catch (IOException e) {
            throw new IllegalStateException("it has been read before", e);
        }
    }

    /**
     * Reads the messages of a batch: {@code {"messages": [ … ]}} with at most so many.
     *
     * @return one result for each; or a single {@link ParsedMessage.Invalid} for the batch itself
     */
    public static BatchResult parseBatch(int appNo, byte[] body, int most) {
        if (!isUtf8(body)) {
            return new BatchResult.Invalid(problem(List.of(), "the body is not valid UTF-8", "value_error.encoding"));
        }
        List<ParsedMessage> messages = new ArrayList<>();
        try (JsonParser parser = JSON.createParser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT
                    || parser.nextToken() != JsonToken.FIELD_NAME
                    || !parser.currentName().equals("messages")
                    || parser.nextToken() != JsonToken.START_ARRAY) {
                return new BatchResult.Invalid(
                        problem(List.of("messages"), "the body must be {\"messages\": [ … ]}", "value_error.missing"));
            }
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (messages.size() == most) {
                    return new BatchResult.Invalid(problem(
                            List.of("messages"), "a batch has at most " + most + " messages", "value_error.list.max"));
                }
                messages.add(batchItem(appNo, body, parser));
            }
            if (parser.nextToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
                return new BatchResult.Invalid(problem(
                        List.of(), "the body has nothing but \"messages\"" + place(parser), "value_error.extra"));
            }
        } catch (JsonProcessingException e) {
            return new BatchResult.Invalid(
                    problem(List.of(), "the body is not valid JSON: " + JsonSyntax.explain(e), "value_error.json"));
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory", e);
        }
        if (messages.isEmpty()) {
            return new BatchResult.Invalid(
                    problem(List.of("messages"), "a batch has at least one message", "value_error.list.min"));
        }
        return new BatchResult.Ok(messages);
    }

    /** What came of reading a batch. */
    public sealed interface BatchResult {
        /** Each message by itself. */
        record Ok(List<ParsedMessage> messages) implements BatchResult {}

        /** It is no batch. */
        record Invalid(ParsedMessage.Problem problem) implements BatchResult {}
    }

    private static ParsedMessage batchItem(int appNo, byte[] body, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            parser.skipChildren();
            return invalid(List.of(), "a message must be a JSON object", "type_error.object");
        }
        Reading reading = new Reading(body, parser);
        reading.object();
        return reading.result(appNo, null);
    }

    private static ParsedMessage invalid(List<String> path, String rule, String type) {
        return new ParsedMessage.Invalid(List.of(problem(path, rule, type)));
    }

    private static ParsedMessage.Problem problem(List<String> path, String rule, String type) {
        return new ParsedMessage.Problem(path, rule, type);
    }

    private static String place(JsonParser parser) {
        return JsonSyntax.place(parser.currentTokenLocation());
    }

    private static boolean isUtf8(byte[] body) {
        int all = 0;
        for (byte b : body) {
            all |= b;
        }
        if (all >= 0) {
            return true; // nothing but ASCII
        }
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
            return true;
        } catch (CharacterCodingException _) {
            return false;
        }
    }

    /** One pass over the fields of one message. */
    private static final class Reading {
        private final byte[] body;
        private final JsonParser parser;
        private final List<ParsedMessage.Problem> problems = new ArrayList<>(0);
        private final Set<String> seen = new HashSet<>();
        private @Nullable String eventType;
        private @Nullable String eventId;
        private List<String> channels = List.of();
        private List<String> tags = List.of();
        private byte @Nullable [] payload;
        private byte @Nullable [] rawPayload;
        private @Nullable String orderingKey;
        private long deliverAt;
        private Map<String, String> headers = Map.of();
        private boolean stopped;

        Reading(byte[] body, JsonParser parser) {
            this.body = body;
            this.parser = parser;
        }

        void object() throws IOException {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String field = parser.currentName();
                JsonToken value = parser.nextToken();
                if (!seen.add(field)) {
                    add(List.of(field), "is given twice", "value_error.duplicate");
                    stop();
                    return;
                }
                if (value == JsonToken.VALUE_NULL) {
                    continue; // as if absent
                }
                switch (field) {
                    case "eventType" -> eventType = string(field);
                    case "eventId" -> eventId = string(field);
                    case "channels" -> channels = strings(field, MOST_CHANNELS);
                    case "tags" -> tags = strings(field, MOST_TAGS);
                    case "payload" -> payload = raw();
                    case "orderingKey" -> orderingKey = string(field);
                    case "deliverAt" -> deliverAt = time(field);
                    case "headers" -> headers = headers(field);
                    case "transformationsParams" -> parameters(field);
                    default -> {
                        if (NOT_AVAILABLE.contains(field) && !saysNothing(field)) {
                            add(List.of(field), "is not available in this version", "value_error.not_available");
                        }
                        parser.skipChildren();
                    }
                }
            }
        }

        /** Reads the rest of the object for its syntax only: of two values of one name, neither is the right one. */
        private void stop() throws IOException {
            stopped = true;
            parser.skipChildren();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                parser.skipChildren();
            }
        }

        private boolean saysNothing(String field) throws IOException {
            return field.equals("payloadRetentionPeriod")
                    && parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getText().equals(RETENTION_OF_OLD_CLIENTS);
        }

        private @Nullable String string(String field) throws IOException {
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                return parser.getText();
            }
            add(List.of(field), "must be a string", "type_error.str");
            parser.skipChildren();
            return null;
        }

        private long time(String field) throws IOException {
            String text = string(field);
            if (text == null) {
                return 0;
            }
            try {
                OffsetDateTime time = OffsetDateTime.parse(text);
                if (time.getYear() >= EARLIEST_YEAR && time.getYear() <= LATEST_YEAR) {
                    return Time.micros(time.toInstant());
                }
            } catch (DateTimeException _) {
                add(List.of(field), NO_TIME, "value_error.datetime");
                return 0;
            }
            add(List.of(field), NO_TIME, "value_error.datetime");
            return 0;
        }

        private List<String> strings(String field, int most) throws IOException {
            if (parser.currentToken() != JsonToken.START_ARRAY) {
                add(List.of(field), "must be a list of strings", "type_error.list");
                parser.skipChildren();
                return List.of();
            }
            List<String> values = new ArrayList<>();
            int index = 0;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (parser.currentToken() == JsonToken.VALUE_STRING) {
                    String value = parser.getText();
                    String rule = Rules.name(value);
                    if (rule != null) {
                        add(List.of(field, Integer.toString(index)), rule, "value_error.str");
                    }
                    if (index < most && !values.contains(value)) {
                        values.add(value);
                    }
                } else {
                    add(List.of(field, Integer.toString(index)), "must be a string", "type_error.str");
                    parser.skipChildren();
                }
                index++;
            }
            if (index > most) {
                add(List.of(field), "has at most " + most + " values", "value_error.list.max");
            }
            return List.copyOf(values);
        }

        /** Under the rules of an endpoint's headers. */
        private Map<String, String> headers(String field) throws IOException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                add(List.of(field), "must be an object of texts", "type_error.object");
                parser.skipChildren();
                return Map.of();
            }
            Map<String, String> values = new LinkedHashMap<>();
            Set<String> names = new HashSet<>();
            long characters = 0;
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                if (parser.nextToken() != JsonToken.VALUE_STRING) {
                    add(List.of(field, name), "must be a string", "type_error.str");
                    parser.skipChildren();
                    continue;
                }
                String value = parser.getText();
                characters += name.length() + value.length();
                if (characters > MOST_HEADER_CHARACTERS || names.size() >= MOST_HEADERS) {
                    add(
                            List.of(field),
                            "has at most " + MOST_HEADERS + " headers with " + MOST_HEADER_CHARACTERS
                                    + " characters in all names and values",
                            "value_error.list.max");
                    stop();
                    break;
                }
                header(List.of(field, name), name, value);
                if (!names.add(HeaderRules.lower(name))) {
                    add(List.of(field, name), "is given twice, in capitals or not", "value_error.duplicate");
                }
                values.put(name, value);
            }
            return Collections.unmodifiableMap(values);
        }

        private void header(List<String> path, String name, String value) {
            String rule = HeaderRules.name(name);
            if (rule == null) {
                rule = HeaderRules.value(value);
            }
            if (rule != null) {
                add(path, rule, "value_error.str");
            }
        }

        /**
         * Where the Svix clients put a payload that they are given as text, with an empty object for {@code payload}.
         * It must be JSON here, too.
         */
        private void parameters(String field) throws IOException {
            if (parser.currentToken() != JsonToken.START_OBJECT) {
                add(List.of(field), "must be an object", "type_error.object");
                parser.skipChildren();
                return;
            }
            Set<String> names = new HashSet<>();
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                if (!names.add(name)) {
                    add(List.of(field, name), "is given twice", "value_error.duplicate");
                    stop();
                    return;
                }
                if (name.equals("rawPayload") && value == JsonToken.VALUE_STRING) {
                    rawPayload(field, parser.getText().getBytes(StandardCharsets.UTF_8));
                } else if (value != JsonToken.VALUE_NULL) {
                    add(List.of(field, name), "is not available in this version", "value_error.not_available");
                    parser.skipChildren();
                }
            }
        }

        private void rawPayload(String field, byte[] text) throws IOException {
            try (JsonParser raw = JSON.createParser(text)) {
                boolean something = raw.nextToken() != null && raw.currentToken() != JsonToken.VALUE_NULL;
                raw.skipChildren();
                if (!something || raw.nextToken() != null) {
                    add(List.of(field, "rawPayload"), "must be one JSON value", "value_error.json");
                }
                rawPayload = text;
            } catch (JsonProcessingException e) {
                add(List.of(field, "rawPayload"), "is not valid JSON: " + JsonSyntax.explain(e), "value_error.json");
            }
        }

        /** The value's bytes as they stand in the body. */
        private byte[] raw() throws IOException {
            int from = (int) parser.currentTokenLocation().getByteOffset();
            if (parser.currentToken() == JsonToken.VALUE_STRING) {
                parser.finishToken();
            } else {
                parser.skipChildren();
            }
            return Arrays.copyOfRange(body, from, (int) parser.currentLocation().getByteOffset());
        }

        ParsedMessage result(int appNo, NewMessage.@Nullable Idempotency idempotency) {
            if (stopped) {
                return new ParsedMessage.Invalid(List.copyOf(problems));
            }
            String type = eventType;
            byte[] content = rawPayload == null ? payload : rawPayload;
            if (type == null) {
                missing("eventType");
            } else {
                check("eventType", Rules.name(type));
            }
            if (content == null) {
                missing("payload");
            }
            if (eventId != null) {
                check("eventId", Rules.uid(eventId));
            }
            if (orderingKey != null) {
                check("orderingKey", Rules.orderingKey(orderingKey));
            }
            if (!problems.isEmpty() || type == null || content == null) {
                return new ParsedMessage.Invalid(List.copyOf(problems));
            }
            return new ParsedMessage.Ok(new NewMessage(
                    appNo, type, eventId, channels, tags, content, idempotency, 0, orderingKey, deliverAt, headers));
        }

        private void missing(String field) {
            if (problems.stream().noneMatch(p -> p.path().equals(List.of(field)))) {
                add(List.of(field), "is required", "value_error.missing");
            }
        }

        private void check(String field, @Nullable String rule) {
            if (rule != null) {
                add(List.of(field), rule, "value_error.str");
            }
        }

        /** A body can have as many problems as bytes; nobody reads more than the first ones. */
        private void add(List<String> path, String rule, String type) {
            if (problems.size() < MOST_PROBLEMS) {
                problems.add(problem(path, rule, type));
            }
        }
    }
}
