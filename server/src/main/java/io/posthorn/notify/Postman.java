package io.posthorn.notify;

/** Hands letters to a mail server. */
@FunctionalInterface
interface Postman {
    /**
     * Sends one, within a deadline.
     *
     * @throws NotSent if the mail server did not take it, or not in time
     */
    void send(Letter letter) throws NotSent, InterruptedException;

    /** What it means that a letter could not be sent. */
    enum Why {
        /** The mail server cannot be spoken to: connection, TLS, authentication. It is the same for all letters. */
        SERVER,
        /** It may be taken later. */
        LATER,
        /** It is never taken. */
        REFUSED
    }

    /** It could not be sent. The message is for the log, and has no secret. */
    final class NotSent extends Exception {
        private static final long serialVersionUID = 1;
        private final Why why;

        NotSent(Why why, String message, Throwable cause) {
            super(message, cause);
            this.why = why;
        }

        /** What it means. */
        Why why() {
            return why;
        }
    }
}
