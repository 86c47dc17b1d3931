package io.posthorn.egress;

import org.jspecify.annotations.Nullable;

/** How an exchange ended. What a response means is for the caller to say; here a 500 is as good as a 200. */
public sealed interface Outcome {

    /**
     * The server answered. A class and not a record, because two responses are never compared by content.
     */
    final class Response implements Outcome {
        private final int code;
        private final String headers;
        private final byte[] body;
        private final boolean truncated;
        private final @Nullable String retryAfter;

        /** A response from its parts; they are described at the methods. */
        public Response(int code, String headers, byte[] body, boolean truncated, @Nullable String retryAfter) {
            this.code = code;
            this.headers = headers;
            this.body = body;
            this.truncated = truncated;
            this.retryAfter = retryAfter;
        }

        /** The status code, 200 to 999. */
        public int code() {
            return code;
        }

        /** {@code name: value} and a line feed for each, as received; at most 16 KiB. */
        public String headers() {
            return headers;
        }

        /** The first {@link EgressSettings#keptResponseBytes()} of the body; not to be changed. */
        public byte[] body() {
            return body;
        }

        /** Whether there was more of the body. */
        public boolean truncated() {
            return truncated;
        }

        /** The {@code Retry-After} header as received: seconds or an HTTP date, or anything else. */
        public @Nullable String retryAfter() {
            return retryAfter;
        }

        @Override
        public String toString() {
            return "Response[" + code + ", " + body.length + " bytes" + (truncated ? ", truncated]" : "]");
        }
    }

    /**
     * There was no response, or not all of it.
     *
     * @param kind what went wrong
     * @param detail for people: names the host or address and the rule; no secrets, no path of the URL
     */
    record Failure(FailureKind kind, String detail) implements Outcome {}

    /** The endpoint does not want it after all: nothing was sent, and nothing is to be. */
    record Unwanted() implements Outcome {}
}
