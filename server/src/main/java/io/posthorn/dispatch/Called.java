package io.posthorn.dispatch;

import org.jspecify.annotations.Nullable;

/** What came of calling an endpoint while somebody waits: see {@link Dispatcher#call}. */
public sealed interface Called {
    /**
     * It has answered.
     *
     * @param code of the response
     * @param success whether that is what the endpoint's owner calls a success; usually any 2xx
     * @param body as far as it is kept; not to be changed
     * @param truncated whether there was more of it
     * @param why it is no success although its status is one; null if there is nothing to say
     * @param micros from the start of the request to the end of the response
     */
    record Answered(
            int code,
            boolean success,
            byte[] body,
            boolean truncated,
            @Nullable String why,
            long micros) implements Called {}

    /**
     * It has been called and has not answered.
     *
     * @param timeout whether it took too long
     * @param why for people
     * @param micros from the start of the request to its end
     */
    record Failed(boolean timeout, String why, long micros) implements Called {}

    /** It was not called, and nothing is on record of it. */
    record NotCalled(Reason reason) implements Called {}

    /** Why an endpoint was not called. */
    enum Reason {
        /** Its filter or its transformation does not want the message: as if it had not subscribed. */
        UNWANTED("the endpoint's filter does not want the message"),
        /** It is disabled, or gone. */
        DISABLED("the endpoint is disabled"),
        /** It or its application is paused. */
        PAUSED("the endpoint is paused"),
        /** It has failed for a while, and it is not time to try whether it is well again. */
        CIRCUIT_OPEN("the endpoint has failed for a while and is left alone"),
        /** It has asked to be left alone for a time. */
        ASKED_TO_WAIT("the endpoint has asked to be left alone for a while"),
        /** One more would be more a second than its owner allows. */
        RATE_LIMITED("the endpoint's rate limit is used up"),
        /** As many requests are under way as may be. */
        BUSY("too many requests to the endpoint are under way"),
        /** The server is stopping, or cannot write down what comes of it. */
        UNAVAILABLE("the server cannot make the call just now");

        private final String text;

        Reason(String text) {
            this.text = text;
        }

        /** For people. */
        public String text() {
            return text;
        }
    }
}
