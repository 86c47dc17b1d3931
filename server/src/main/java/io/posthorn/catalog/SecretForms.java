package io.posthorn.catalog;

import io.posthorn.model.SigningSecret;
import io.posthorn.model.SigningSecret.Form;
import org.jspecify.annotations.Nullable;

/** The forms of signing secrets as they are stored. The usual one is null. */
final class SecretForms {
    private static final String ED25519 = "ed25519";
    private static final String TEXT = "text";

    private SecretForms() {}

    static @Nullable String stored(Form form) {
        return switch (form) {
            case SYMMETRIC -> null;
            case ED25519 -> ED25519;
            case TEXT -> TEXT;
        };
    }

    static Form form(@Nullable String stored) {
        return switch (stored) {
            case null -> Form.SYMMETRIC;
            case ED25519 -> Form.ED25519;
            case TEXT -> Form.TEXT;
            default ->
                throw new SecretBoxException("there is a stored secret of the form " + stored
                        + ", which this version does not know. Was the database used by a newer Posthorn? Then run"
                        + " that.");
        };
    }

    /** Reads the written form of a secret. */
    static SigningSecret read(@Nullable String stored, String written) {
        return switch (form(stored)) {
            case SYMMETRIC, ED25519 -> SigningSecret.parse(written);
            case TEXT -> SigningSecret.text(written);
        };
    }
}
