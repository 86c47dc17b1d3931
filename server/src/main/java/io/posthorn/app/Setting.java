package io.posthorn.app;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One setting: a row of the table from which everything about configuration comes.
 *
 * @param key its name in the file, in kebab-case; the other names follow from it
 * @param kind what values it takes
 * @param fallback what applies when nobody says otherwise, as it would be written; null for no value
 * @param group the heading that it stands under
 * @param help what it does, in whole sentences
 * @param <T> the type of its value
 */
public record Setting<T>(String key, Kind<T> kind, @Nullable String fallback, String group, String help) {
    /** What the name of every variable starts with. */
    public static final String PREFIX = "POSTHORN_";

    /** The name of its environment variable: {@code POSTHORN_MAX_BODY_BYTES}. */
    public String variable() {
        return PREFIX + key.replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /** Its flag: {@code --max-body-bytes}. */
    public String flag() {
        return "--" + key;
    }

    /** The component of {@link Config} that holds it: {@code maxBodyBytes}. */
    public String component() {
        StringBuilder name = new StringBuilder();
        for (String word : key.split("-", -1)) {
            name.append(name.isEmpty() ? word : Character.toUpperCase(word.charAt(0)) + word.substring(1));
        }
        return name.toString();
    }

    /** Whether it is never shown. */
    public boolean secret() {
        return kind.shape() == Kind.Shape.SECRET;
    }
}
