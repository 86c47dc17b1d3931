package io.posthorn.notify;

/** What a mail is about. */
enum MailKind {
    /** The endpoint was disabled, and nobody had asked for it. */
    DISABLED(1, 10),
    /** Deliveries have ended without success. */
    EXHAUSTED(2, 1),
    /** The answer to a delivery was one that is not tried again. */
    REJECTED(3, 60);

    private final int code;
    private final int mostAnHour;

    MailKind(int code, int mostAnHour) {
        this.code = code;
        this.mostAnHour = mostAnHour;
    }

    /** The number in the database. */
    int code() {
        return code;
    }

    /** How many single ones an endpoint's owner gets within an hour; what is more is gathered. */
    int mostAnHour() {
        return mostAnHour;
    }

    static MailKind of(int code) {
        for (MailKind kind : values()) {
            if (kind.code == code) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no kind of mail has the code " + code);
    }
}
