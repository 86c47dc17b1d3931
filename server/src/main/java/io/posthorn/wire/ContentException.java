package io.posthorn.wire;

/**
 * A message could not become a request: an expression failed, or what it gave cannot be written. It is an answer that
 * people read, and carries no stack.
 */
public final class ContentException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * What went wrong.
     *
     * @param detail for people, with the place where it happened
     */
    public ContentException(String detail) {
        super(detail, null, false, false);
    }

    /** For people, with the place where it happened. */
    public String detail() {
        return String.valueOf(getMessage());
    }
}
