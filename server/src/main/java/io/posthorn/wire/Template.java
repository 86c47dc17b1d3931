package io.posthorn.wire;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A text with placeholders such as {@code {timestamp}}, taken apart once. */
final class Template {
    private static final Pattern PLACE = Pattern.compile("\\{([A-Za-z]+)}");

    /** What can stand in braces. */
    enum Place {
        ID,
        TIMESTAMP,
        BODY,
        METHOD,
        URL,
        SIGNATURES,
        SIGNATURE;

        String written() {
            return '{' + name().toLowerCase(Locale.ROOT) + '}';
        }
    }

    /** A part: a text, or a placeholder. */
    sealed interface Part {
        /** As it stands there. */
        record Text(String text) implements Part {}

        /** To be filled in. */
        record Hole(Place place) implements Part {}
    }

    private final List<Part> parts;

    private Template(List<Part> parts) {
        this.parts = List.copyOf(parts);
    }

    /**
     * Takes a text apart.
     *
     * @param allowed what may stand in braces
     * @throws IllegalArgumentException if a placeholder is another; for people
     */
    static Template of(String text, Set<Place> allowed) {
        List<Part> parts = new ArrayList<>();
        Matcher matcher = PLACE.matcher(text);
        int from = 0;
        while (matcher.find()) {
            String written = matcher.group();
            Place place = allowed.stream()
                    .filter(each -> each.written().equals(written))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("has " + written + "; possible are "
                            + String.join(
                                    ", ",
                                    allowed.stream()
                                            .sorted()
                                            .map(Place::written)
                                            .toList())));
            if (matcher.start() > from) {
                parts.add(new Part.Text(text.substring(from, matcher.start())));
            }
            parts.add(new Part.Hole(place));
            from = matcher.end();
        }
        if (from < text.length()) {
            parts.add(new Part.Text(text.substring(from)));
        }
        return new Template(parts);
    }

    boolean has(Place place) {
        return parts.contains(new Part.Hole(place));
    }

    /** Hands the parts over one by one. */
    void each(Consumer<String> texts, Consumer<Place> holes) {
        for (Part part : parts) {
            switch (part) {
                case Part.Text(String text) -> texts.accept(text);
                case Part.Hole(Place place) -> holes.accept(place);
            }
        }
    }

    String fill(Function<Place, String> values) {
        StringBuilder text = new StringBuilder();
        each(text::append, place -> text.append(values.apply(place)));
        return text.toString();
    }

    /** What matches it, with a group for each placeholder that it has, named like it in lower case. */
    Pattern pattern() {
        StringBuilder regex = new StringBuilder();
        Set<Place> named = EnumSet.noneOf(Place.class);
        each(
                text -> regex.append(Pattern.quote(text)),
                place -> regex.append(named.add(place) ? "(?<" + group(place) + ">.*)" : "\\k<" + group(place) + '>'));
        return Pattern.compile(regex.toString());
    }

    /** The name of a placeholder's group in {@link #pattern()}. */
    static String group(Place place) {
        return place.name().toLowerCase(Locale.ROOT);
    }
}
