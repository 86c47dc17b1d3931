package io.posthorn.history;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a background task leaves out of the messages or dead letters of its time. Everything that is said has to be true.
 *
 * @param eventTypes the message's type is one of them; empty for any
 * @param channel the message has it; null for any or none
 * @param tag the message has it; null for any or none
 * @param which how the delivery stands
 * @param codeClass of the last response: 100 to 500 for the class that begins there, 0 for no response; null for any
 * @param why a dead letter ended; null for any
 */
public record Selection(
        List<String> eventTypes,
        @Nullable String channel,
        @Nullable String tag,
        Which which,
        @Nullable Integer codeClass,
        DeadLetter.@Nullable Why why) {
    /** Leaves out nothing. */
    public static final Selection ALL = new Selection(List.of(), null, null, Which.ALL, null, null);

    /** How a delivery stands. */
    public enum Which {
        /** Whatever came of it. */
        ALL(0, "all"),
        /** The endpoint has it. */
        DELIVERED(1, "delivered"),
        /** It has ended without success. */
        FAILED(2, "failed"),
        /** There was never one. */
        MISSING(3, "missing");

        private final int code;
        private final String text;

        Which(int code, String text) {
            this.code = code;
            this.text = text;
        }

        /** The number in the database. */
        public int code() {
            return code;
        }

        /** The name in the API. */
        public String text() {
            return text;
        }

        static Which of(int code) {
            return values()[code];
        }
    }
}
