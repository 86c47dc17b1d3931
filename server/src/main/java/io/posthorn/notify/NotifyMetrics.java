package io.posthorn.notify;

/** What this room tells of itself. */
public interface NotifyMetrics {
    /** An event was accepted by an operational application. */
    void eventSent();

    /** The mail server has taken a mail. */
    void mailSent();

    /** A mail could not be sent; it is tried again. */
    void mailFailed();

    /** A mail could not be sent for a day, and is not tried again. */
    void mailGivenUp();
}
