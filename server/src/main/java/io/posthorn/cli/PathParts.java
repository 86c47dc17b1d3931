package io.posthorn.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The placeholders of paths: which there are, what they mean, and their values. */
final class PathParts {
    static final String APP = "--app";
    static final String APP_VARIABLE = "POSTHORN_APP";

    private static final Pattern PLACEHOLDER = Pattern.compile("\\{([^}]+)}");

    private PathParts() {}

    /** The help of an option in a path. */
    static String help(String option) {
        return switch (option) {
            case APP -> "The application, its id or uid. Default: " + APP_VARIABLE;
            case "--endpoint" -> "The endpoint, its id or uid.";
            case "--message" -> "The message, its id or event id.";
            default -> throw new IllegalArgumentException("no path has " + option);
        };
    }

    /** What a parameter without a name may be, with a full stop. */
    static String rule(String label) {
        return switch (label) {
            case "APP", "ENDPOINT" -> "id or uid.";
            case "MESSAGE" -> "id or event id.";
            case "EVENT_TYPE" -> "name.";
            case "ENVIRONMENT" -> "name or id.";
            default -> "id.";
        };
    }

    /** The path with its values, encoded. */
    static String fill(String path, Values values) {
        Matcher matcher = PLACEHOLDER.matcher(path);
        StringBuilder filled = new StringBuilder();
        int position = 0;
        while (matcher.find()) {
            String placeholder = matcher.group(1);
            String value;
            if (placeholder.equals(APP)) {
                value = values.textOr(APP, APP_VARIABLE);
            } else if (placeholder.startsWith("--")) {
                value = values.needed(placeholder);
            } else {
                value = values.positional(position++, placeholder);
            }
            matcher.appendReplacement(filled, Matcher.quoteReplacement(ApiClient.encode(value)));
        }
        return matcher.appendTail(filled).toString();
    }
}
