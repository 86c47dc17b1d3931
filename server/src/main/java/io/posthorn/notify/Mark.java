package io.posthorn.notify;

/** What has been told of an endpoint and holds still. */
enum Mark {
    /** Its deliveries fail; told again is only that they succeed. */
    TROUBLE(1),
    /** More deliveries wait for it than should. */
    BACKLOG(2);

    private final int code;

    Mark(int code) {
        this.code = code;
    }

    /** The number in the database. */
    int code() {
        return code;
    }
}
