package io.posthorn.app;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Settings from the file: one flat mapping of keys to a value or a list of values. It is read token by token and not
 * bound to a class, so that every value keeps its line and its spelling.
 */
final class YamlSource {
    private final String name;
    private final JsonParser parser;
    private final List<Given> given;
    private final List<Problem> problems;
    private final Map<String, Integer> lines = new HashMap<>();

    private YamlSource(String name, JsonParser parser, List<Given> given, List<Problem> problems) {
        this.name = name;
        this.parser = parser;
        this.given = given;
        this.problems = problems;
    }

    /**
     * Adds what a file says.
     *
     * @param path the file
     * @param name what to call it in messages
     */
    static void read(Path path, String name, List<Given> given, List<Problem> problems) {
        try (JsonParser parser = new YAMLFactory().createParser(Files.readString(path))) {
            new YamlSource(name, parser, given, problems).document();
        } catch (JsonProcessingException e) {
            JsonLocation location = e.getLocation();
            int line = location == null ? 1 : Math.max(1, location.getLineNr());
            String what = firstLine(e.getOriginalMessage());
            problems.add(new Problem("the file " + name, new Origin.File(name, line), "is not YAML: " + what));
        } catch (IOException e) {
            problems.add(
                    new Problem("the file " + name, new Origin.File(name, 1), "cannot be read: " + e.getMessage()));
        }
    }

    private void document() throws IOException {
        JsonToken first = parser.nextToken();
        if (first == null || first == JsonToken.VALUE_NULL) {
            return;
        }
        if (first != JsonToken.START_OBJECT) {
            problems.add(new Problem("the file " + name, here(), "must hold lines such as `port: 8071`"));
            return;
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            entry(parser.currentName());
        }
        if (parser.nextToken() != null) {
            problems.add(new Problem("the file " + name, here(), "must hold one document"));
        }
    }

    private void entry(String key) throws IOException {
        Origin.File origin = here();
        Integer before = lines.put(key, origin.line());
        if (before != null) {
            problems.add(new Problem(key, origin, "stands in line " + before + " already"));
        }
        String text = value(parser.nextToken());
        if (text != null) {
            given.add(new Given(key, text, origin));
        } else {
            problems.add(new Problem(key, origin, "must have a value, or a list of values"));
        }
    }

    /** The value's text; null if it is none or not one that a setting can have. */
    private @Nullable String value(@Nullable JsonToken token) throws IOException {
        if (token == JsonToken.START_ARRAY) {
            return list();
        }
        if (token == JsonToken.VALUE_NULL) {
            return null;
        }
        if (token == null || !token.isScalarValue()) {
            parser.skipChildren();
            return null;
        }
        return parser.getText();
    }

    private @Nullable String list() throws IOException {
        List<String> items = new ArrayList<>();
        boolean valid = true;
        while (true) {
            JsonToken token = parser.nextToken();
            if (token == null || token == JsonToken.END_ARRAY) {
                return valid ? String.join(",", items) : null;
            }
            String item = token == JsonToken.START_ARRAY ? null : value(token);
            if (item == null) {
                parser.skipChildren();
                valid = false;
            } else {
                items.add(item);
            }
        }
    }

    private Origin.File here() {
        return new Origin.File(name, parser.currentTokenLocation().getLineNr());
    }

    private static String firstLine(@Nullable String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }
}
