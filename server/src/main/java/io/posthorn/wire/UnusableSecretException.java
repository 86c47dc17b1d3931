package io.posthorn.wire;

/** A scheme cannot sign with a secret of this form. The message is for people and does not have the secret in it. */
public final class UnusableSecretException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    UnusableSecretException(String message) {
        super(message);
    }
}
