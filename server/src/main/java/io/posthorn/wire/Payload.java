package io.posthorn.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.posthorn.runtime.Script;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.AbstractList;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * JSON as a tree whose objects and lists remember the bytes that they were read from. An expression may hand one of them
 * on; it is then written as it came, with every blank and every digit of {@code 1.0} and {@code 12345678901234567890}.
 * Nothing in it can be changed, so that what it remembers stays true.
 */
public final class Payload {
    private static final JsonFactory JSON = new JsonFactory();

    private Payload() {}

    /** What remembers its bytes. */
    sealed interface Remembered extends Script.Kept {
        /** Writes them. */
        void copyTo(OutputStream out) throws IOException;
    }

    /** A part of some bytes. */
    private record Bytes(byte[] all, int from, int to) {
        void copyTo(OutputStream out) throws IOException {
            out.write(all, from, to - from);
        }
    }

    private static final class Members extends AbstractMap<String, @Nullable Object> implements Remembered {
        private final Map<String, @Nullable Object> members;
        private final Bytes bytes;

        Members(Map<String, @Nullable Object> members, Bytes bytes) {
            this.members = Collections.unmodifiableMap(members);
            this.bytes = bytes;
        }

        @Override
        public void copyTo(OutputStream out) throws IOException {
            bytes.copyTo(out);
        }

        @Override
        public Set<Entry<String, @Nullable Object>> entrySet() {
            return members.entrySet();
        }

        @Override
        public Set<String> keySet() {
            return members.keySet();
        }

        @Override
        public @Nullable Object get(@Nullable Object key) {
            return members.get(key);
        }

        @Override
        public boolean containsKey(@Nullable Object key) {
            return members.containsKey(key);
        }

        @Override
        public int size() {
            return members.size();
        }
    }

    private static final class Items extends AbstractList<@Nullable Object> implements Remembered {
        private final List<@Nullable Object> items;
        private final Bytes bytes;

        Items(List<@Nullable Object> items, Bytes bytes) {
            this.items = items;
            this.bytes = bytes;
        }

        @Override
        public void copyTo(OutputStream out) throws IOException {
            bytes.copyTo(out);
        }

        @Override
        public @Nullable Object get(int index) {
            return items.get(index);
        }

        @Override
        public int size() {
            return items.size();
        }
    }

    /**
     * Reads JSON.
     *
     * @param json one value, in UTF-8; nobody may change it as long as the tree is in use
     * @return maps, lists, texts, numbers, booleans, null
     * @throws ContentException if it is no JSON
     */
    public static @Nullable Object tree(byte[] json) throws ContentException {
        try (JsonParser parser = JSON.createParser(json)) {
            Object value = value(parser, parser.nextToken(), json);
            if (parser.nextToken() != null) {
                throw new ContentException("the payload has something behind its JSON");
            }
            return value;
        } catch (JsonProcessingException e) {
            throw new ContentException("the payload is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException("bytes in memory could not be read", e);
        }
    }

    /** What is wrong with JSON; null if nothing is. */
    static @Nullable String broken(byte[] json) {
        try {
            tree(json);
            return null;
        } catch (ContentException e) {
            return e.detail();
        }
    }

    private static @Nullable Object value(JsonParser parser, @Nullable JsonToken token, byte[] json)
            throws IOException, ContentException {
        if (token == null) {
            throw new ContentException("the payload is empty");
        }
        return switch (token) {
            case START_OBJECT -> members(parser, json);
            case START_ARRAY -> items(parser, json);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(parser);
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            default -> parser.getText();
        };
    }

    private static Members members(JsonParser parser, byte[] json) throws IOException, ContentException {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            members.put(name, value(parser, parser.nextToken(), json));
        }
        return new Members(
                members, new Bytes(json, from, (int) parser.currentLocation().getByteOffset()));
    }

    private static Items items(JsonParser parser, byte[] json) throws IOException, ContentException {
        int from = (int) parser.currentTokenLocation().getByteOffset();
        List<@Nullable Object> items = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            items.add(value(parser, token, json));
        }
        return new Items(
                items, new Bytes(json, from, (int) parser.currentLocation().getByteOffset()));
    }

    /** A number that keeps its digits: a double only where that is written in the same way. */
    private static Number number(JsonParser parser) throws IOException {
        if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && !parser.getText().equals("-0")) {
            return parser.getNumberValue();
        }
        String text = parser.getText();
        double value = Double.parseDouble(text);
        return Double.toString(value).equals(text) ? (Number) value : new BigDecimal(text);
    }
}
