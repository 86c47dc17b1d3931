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
    /** What a body may have where no profile says less, bytes. */
    static final int MOST_BYTES = 16 << 20;

    private static final int MOST_LEVELS = 128;

    /** Of a number that is written without an exponent, characters. */
    private static final int MOST_DIGITS = 400;

    private static final Pattern XML_NAME =
            Pattern.compile("[\\p{L}_][\\p{L}\\p{N}._-]*(:[\\p{L}_][\\p{L}\\p{N}._-]*)?");

    private Printer() {}

    /**
     * Writes a tree as a profile's format has it.
     *
     * @param body the format, and the outermost element of XML
     * @param tree what to write; {@code byte[]} is written as it is
     * @param most bytes that there may be; it stops there, and does not write the rest first
     * @throws ContentException if it cannot be written in the format, or is larger
     */
    static byte[] print(Profile.Body body, @Nullable Object tree, int most) throws ContentException {
        Format format = body.format();
        try {
            byte[] printed = tree instanceof byte[] bytes
                    ? bytes
                    : switch (format) {
                        case JSON -> json(tree, most);
                        case XML -> xml(tree, body.root(), most);
                        case FORM -> form(tree, most);
                        case RAW -> raw(tree, most);
                    };
            if (printed.length > most) {
                throw new TooLarge(most);
            }
            return printed;
        } catch (TooLarge e) {
            throw new ContentException("the body " + e.getMessage());
        } catch (Unwritable e) {
            throw new ContentException("the body cannot be written as " + format.text() + ": " + e.getMessage());
        }
    }

    /** Why a tree cannot be written; it becomes a {@link ContentException}. */
    private static class Unwritable extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Unwritable(String why) {
            super(why, null, false, false);
        }
    }

    /** That there is more than there may be. */
    private static final class TooLarge extends Unwritable {
        private static final long serialVersionUID = 1L;

        TooLarge(int most) {
            super("has more than " + most + " bytes, the most that is allowed (limits.bodyBytes)");
        }
    }

    /** Bytes in memory, so many and no more. */
    private static final class Bytes extends ByteArrayOutputStream {
        private final int most;

        Bytes(int most) {
            super(256);
            this.most = most;
        }

        private void more(int length) {
            if (length > most - count) {
                throw new TooLarge(most);
            }
        }

        @Override
        public synchronized void write(int one) {
            more(1);
            super.write(one);
        }

        @Override
        public synchronized void write(byte[] from, int start, int length) {
            more(length);
            super.write(from, start, length);
        }
    }

    /** A text of so many characters and no more; each is a byte or several. */
    private static final class Characters {
        private final StringBuilder text = new StringBuilder(256);
        private final int most;

        Characters(int most) {
            this.most = most;
        }

        private Characters more(int length) {
            if (length > most - text.length()) {
                throw new TooLarge(most);
            }
            return this;
        }

        Characters append(String some) {
            more(some.length()).text.append(some);
            return this;
        }

        Characters append(char one) {
            more(1).text.append(one);
            return this;
        }

        void appendCodePoint(int one) {
            more(Character.charCount(one)).text.appendCodePoint(one);
        }

        boolean isEmpty() {
            return text.isEmpty();
        }

        byte[] bytes() {
            return text.toString().getBytes(StandardCharsets.UTF_8);
        }
    }

    /**
     * A tree as JSON without blanks.
     *
     * @throws ContentException if it cannot be written, or has more than 16 MiB
     */
    public static byte[] json(@Nullable Object tree) throws ContentException {
        try {
            return json(tree, MOST_BYTES);
        } catch (TooLarge e) {
            throw new ContentException("the JSON has more than " + MOST_BYTES + " bytes");
        } catch (Unwritable e) {
            throw new ContentException("it cannot be written as JSON: " + e.getMessage());
        }
    }

    private static byte[] json(@Nullable Object tree, int most) {
        Bytes out = new Bytes(most);
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
    private static byte[] xml(@Nullable Object tree, @Nullable String root, int most) {
        Characters out = new Characters(most);
        out.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
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
        return out.bytes();
    }

    private static void element(Characters out, String name, @Nullable Object value, int level) {
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
            escaped(out, scalar(value, out.most));
        }
        out.append("</").append(name).append('>');
    }

    private static boolean isAttribute(@Nullable Object key) {
        return String.valueOf(key).startsWith("@");
    }

    private static void attributes(Characters out, Map<?, ?> map) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object value = entry.getValue();
            if (isAttribute(entry.getKey()) && value != null) {
                String name = String.valueOf(entry.getKey()).substring(1);
                named(name);
                out.append(' ').append(name).append("=\"");
                escaped(out, scalar(value, out.most));
                out.append('"');
            }
        }
    }

    private static void children(Characters out, Map<?, ?> map, int level) {
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            String key = String.valueOf(entry.getKey());
            Object value = entry.getValue();
            if (key.equals("#text")) {
                escaped(out, value == null ? "" : scalar(value, out.most));
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

    private static void escaped(Characters out, String text) {
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

    private static String scalar(Object value, int most) {
        return switch (value) {
            case String text -> text;
            case BigDecimal number -> plain(number);
            case Number number -> number(number);
            case Boolean flag -> flag.toString();
            case Map<?, ?> map -> new String(json(map, most), StandardCharsets.UTF_8);
            case Collection<?> list -> new String(json(list, most), StandardCharsets.UTF_8);
            default -> throw strange(value);
        };
    }

    /** Without an exponent, but for those that say with few digits that there are very many. */
    private static String plain(BigDecimal number) {
        long scale = number.scale();
        long before = number.precision() - scale;
        return Math.max(before, 1) + Math.max(scale, 0) > MOST_DIGITS ? number.toString() : number.toPlainString();
    }

    /** A form: a list is its name once for each of it, null is left out, and an object is written as JSON. */
    private static byte[] form(@Nullable Object tree, int most) {
        if (!(tree instanceof Map<?, ?> map)) {
            throw new Unwritable("it is no object");
        }
        Characters out = new Characters(most);
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object value = entry.getValue();
            Iterator<?> each = (value instanceof Collection<?> list ? list : value == null ? List.of() : List.of(value))
                    .iterator();
            while (each.hasNext()) {
                Object one = each.next();
                out.append(out.isEmpty() ? "" : "&")
                        .append(encoded(String.valueOf(entry.getKey())))
                        .append('=')
                        .append(one == null ? "" : encoded(scalar(one, most)));
            }
        }
        return out.bytes();
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    private static byte[] raw(@Nullable Object tree, int most) {
        return switch (tree) {
            case null -> new byte[0];
            case Payload.Remembered remembered -> json(remembered, most);
            case Map<?, ?> _ -> throw new Unwritable("it is an object, and raw is for a text");
            case Collection<?> _ -> throw new Unwritable("it is a list, and raw is for a text");
            default -> scalar(tree, most).getBytes(StandardCharsets.UTF_8);
        };
    }
}
