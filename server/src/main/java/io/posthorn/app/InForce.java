package io.posthorn.app;

import org.jspecify.annotations.Nullable;

/**
 * A setting, the value that applies and where that came from.
 *
 * @param setting which
 * @param value the value; null for none
 * @param origin where it came from
 * @param <T> the type of the value
 */
public record InForce<T>(Setting<T> setting, @Nullable T value, Origin origin) {
    /** The value as it may be shown: empty for none, a secret as stars. */
    public String shown() {
        return value == null ? "" : setting.kind().show(value);
    }

    /** For people; without secrets, unlike what a record would say by itself. */
    @Override
    public String toString() {
        return "%s = %s (%s)".formatted(setting.key(), shown(), origin);
    }
}
