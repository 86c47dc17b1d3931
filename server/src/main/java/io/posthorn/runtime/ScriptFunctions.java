package io.posthorn.runtime;

import com.dashjoin.jsonata.Functions;
import com.dashjoin.jsonata.Jsonata;
import com.dashjoin.jsonata.Utils;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The built-in functions of a script. Most are the library's own, with a look at the bounds before and after. Those whose
 * work or result is not in proportion to what they are given are our own: what searches, pads, joins, or is more than linear.
 */
final class ScriptFunctions {
    /** A function of no name that a script can use by chance: of numbers it makes doubles. */
    static final String ALIKE = "__alike";

    /** Of what describes how a number or a date is written, characters. */
    private static final int MOST_PICTURE = 256;

    /** Of a date that is read after a picture, which becomes a regular expression; and the parts that such a picture has. */
    private static final int MOST_DATE = 32;

    private static final int MOST_DATE_PARTS = 8;
    private static final int MOST_NUMBER = 1_024;
    private static final int MOST_URL = 64 << 10;
    private static final int MOST_DIGITS = 400;
    private static final Pattern WIDE = Pattern.compile("[,-]\\s*[0-9]{4}");

    private interface Body {
        @Nullable
        Object of(List<?> arguments) throws Throwable;
    }

    private final Sandbox sandbox;
    private final Time clock;
    private long now;

    ScriptFunctions(Sandbox sandbox, Time clock) {
        this.sandbox = sandbox;
        this.clock = clock;
    }

    /** The moment that {@code $now} and {@code $millis} tell, the same for one evaluation. */
    void start() {
        now = clock.micros() / 1_000;
    }

    /** Hands all of them over. */
    void register(BiConsumer<String, Jsonata.JFunction> to) {
        Map<String, Body> ours = ours();
        Library.FUNCTIONS.forEach((name, library) -> {
            Body body = ours.getOrDefault(name, arguments -> library.call(null, arguments));
            Jsonata.JFunction function =
                    new Jsonata.JFunction((input, arguments) -> guarded(body, (List<?>) arguments), null);
            Library.disguise(function, name, library);
            to.accept(name, function);
        });
        to.accept(
                ALIKE,
                new Jsonata.JFunction(
                        (input, arguments) -> at((List<?>) arguments, 0) instanceof Number number
                                ? (Object) number.doubleValue()
                                : at((List<?>) arguments, 0),
                        "<x:x>"));
    }

    private @Nullable Object guarded(Body body, List<?> arguments) throws Throwable {
        sandbox.check();
        long all = 0;
        for (Object argument : arguments) {
            all += sandbox.weigh(argument);
        }
        sandbox.makes(all);
        Object result = body.of(arguments);
        sandbox.weigh(result);
        sandbox.check();
        return result;
    }

    private Map<String, Body> ours() {
        Map<String, Body> ours = new LinkedHashMap<>();
        ours.put("eval", a -> {
            throw failed("$eval is not allowed");
        });
        ours.put("now", a -> Functions.dateTimeFromMillis(now, picture(text(a, 0)), zone(text(a, 1))));
        ours.put("millis", a -> now);
        ours.put(
                "fromMillis",
                a -> at(a, 0) == null
                        ? null
                        : Functions.dateTimeFromMillis(number(a, 0), picture(text(a, 1)), zone(text(a, 2))));
        ours.put("toMillis", this::toMillis);
        ours.put("formatNumber", a -> {
            picture(text(a, 1));
            return library("formatNumber", a);
        });
        ours.put("formatInteger", a -> {
            picture(text(a, 1));
            return library("formatInteger", a);
        });
        ours.put("parseInteger", a -> {
            picture(text(a, 1));
            shorter(text(a, 0), MOST_PICTURE);
            return library("parseInteger", a);
        });
        ours.put("number", a -> {
            shorter(at(a, 0) instanceof String text ? text : null, MOST_NUMBER);
            return library("number", a);
        });
        for (String url : List.of("encodeUrl", "encodeUrlComponent", "decodeUrl", "decodeUrlComponent")) {
            ours.put(url, a -> {
                shorter(text(a, 0), MOST_URL);
                return library(url, a);
            });
        }
        ours.put("round", this::round);
        ours.put("lowercase", a -> cased(text(a, 0), false));
        ours.put("uppercase", a -> cased(text(a, 0), true));
        ours.put("substring", this::substring);
        ours.put("substringBefore", a -> around(a, true));
        ours.put("substringAfter", a -> around(a, false));
        ours.put("pad", this::pad);
        ours.put("join", this::join);
        ours.put("contains", this::contains);
        ours.put("split", this::split);
        ours.put("match", this::match);
        ours.put("replace", this::replace);
        ours.put("spread", a -> spread(at(a, 0)));
        ours.put("distinct", this::distinct);
        return ours;
    }

    private static @Nullable Object library(String name, List<?> arguments) {
        Jsonata.JFunction function = Library.FUNCTIONS.get(name);
        if (function == null) {
            throw new IllegalStateException("the library has no $" + name);
        }
        return function.call(null, arguments);
    }

    private static @Nullable Object at(List<?> arguments, int index) {
        Object argument = index < arguments.size() ? arguments.get(index) : null;
        return argument == Jsonata.NULL_VALUE ? null : argument;
    }

    private static @Nullable String text(List<?> arguments, int index) {
        Object argument = at(arguments, index);
        if (argument == null || argument instanceof String) {
            return (String) argument;
        }
        throw failed("argument " + (index + 1) + " has to be a text");
    }

    private static @Nullable Number number(List<?> arguments, int index) {
        Object argument = at(arguments, index);
        if (argument == null || argument instanceof Number) {
            return (Number) argument;
        }
        throw failed("argument " + (index + 1) + " has to be a number");
    }

    private static int whole(@Nullable Number number, int otherwise) {
        return number == null ? otherwise : (int) Math.floor(number.doubleValue());
    }

    private static IllegalArgumentException failed(String rule) {
        return new IllegalArgumentException(rule);
    }

    private static void shorter(@Nullable String text, int most) {
        if (text != null && text.length() > most) {
            throw failed("is given a text of more than " + most + " characters");
        }
    }

    private static @Nullable String picture(@Nullable String picture) {
        shorter(picture, MOST_PICTURE);
        if (picture != null && WIDE.matcher(picture).find()) {
            throw failed("a picture's width has at most three digits");
        }
        return picture;
    }

    private static @Nullable String zone(@Nullable String zone) {
        shorter(zone, MOST_DATE);
        return zone;
    }

    private @Nullable Object toMillis(List<?> a) {
        String picture = text(a, 1);
        shorter(text(a, 0), picture == null ? 2 * MOST_DATE : MOST_DATE);
        picture(picture);
        if (picture != null && picture.chars().filter(c -> c == '[').count() > MOST_DATE_PARTS) {
            throw failed("a picture to read a date by has at most " + MOST_DATE_PARTS + " parts");
        }
        return library("toMillis", a);
    }

    private @Nullable Object round(List<?> a) {
        Number number = number(a, 0);
        if (number == null) {
            return null;
        }
        int digits = whole(number(a, 1), 0);
        if (Math.abs(digits) > MOST_DIGITS) {
            throw failed("$round knows at most " + MOST_DIGITS + " digits");
        }
        return Utils.convertNumber(new BigDecimal(number.toString())
                .setScale(digits, RoundingMode.HALF_EVEN)
                .doubleValue());
    }

    /** Character by character: Java's own, where one becomes two, copies all that it has so far, each time. */
    private static @Nullable String cased(@Nullable String text, boolean upper) {
        if (text == null) {
            return null;
        }
        StringBuilder cased = new StringBuilder(text.length());
        text.codePoints()
                .map(upper ? Character::toUpperCase : Character::toLowerCase)
                .forEach(cased::appendCodePoint);
        return cased.toString();
    }

    private @Nullable Object substring(List<?> a) {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        int length = text.codePointCount(0, text.length());
        int start = whole(number(a, 1), 0);
        int from = start < 0 ? Math.max(0, length + start) : Math.min(start, length);
        int taken = Math.clamp(whole(number(a, 2), Integer.MAX_VALUE), 0, length - from);
        int begin = text.offsetByCodePoints(0, from);
        return text.substring(begin, text.offsetByCodePoints(begin, taken));
    }

    private static @Nullable Object around(List<?> a, boolean before) {
        String text = text(a, 0);
        String sought = text(a, 1);
        if (text == null || sought == null) {
            return text;
        }
        int found = new ScriptText.Search(sought).in(text, 0);
        if (found < 0) {
            return text;
        }
        return before ? text.substring(0, found) : text.substring(found + sought.length());
    }

    private @Nullable Object pad(List<?> a) {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        String with = text(a, 2);
        int[] filling =
                (with == null || with.isEmpty() ? " " : with).codePoints().toArray();
        int width = whole(number(a, 1), 0);
        long missing = Math.abs((long) width) - text.codePointCount(0, text.length());
        if (missing <= 0) {
            return text;
        }
        sandbox.makes(2 * missing + text.length());
        StringBuilder padded = new StringBuilder();
        for (int i = 0; i < missing; i++) {
            padded.appendCodePoint(filling[i % filling.length]);
        }
        return width < 0 ? padded.append(text).toString() : text + padded;
    }

    private @Nullable Object join(List<?> a) {
        Object given = at(a, 0);
        if (given == null) {
            return null;
        }
        List<?> texts = given instanceof List<?> list ? list : List.of(given);
        String between = text(a, 1);
        String separator = between == null ? "" : between;
        StringBuilder joined = new StringBuilder();
        for (int i = 0; i < texts.size(); i++) {
            if (!(texts.get(i) instanceof String part)) {
                throw failed("$join joins texts only");
            }
            if (i > 0) {
                joined.append(separator);
            }
            joined.append(part);
            sandbox.makes(joined.length());
        }
        return joined.toString();
    }

    private @Nullable Object contains(List<?> a) {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        return at(a, 1) instanceof Regex regex
                ? regex.matcher(text).find()
                : new ScriptText.Search(sought(a)).in(text, 0) >= 0;
    }

    private static String sought(List<?> a) {
        if (at(a, 1) instanceof String sought) {
            return sought;
        }
        throw failed("argument 2 has to be a text or a regular expression");
    }

    private int limit(List<?> a, int index) {
        int limit = whole(number(a, index), Integer.MAX_VALUE);
        if (limit < 0) {
            throw failed("argument " + (index + 1) + " has to be 0 or more");
        }
        return limit;
    }

    private @Nullable Object split(List<?> a) {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        int limit = limit(a, 2);
        List<Object> parts = new ArrayList<>();
        if (at(a, 1) instanceof Regex regex) {
            Matcher matcher = regex.matcher(text);
            int from = 0;
            while (parts.size() < limit && matcher.find()) {
                part(parts, text.substring(from, regex.end(matcher)), matcher, from);
                from = matcher.end();
            }
            if (parts.size() < limit) {
                parts.add(text.substring(from));
            }
            return parts;
        }
        String separator = sought(a);
        if (separator.isEmpty()) {
            for (int i = 0; i < text.length() && parts.size() < limit; i++) {
                parts.add(text.substring(i, i + 1));
                held(parts);
            }
            return parts;
        }
        ScriptText.Search search = new ScriptText.Search(separator);
        int from = 0;
        while (parts.size() < limit) {
            int found = search.in(text, from);
            parts.add(found < 0 ? text.substring(from) : text.substring(from, found));
            held(parts);
            if (found < 0) {
                break;
            }
            from = found + separator.length();
        }
        return parts;
    }

    private void part(List<Object> parts, String upToEnd, Matcher matcher, int from) {
        parts.add(upToEnd.substring(0, matcher.start() - from));
        held(parts);
    }

    /** What these are made of is small; that there are many of them is what has to be seen in time. */
    private void held(List<Object> parts) {
        if ((parts.size() & 1_023) == 0) {
            sandbox.check();
        }
    }

    private @Nullable Object match(List<?> a) {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        int limit = limit(a, 2);
        Regex regex = regex(a);
        List<Object> matches = Utils.createSequence();
        Matcher matcher = regex.matcher(text);
        while (matches.size() < limit && matcher.find()) {
            regex.end(matcher);
            Map<String, Object> match = new LinkedHashMap<>();
            match.put("match", matcher.group());
            match.put("index", matcher.start());
            match.put("groups", groups(matcher));
            matches.add(match);
            held(matches);
        }
        return matches;
    }

    private static Regex regex(List<?> a) {
        if (at(a, 1) instanceof Regex regex) {
            return regex;
        }
        throw failed("argument 2 has to be a regular expression");
    }

    private static List<Object> groups(Matcher matcher) {
        List<Object> groups = new ArrayList<>(matcher.groupCount());
        for (int i = 1; i <= matcher.groupCount(); i++) {
            String group = matcher.group(i);
            groups.add(group == null ? "" : group);
        }
        return groups;
    }

    private @Nullable Object replace(List<?> a) throws Throwable {
        String text = text(a, 0);
        if (text == null) {
            return null;
        }
        int limit = limit(a, 3);
        Object with = at(a, 2);
        StringBuilder replaced = new StringBuilder();
        int from = 0;
        if (at(a, 1) instanceof Regex regex) {
            Matcher matcher = regex.matcher(text);
            for (int i = 0; i < limit && matcher.find(); i++) {
                int end = regex.end(matcher);
                grown(replaced.append(text, from, matcher.start()));
                if (with instanceof String template) {
                    expand(template, matcher, replaced);
                } else if (with != null && Functions.funcApply(with, List.of(found(matcher))) instanceof String given) {
                    replaced.append(given);
                } else {
                    throw failed("what replaces a match has to be a text");
                }
                grown(replaced);
                from = end;
            }
            return grown(replaced.append(text, from, text.length())).toString();
        }
        String sought = sought(a);
        if (sought.isEmpty()) {
            throw failed("argument 2 of $replace has to be a text that is not empty");
        }
        if (!(with instanceof String literal)) {
            throw failed("argument 3 of $replace has to be a text");
        }
        for (int found : new ScriptText.Search(sought).all(text, limit)) {
            grown(replaced.append(text, from, found).append(literal));
            from = found + sought.length();
        }
        return grown(replaced.append(text, from, text.length())).toString();
    }

    private StringBuilder grown(StringBuilder text) {
        sandbox.makes(text.length());
        return text;
    }

    /** {@code $$} is a dollar sign, {@code $0} the match, {@code $n} a group of it, as many digits as there are groups. */
    private void expand(String template, Matcher matcher, StringBuilder into) {
        int at = 0;
        while (at < template.length()) {
            char c = template.charAt(at++);
            char next = at < template.length() ? template.charAt(at) : ' ';
            if (c != '$' || (next != '$' && !isDigit(next))) {
                into.append(c);
                continue;
            }
            at++;
            if (next == '$') {
                into.append('$');
                continue;
            }
            int group = next - '0';
            while (at < template.length()
                    && isDigit(template.charAt(at))
                    && group * 10 + template.charAt(at) - '0' <= matcher.groupCount()) {
                group = group * 10 + template.charAt(at++) - '0';
            }
            String given = group <= matcher.groupCount() ? matcher.group(group) : null;
            grown(into.append(given == null ? "" : given));
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static Map<String, Object> found(Matcher matcher) {
        Map<String, Object> found = new LinkedHashMap<>();
        found.put("match", matcher.group());
        found.put("start", matcher.start());
        found.put("end", matcher.end());
        found.put("groups", groups(matcher));
        return found;
    }

    /** The library copies all that it has for each that it adds. */
    private static @Nullable Object spread(@Nullable Object value) {
        if (!(value instanceof List<?>) && !(value instanceof Map<?, ?>)) {
            return value;
        }
        List<Object> spread = Utils.createSequence();
        spread(value, spread);
        return spread;
    }

    private static void spread(@Nullable Object value, List<Object> into) {
        if (value instanceof List<?> list) {
            list.forEach(element -> spread(element, into));
        } else if (value instanceof Map<?, ?> map) {
            map.forEach((key, one) -> {
                Map<Object, Object> single = new LinkedHashMap<>();
                single.put(key, one);
                into.add(single);
            });
        } else if (value != null) {
            into.add(value);
        }
    }

    /** By our own keys, since it is easy to find lists that share a hash. */
    private @Nullable Object distinct(List<?> a) {
        Object value = a.isEmpty() ? null : a.getFirst();
        if (!(value instanceof List<?> list) || list.size() <= 1) {
            return value;
        }
        Set<Key> seen = new LinkedHashSet<>();
        for (Object element : list) {
            seen.add(new Key(sandbox, element));
        }
        List<Object> distinct = list instanceof Utils.JList<?> ? Utils.createSequence() : new ArrayList<>();
        seen.forEach(key -> distinct.add(key.value));
        return distinct;
    }

    private record Key(Sandbox sandbox, @Nullable Object value) {
        @Override
        public boolean equals(@Nullable Object other) {
            sandbox.check();
            return other instanceof Key key && (value == null ? key.value == null : value.equals(key.value));
        }

        @Override
        public int hashCode() {
            return value == null ? 0 : value.hashCode();
        }
    }

    /** A regular expression: a function that gives what it finds first, as the language has it. */
    static final class Regex extends Jsonata.JFunction {
        private final Sandbox sandbox;
        private final Pattern pattern;
        private final int cost;

        /**
         * One.
         *
         * @param given as it stands in the script
         * @throws PatternCost.Refused if it is none that is allowed
         */
        Regex(Sandbox sandbox, Pattern given) {
            this(sandbox, PatternCost.looking(given), PatternCost.of(given));
        }

        private Regex(Sandbox sandbox, Pattern pattern, int cost) {
            super((input, arguments) -> first(sandbox, pattern, cost, (List<?>) arguments), "<s-:o>");
            this.sandbox = sandbox;
            this.pattern = pattern;
            this.cost = cost;
        }

        private static @Nullable Object first(Sandbox sandbox, Pattern pattern, int cost, List<?> arguments) {
            if (!(at(arguments, 0) instanceof String text)) {
                return null;
            }
            Matcher matcher = pattern.matcher(new ScriptText(sandbox, text, cost));
            return matcher.find() ? found(matcher) : null;
        }

        Matcher matcher(String text) {
            return pattern.matcher(new ScriptText(sandbox, text, cost));
        }

        /** Where what was found ends; that it is empty is an error of the language, since there would be no end of it. */
        int end(Matcher matcher) {
            if (matcher.end() == matcher.start()) {
                throw failed("the regular expression matches the empty text");
            }
            return matcher.end();
        }
    }
}
