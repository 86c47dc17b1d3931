package io.posthorn.api;

import io.posthorn.catalog.Token;

/**
 * Whose request it is.
 *
 * @param token the one that it came with
 * @param env the number of the environment that it concerns
 */
public record Caller(Token token, int env) {
    /** Whether it is a customer's, who sees one application and is told only what that may be told of. */
    public boolean ofApplication() {
        return token.appNo() != null;
    }

    /** Whether what belongs to this application may be shown; its environment is another question. */
    public boolean sees(int appNo) {
        Integer only = token.appNo();
        return only == null || only == appNo;
    }
}
