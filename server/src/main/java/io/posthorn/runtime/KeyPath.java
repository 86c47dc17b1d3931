package io.posthorn.runtime;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where one value stands in a JSON document: a JSONPath with nothing but names and indexes, which RFC 9535 calls a
 * singular query, such as {@code $.order.lines[0].sku} or {@code $['the name']}. It is followed in one pass over the
 * tokens, whatever a stranger has put into the document, and it cannot take longer than that.
 */
public final class KeyPath {
    private static final int LONGEST = 256;
    private static final int MOST_STEPS = 20;
    private static final Pattern STEP =
            Pattern.compile("\\.([A-Za-z_][A-Za-z0-9_]*)|\\[(0|[1-9][0-9]{0,8})]|\\['((?:[^'\\\\]|\\\\['\\\\])*)']");
    private static final Pattern ESCAPED = Pattern.compile("\\\\(.)");

    /** {@code String} for a name, {@code Integer} for an index. */
    private final List<Object> steps;

    private KeyPath(List<Object> steps) {
        this.steps = steps;
    }

    /** The rule that a path breaks; null if it is one. */
    public static @Nullable String broken(String path) {
        return read(path) == null
                ? "must be a path to one value, such as $.customer.id or $.lines[0]['the name'], of at most " + LONGEST
                        + " characters and " + MOST_STEPS + " steps"
                : null;
    }

    /**
     * A path.
     *
     * @throws IllegalArgumentException if {@link #broken}
     */
    public static KeyPath of(String path) {
        List<Object> steps = read(path);
        if (steps == null) {
            throw new IllegalArgumentException("no path to one value: " + path);
        }
        return new KeyPath(steps);
    }

    private static @Nullable List<Object> read(String path) {
        if (!path.startsWith("$") || path.length() > LONGEST) {
            return null;
        }
        List<Object> steps = new ArrayList<>();
        Matcher step = STEP.matcher(path).region(1, path.length());
        while (step.lookingAt()) {
            if (step.group(2) != null) {
                steps.add(Integer.valueOf(step.group(2)));
            } else if (step.group(1) != null) {
                steps.add(step.group(1));
            } else {
                steps.add(ESCAPED.matcher(step.group(3)).replaceAll("$1"));
            }
            step.region(step.end(), path.length());
        }
        return step.regionStart() == path.length() && !steps.isEmpty() && steps.size() <= MOST_STEPS ? steps : null;
    }

    /**
     * The value that stands there as a text: a text itself, a number or a truth value as it is written. Null if there is
     * none, or if it is null, an object or a list: there is nothing to compare it by then.
     *
     * @param document before its first token
     * @throws IOException if it is not JSON
     */
    public @Nullable String find(JsonParser document) throws IOException {
        JsonToken token = document.nextToken();
        for (Object step : steps) {
            token = step instanceof Integer index ? element(document, token, index) : member(document, token, step);
            if (token == null) {
                return null;
            }
        }
        return token != null && token.isScalarValue() && token != JsonToken.VALUE_NULL ? document.getText() : null;
    }

    private static @Nullable JsonToken member(JsonParser document, @Nullable JsonToken token, Object name)
            throws IOException {
        if (token != JsonToken.START_OBJECT) {
            return null;
        }
        while (document.nextToken() == JsonToken.FIELD_NAME) {
            boolean found = document.currentName().equals(name);
            JsonToken value = document.nextToken();
            if (found) {
                return value;
            }
            document.skipChildren();
        }
        return null;
    }

    private static @Nullable JsonToken element(JsonParser document, @Nullable JsonToken token, int index)
            throws IOException {
        if (token != JsonToken.START_ARRAY) {
            return null;
        }
        int at = 0;
        for (JsonToken value = document.nextToken();
                value != null && value != JsonToken.END_ARRAY;
                value = document.nextToken()) {
            if (at == index) {
                return value;
            }
            document.skipChildren();
            at++;
        }
        return null;
    }
}
