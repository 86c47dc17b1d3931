package io.posthorn.wire;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.posthorn.wire.Profile.Format;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Writes trees: maps with texts as keys, lists, texts, numbers, booleans, null. What was read from a payload and is
 * handed on unchanged is written byte for byte as it came, in JSON.
 */
public final class Printer {
    private static final int MOST_LEVELS = 128;
    private static final Pattern XML_NAME =
            Pattern.compile("[\\p{L}_][\\p{L}\\p{N}._-]*(:[\\p{L}_][\\p{L}\\p{N}._-]*)?");

    private Printer() {}

    /**
     * Writes a tree as a profile's format has it.
     *
     * @param body the format, and the outermost element of XML
     * @param tree what to write; {@code byte[]} is written as it is
     * @throws ContentException if it cannot be written in the format
     */
    static byte[] print(Profile.Body body, @Nullable Object tree) throws ContentException {
        if (tree instanceof byte[] bytes) {
            return bytes;
        }
        Format format = body.format();
        try {
            return switch (format) {
                case JSON -> json(tree);
                case XML -> xml(tree, body.root());
                case FORM -> form(tree);
                case RAW -> raw(tree);
            };
        } catch (Unwritable e) {
            throw new ContentException("the body cannot be written as " + format.text() + ": " + e.getMessage());
        }
    }

    /** Why a tree cannot be written; it becomes a {@link ContentException}. */
    private static final class Unwritable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unwritable(String why) {
            super(why, null, false, false);
        }
    }

    /** A tree as JSON without blanks. */
    public static byte[] json(@Nullable Object tree) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try {
            json(out, tree, 0);
        } catch (IOException e) {
            throw new UncheckedIOException("memory could not be written", e);
        }
        return out.toByteArray();
    }

    private static void json(OutputStream out, @Nullable Object value, int level) throws IOException {
        deep(level);
        switch (value) {
            case null -> ascii(out, "null");
            case Payload.Remembered remembered -> remembered.copyTo(out);
            case Map<?, ?> map -> {
                String separator = "{";
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    ascii(out, separator);
                    separator = ",";
                    quoted(out, String.valueOf(entry.getKey()));
                    out.write(':');
                    json(out, entry.getValue(), level + 1);
                }
                ascii(out, map.isEmpty() ? "{}" : "}");
            }
            case Collection<?> list -> {
                String separator = "[";
                for (Object each : list) {
                    ascii(out, separator);
                    separator = ",";
                    json(out, each, level + 1);
                }
                ascii(out, list.isEmpty() ? "[]" : "]");
            }
            case String text -> quoted(out, text);
            case Number number -> ascii(out, number(number));
            case Boolean flag -> ascii(out, flag.toString());
            default -> throw strange(value);
        }
    }

    private static void quoted(OutputStream out, String text) throws IOException {
        out.write('"');
        out.write(JsonStringEncoder.getInstance().quoteAsUTF8(whole(text)));
        out.write('"');
    }

    /** Half of a surrogate pair cannot be written in UTF-8; it becomes a question mark, as Java has it. */
    private static String whole(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            }
        }
        return text;
    }

    private static String number(Number number) {
        if (number instanceof Double || number instanceof Float) {
            double value = number.doubleValue();
            if (Double.isNaN(value) || Double.isInfinite(value)) {
                throw new Unwritable("a number in it is not finite");
            }
            return number.toString();
        }
        return number.toString();
    }

    private static void deep(int level) {
        if (level > MOST_LEVELS) {
            throw new Unwritable("it is more than " + MOST_LEVELS + " levels deep");
        }
    }

    private static Unwritable strange(Object value) {
        return new Unwritable("it holds a function or something else that is no value ("
                + value.getClass().getSimpleName() + ")");
    }

    private static void ascii(OutputStream out, String text) throws IOException {
        for (int i = 0; i < text.length(); i++) {
            out.write(text.charAt(i));
        }
    }

    /**
     * XML: members are elements, those that begin with {@code @} attributes, {@code #text} is text, lists are an element
     * for each of theirs, and null is an empty element.
     */
    private static byte[] xml(@Nullable Object tree, @Nullable String root) {
        StringBuilder out = new StringBuilder("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        if (root != null) {
            element(out, root, tree, 0);
        } else if (tree instanceof Map<?, ?> map
                && map.size() == 1
                && !(map.values().iterator().next() instanceof Collection<?>)) {
            Map.Entry<?, ?> only = map.entrySet().iterator().next();
            element(out, String.valueOf(only.getKey()), only.getValue(), 0);
        } else {
            throw new Unwritable("the envelope has to give an object with one member, or body.root has to name the"
                    + " outermost element");
        }
        return out.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void element(StringBuilder out, String name, @Nullable Object value, int level) {
        deep(level);
        named(name);
        if (value instanceof Collection<?> list) {
            for (Object each : list) {
                element(out, name, each instanceof Collection<?> inner ? Map.of("item", inner) : each, level + 1);
            }
            return;
        }
        out.append('<').append(name);
        if (value instanceof Map<?, ?> map) {
            attributes(out, map);
        }
        if (value == null
                || (value instanceof Map<?, ?> map && map.keySet().stream().allMatch(Printer::isAttribute))) {
            out.append("/>");
            return;
        }
        out.append('>');
        if (value instanceof Map<?, ?> map) {
            children(out, map, level);
        } else {
            escaped(out, scalar(value));
        }
        out.append("</").append(name).append('>');
    }

    private static boolean isAttribute(@Nullable Object key) {
        return String.valueOf(key).startsWith("@");
    }

    private static void attributes(StringBuilder out, Map<?, ?> map) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object value = entry.getValue();
            if (isAttribute(entry.getKey()) && value != null) {
                String name = String.valueOf(entry.getKey()).substring(1);
                named(name);
                out.append(' ').append(name).append("=\"");
                escaped(out, scalar(value));
                out.append('"');
            }
        }
    }

    private static void children(StringBuilder out, Map<?, ?> map, int level) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String key = String.valueOf(entry.getKey());
            Object value = entry.getValue();
            if (key.equals("#text")) {
                escaped(out, value == null ? "" : scalar(value));
            } else if (!isAttribute(key)) {
                element(out, key, value, level + 1);
            }
        }
    }

    private static void named(String name) {
        if (!XML_NAME.matcher(name).matches()) {
            throw new Unwritable(shown(name) + " cannot be the name of an element or an attribute");
        }
    }

    private static String shown(String text) {
        return '"' + (text.length() > 40 ? text.substring(0, 40) + "…" : text) + '"';
    }

    private static void escaped(StringBuilder out, String text) {
        text.codePoints().forEach(c -> {
            switch (c) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '"' -> out.append("&quot;");
                case '\r' -> out.append("&#13;");
                case '\n' -> out.append("&#10;");
                case '\t' -> out.append("&#9;");
                default -> {
                    if (c < ' ' || (c >= 0xd800 && c <= 0xdfff) || c == 0xfffe || c == 0xffff) {
                        throw new Unwritable("no XML can have the character U+%04X".formatted(c));
                    }
                    out.appendCodePoint(c);
                }
            }
        });
    }

    private static String scalar(Object value) {
        return switch (value) {
            case String text -> text;
            case BigDecimal number -> number.toPlainString();
            case Number number -> number(number);
            case Boolean flag -> flag.toString();
            case Map<?, ?> map -> new String(json(map), StandardCharsets.UTF_8);
            case Collection<?> list -> new String(json(list), StandardCharsets.UTF_8);
            default -> throw strange(value);
        };
    }

    /** A form: a list is its name once for each of it, null is left out, and an object is written as JSON. */
    private static byte[] form(@Nullable Object tree) {
        if (!(tree instanceof Map<?, ?> map)) {
            throw new Unwritable("it is no object");
        }
        StringBuilder out = new StringBuilder();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object value = entry.getValue();
            Iterator<?> each = (value instanceof Collection<?> list ? list : value == null ? List.of() : List.of(value))
                    .iterator();
            while (each.hasNext()) {
                Object one = each.next();
                out.append(out.isEmpty() ? "" : "&")
                        .append(encoded(String.valueOf(entry.getKey())))
                        .append('=')
                        .append(one == null ? "" : encoded(scalar(one)));
            }
        }
        return out.toString().getBytes(StandardCharsets.US_ASCII);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static byte[] raw(@Nullable Object tree) {
        return switch (tree) {
            case null -> new byte[0];
            case Payload.Remembered remembered -> json(remembered);
            case Map<?, ?> _ -> throw new Unwritable("it is an object, and raw is for a text");
            case Collection<?> _ -> throw new Unwritable("it is a list, and raw is for a text");
            default -> scalar(tree).getBytes(StandardCharsets.UTF_8);
        };
    }
}
