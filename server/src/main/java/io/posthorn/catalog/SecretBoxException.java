package io.posthorn.catalog;

/** A secret cannot be opened, or the key is not usable. The message names what to do; it never holds a secret. */
public final class SecretBoxException extends RuntimeException {
    private static final long serialVersionUID = 1;

    SecretBoxException(String message) {
        super(message);
    }

    SecretBoxException(String message, Throwable cause) {
        super(message, cause);
    }
}
