package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** JSON values as texts for a terminal. */
final class Cells {
    private Cells() {}

    /** A value: lists with commas, what is absent as a hyphen, objects as JSON. */
    static String of(JsonNode value) {
        if (value.isMissingNode() || value.isNull() || (value.isContainerNode() && value.isEmpty())) {
            return "-";
        }
        if (value.isArray()) {
            List<String> all = new ArrayList<>();
            value.forEach(each -> all.add(of(each)));
            return String.join(",", all);
        }
        String text = oneLine(value.isTextual() ? value.textValue() : value.toString());
        return text.isEmpty() ? "-" : text;
    }

    /**
     * A text that others wrote, fit for a terminal: line breaks become spaces, and control characters, which could move
     * the cursor or do worse, a question mark.
     */
    static String oneLine(String text) {
        StringBuilder plain = new StringBuilder(text.length());
        text.strip().codePoints().forEach(c -> {
            if (c == '\n' || c == '\r' || c == '\t') {
                plain.append(' ');
            } else if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                plain.append('?');
            } else {
                plain.appendCodePoint(c);
            }
        });
        return plain.toString();
    }
}
