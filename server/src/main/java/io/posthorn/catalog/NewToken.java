package io.posthorn.catalog;

/**
 * A token that has just been made.
 *
 * @param token what is kept of it
 * @param secret what its holder presents; only its hash is kept, so this is the only time to show it
 */
public record NewToken(Token token, String secret) {
    /** Without the secret: this may end up in a log. */
    @Override
    public String toString() {
        return "NewToken[" + token + "]";
    }
}
