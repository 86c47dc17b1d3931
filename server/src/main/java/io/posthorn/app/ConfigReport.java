package io.posthorn.app;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.List;

/** The settings in force, for people and for programs. Secrets are stars in both. */
public final class ConfigReport {
    private ConfigReport() {}

    /** A table of key, value and origin; ends with a line break. */
    public static String text(List<InForce<?>> settings) {
        int keys = settings.stream()
                .mapToInt(s -> s.setting().key().length())
                .max()
                .orElse(0);
        int values = settings.stream()
                .mapToInt(s -> value(s).length())
                .filter(n -> n <= 40)
                .max()
                .orElse(0);
        StringBuilder text = new StringBuilder();
        for (InForce<?> setting : settings) {
            text.append(pad(setting.setting().key(), keys)).append("  ");
            text.append(pad(value(setting), values)).append("  ");
            text.append(setting.origin()).append('\n');
        }
        return text.toString();
    }

    /** An object of key to {@code {"value", "origin"}}; the value is null for none. Ends with a line break. */
    public static String json(List<InForce<?>> settings) {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        for (InForce<?> setting : settings) {
            ObjectNode entry = root.putObject(setting.setting().key());
            if (setting.value() == null) {
                entry.putNull("value");
            } else {
                entry.put("value", setting.shown());
            }
            entry.put("origin", setting.origin().toString());
        }
        try {
            return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String pad(String text, int width) {
        return text + " ".repeat(Math.max(0, width - text.length()));
    }

    private static String value(InForce<?> setting) {
        String shown = setting.shown();
        return shown.isEmpty() ? "–" : shown;
    }
}
