package io.posthorn.app;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;

/** A text that must not be seen. It prints itself as stars, so that it cannot reach a log by accident. */
public final class Secret {
    /** What stands in its place wherever it is shown. */
    public static final String STARS = "***";

    private final String text;

    /**
     * A secret.
     *
     * @param text what must not be seen
     */
    public Secret(String text) {
        this.text = text;
    }

    /** The text itself: for the one place that needs it. */
    public String reveal() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret that && MessageDigest.isEqual(bytes(), that.bytes());
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return STARS;
    }

    private byte[] bytes() {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
