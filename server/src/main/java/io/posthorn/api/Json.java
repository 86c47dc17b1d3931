package io.posthorn.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.datatype.jsr310.JavaTimeModule;
import io.posthorn.runtime.JsonSyntax;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Reads and writes JSON. Strict in what it reads: UTF-8 only, one value, no member twice, at most 64 levels. */
final class Json {
    private static final int DEEPEST = 64;
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .build())
            .addModule(new JavaTimeModule())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
            .build();

    private Json() {}

    /** What was read: a value or what is wrong with it. */
    sealed interface Parsed {
        /** JSON. */
        record Value(JsonNode node) implements Parsed {}

        /** Not JSON, or not what we take. */
        record Wrong(Problem problem) implements Parsed {}
    }

    static byte[] write(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String text(JsonNode node) {
        try {
            return MAPPER.writeValueAsString(node);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Parsed parse(byte[] bytes) {
        String encoding = notUtf8(bytes);
        if (encoding != null) {
            return new Parsed.Wrong(Problem.json(encoding));
        }
        if (bytes.length == 0) {
            return new Parsed.Wrong(Problem.json("the body is empty; this needs a JSON object"));
        }
        try {
            JsonNode node = MAPPER.readTree(bytes);
            Problem problem = unstorable(node);
            return problem == null ? new Parsed.Value(node) : new Parsed.Wrong(problem);
        } catch (StreamConstraintsException e) {
            return new Parsed.Wrong(Problem.json("is nested deeper than " + DEEPEST
                    + " levels, or has a number or a name that is too long" + JsonSyntax.place(e.getLocation())));
        } catch (MismatchedInputException e) {
            return new Parsed.Wrong(
                    Problem.json("goes on after the end of the JSON value" + JsonSyntax.place(e.getLocation())));
        } catch (JsonProcessingException e) {
            return new Parsed.Wrong(Problem.json(JsonSyntax.explain(e)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Checked apart from Jackson, which takes other encodings for granted and some malformed sequences for text. */
    private static @Nullable String notUtf8(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(Math.min(8_192, bytes.length + 1));
        CoderResult result = CoderResult.OVERFLOW;
        while (result.isOverflow()) {
            out.clear();
            result = decoder.decode(in, out, true);
        }
        if (!result.isError()) {
            return null;
        }
        int line = 1;
        int column = 1;
        for (int i = 0; i < in.position(); i++) {
            boolean next = bytes[i] == '\n';
            line += next ? 1 : 0;
            column = next ? 1 : column + 1;
        }
        return "is not UTF-8, at line " + line + ", byte " + column;
    }

    /** PostgreSQL stores no U+0000, and half a surrogate pair is no character; both can be written in JSON. */
    private static @Nullable Problem unstorable(JsonNode root) {
        Problem[] found = new Problem[1];
        walk(root, (where, text) -> {
            if (found[0] == null && !storable(text)) {
                found[0] = Problem.value(
                        "has a character that is no text (U+0000 or half a surrogate pair)", "body", where);
            }
        });
        return found[0];
    }

    /** Visits all texts and member names with the name of the outermost member; the depth is bounded by the parser. */
    private static void walk(JsonNode root, BiConsumer<String, String> visit) {
        if (root.isObject()) {
            root.properties().forEach(member -> {
                visit.accept("a member's name", member.getKey());
                walkInside(member.getKey(), member.getValue(), visit);
            });
        } else {
            walkInside("a value", root, visit);
        }
    }

    private static void walkInside(String where, JsonNode node, BiConsumer<String, String> visit) {
        if (node.isTextual()) {
            visit.accept(where, node.textValue());
        } else if (node.isObject()) {
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                visit.accept(where, member.getKey());
                walkInside(where, member.getValue(), visit);
            }
        } else {
            node.forEach(each -> walkInside(where, each, visit));
        }
    }

    private static boolean storable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == 0 || Character.isLowSurrogate(c)) {
                return false;
            }
            if (Character.isHighSurrogate(c)) {
                i++;
                if (i == text.length() || !Character.isLowSurrogate(text.charAt(i))) {
                    return false;
                }
            }
        }
        return true;
    }
}
