package io.posthorn.notify;

/** Hands letters to a mail server. */
@FunctionalInterface
interface Postman {
    /**
     * Sends one, within a deadline.
     *
     * @throws NotSent if the mail server did not take it for any of its addresses, or not in time
     */
    void send(Letter letter) throws NotSent, InterruptedException;

    /** It could not be sent. The message is for the log, and has no secret. */
    final class NotSent extends Exception {
        private static final long serialVersionUID = 1;

        NotSent(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
