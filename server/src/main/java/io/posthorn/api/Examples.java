package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.EventType;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Comparator;
import java.util.Iterator;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Payloads that show what messages of an event type look like. */
final class Examples {
    private static final Pattern PART = Pattern.compile("[0-9]+|[^0-9]+");

    private Examples() {}

    /** What came of it. */
    sealed interface Found {
        /** A payload: JSON. */
        record Payload(byte[] json) implements Found {}

        /**
         * There is no example with this number.
         *
         * @param count how many there are
         */
        record NoSuchIndex(int count) implements Found {}
    }

    /**
     * An example of a type: from the newest version of its schema, or, without one, a plain one.
     *
     * @param type the type
     * @param index which of the schema's {@code examples}, from 0; of no concern where there is no such list
     * @param now for the times in it
     */
    static Found of(EventType type, int index, Instant now) {
        JsonNode schema = newest(type.schemas());
        if (!schema.isObject() || schema.isEmpty()) {
            return payload(plain(type, now));
        }
        JsonNode examples = schema.path("examples");
        if (examples.isArray() && !examples.isEmpty()) {
            return index < examples.size() ? payload(examples.get(index)) : new Found.NoSuchIndex(examples.size());
        }
        return payload(SchemaSample.of(schema, now));
    }

    private static Found payload(JsonNode json) {
        return new Found.Payload(Json.text(json).getBytes(StandardCharsets.UTF_8));
    }

    private static JsonNode plain(EventType type, Instant now) {
        ObjectNode plain = JsonNodeFactory.instance.objectNode();
        plain.put("type", type.name());
        plain.put("timestamp", now.toString());
        plain.putObject("data");
        return plain;
    }

    /** The schema of the highest version; missing if there is none. */
    private static JsonNode newest(@Nullable String schemas) {
        if (schemas == null
                || !(Json.parse(schemas.getBytes(StandardCharsets.UTF_8)) instanceof Json.Parsed.Value(JsonNode all))) {
            return MissingNode.getInstance();
        }
        return all.properties().stream()
                .max(Map.Entry.comparingByKey(VERSIONS))
                .map(Map.Entry::getValue)
                .orElse(MissingNode.getInstance());
    }

    /** Numbers count as numbers, so that 10 comes after 9, and v1.10 after v1.9. */
    static final Comparator<String> VERSIONS = Examples::compareVersions;

    private static int compareVersions(String one, String other) {
        Iterator<String> left = parts(one);
        Iterator<String> right = parts(other);
        while (left.hasNext() && right.hasNext()) {
            int difference = comparePart(left.next(), right.next());
            if (difference != 0) {
                return difference;
            }
        }
        return Boolean.compare(left.hasNext(), right.hasNext());
    }

    private static Iterator<String> parts(String version) {
        return PART.matcher(version).results().map(MatchResult::group).iterator();
    }

    private static int comparePart(String one, String other) {
        return isNumber(one) && isNumber(other)
                ? new BigInteger(one).compareTo(new BigInteger(other))
                : one.compareTo(other);
    }

    private static boolean isNumber(String part) {
        return part.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
