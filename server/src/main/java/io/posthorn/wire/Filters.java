package io.posthorn.wire;

import io.posthorn.model.Message;
import io.posthorn.model.MessageFilter;
import io.posthorn.runtime.JmesPath;
import io.posthorn.runtime.ScriptException;
import io.posthorn.runtime.Scripts;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Asks the filters of endpoints which messages they want. Confined to one thread, since what it keeps of scripts is. */
public final class Filters {
    private final Scripts scripts;

    /** With the scripts of the thread. */
    public Filters(Scripts scripts) {
        this.scripts = scripts;
    }

    /**
     * Whether all that the filter says holds. What is cheap is asked first.
     *
     * @param payload of the message, as a tree
     * @throws ContentException if an expression fails, with its place
     */
    public boolean wants(MessageFilter filter, Message message, @Nullable Object payload) throws ContentException {
        return hasTag(filter.tags(), message.tags)
                && hasHeaders(filter.headers(), message.headers)
                && jmesPath(filter.jmespath(), payload)
                && jsonata(filter.jsonata(), message, payload);
    }

    private static boolean hasTag(List<String> wanted, List<String> tags) {
        return wanted.isEmpty() || tags.stream().anyMatch(wanted::contains);
    }

    private static boolean hasHeaders(Map<String, String> wanted, Map<String, String> headers) {
        return wanted.entrySet().stream()
                .allMatch(want -> headers.entrySet().stream()
                        .anyMatch(has -> has.getKey().equalsIgnoreCase(want.getKey())
                                && has.getValue().equals(want.getValue())));
    }

    private boolean jmesPath(@Nullable String expression, @Nullable Object payload) throws ContentException {
        if (expression == null) {
            return true;
        }
        try {
            return !JmesPath.falsy(scripts.jmesPath(expression).evaluate(payload));
        } catch (ScriptException e) {
            throw new ContentException("filter.jmespath: " + e.getMessage());
        }
    }

    private boolean jsonata(@Nullable String expression, Message message, @Nullable Object payload)
            throws ContentException {
        if (expression == null) {
            return true;
        }
        Map<String, @Nullable Object> input = Facts.of(message);
        input.put("payload", payload);
        try {
            return holds(scripts.get(expression).evaluate(input, Map.of()));
        } catch (ScriptException e) {
            throw new ContentException("filter.jsonata: " + e.getMessage());
        }
    }

    /** As {@code $boolean} has it: a list holds if one of its members does. */
    private static boolean holds(@Nullable Object value) {
        return value instanceof Collection<?> list ? list.stream().anyMatch(Filters::holds) : !JmesPath.falsy(value);
    }
}
