package io.posthorn.notify;

/** What this room tells of itself. */
public interface NotifyMetrics {
    /** An event was accepted by an operational application. */
    void eventSent();

    /** The mail server has taken a mail. */
    void mailSent();

    /** A mail could not be sent; it is tried again. */
    void mailFailed();

    /** Mails could not be sent for a day, or were refused for good; they are not tried again. */
    void mailsGivenUp(int mails);

    /** Mails were never tried: there were too many within an hour, or their domain may not be written to. */
    void mailsLeftOut(int mails);
}
