package io.posthorn.runtime;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import org.jspecify.annotations.Nullable;

/** Syntax errors of JSON, for people. */
public final class JsonSyntax {
    private JsonSyntax() {}

    /** What is wrong and where, as {@code …, at line 1, column 7}, without what the parser says of itself. */
    public static String explain(JsonProcessingException e) {
        String message = e.getOriginalMessage();
        int aside = message.indexOf(" (start marker at");
        return (aside < 0 ? message : message.substring(0, aside)) + place(e.getLocation());
    }

    /** A place as {@code , at line 1, column 7}; empty if there is none. */
    public static String place(@Nullable JsonLocation at) {
        return at == null ? "" : ", at line " + at.getLineNr() + ", column " + at.getColumnNr();
    }
}
