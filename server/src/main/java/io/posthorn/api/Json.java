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
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes JSON. Strict in what it reads: UTF-8 only, one value, no member twice, at most 64 levels, no number
 * of more than 400 digits when it is written out.
 */
final class Json {
    private static final int DEEPEST = 64;
    /** Few bytes can stand for very many digits, which the database writes out: 1e100000. */
    private static final int MOST_DIGITS = 400;

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

    /** The bytes of a value as PostgreSQL writes it: with spaces between its parts, and numbers without exponents. */
    static long stored(JsonNode node) {
        return text(node).getBytes(StandardCharsets.UTF_8).length + spread(node);
    }

    private static long spread(JsonNode node) {
        if (node.isBigDecimal()) {
            BigDecimal number = node.decimalValue();
            int signs = (number.signum() < 0 ? 1 : 0) + (number.scale() > 0 ? 1 : 0);
            return digits(number) + signs - number.toString().length();
        }
        long spread = node.isObject() ? node.size() : 0;
        spread += Math.max(0, node.size() - 1);
        for (JsonNode each : node) {
            spread += spread(each);
        }
        return spread;
    }

    /** How many digits a number has when it is written out, without an exponent. */
    private static long digits(BigDecimal number) {
        long whole = Math.max(1, number.precision() - (long) number.scale());
        return whole + Math.max(0, number.scale());
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
        } catch (NumberFormatException | ArithmeticException e) {
            return new Parsed.Wrong(Problem.value("has a number whose exponent is out of all bounds", "body"));
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
        if (!root.isObject()) {
            return unstorable("a value", root);
        }
        for (Map.Entry<String, JsonNode> member : root.properties()) {
            Problem problem = storable(member.getKey())
                    ? unstorable(member.getKey(), member.getValue())
                    : noText("a member's name");
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    /** The first wrong text or number, with the name of the outermost member; the depth is bounded by the parser. */
    private static @Nullable Problem unstorable(String where, JsonNode node) {
        if (node.isTextual()) {
            return storable(node.textValue()) ? null : noText(where);
        }
        if (node.isBigDecimal() || node.isBigInteger()) {
            return digits(node.decimalValue()) <= MOST_DIGITS
                    ? null
                    : Problem.value(
                            "has a number of more than " + MOST_DIGITS
                                    + " digits when it is written out, without an exponent",
                            "body",
                            where);
        }
        if (node.isObject()) {
            for (Map.Entry<String, JsonNode> member : node.properties()) {
                Problem problem = storable(member.getKey()) ? unstorable(where, member.getValue()) : noText(where);
                if (problem != null) {
                    return problem;
                }
            }
            return null;
        }
        for (JsonNode each : node) {
            Problem problem = unstorable(where, each);
            if (problem != null) {
                return problem;
            }
        }
        return null;
    }

    private static Problem noText(String where) {
        return Problem.value("has a character that is no text (U+0000 or half a surrogate pair)", "body", where);
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
