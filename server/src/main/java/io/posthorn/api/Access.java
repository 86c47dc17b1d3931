package io.posthorn.api;

import io.posthorn.catalog.Role;
import io.posthorn.catalog.Token;

/** Who may use an operation. */
public enum Access {
    /** Sending messages: administrators and publishers. */
    SEND,
    /** Looking at what belongs to an application: administrators, viewers, and the application's own tokens. */
    READ,
    /** Looking at what belongs to no application: administrators, viewers, and the tokens of applications. */
    CATALOG,
    /** What a customer may do with its application: administrators, and the application's own tokens. */
    WRITE,
    /** Looking at a secret: administrators, and the application's own tokens. */
    SECRET,
    /** Administrators of the environment. */
    MANAGE,
    /** Administrators of the whole installation. */
    INSTALLATION,
    /** Everybody with a valid token. */
    SELF;

    /** Whether a token's role is enough. Whether it sees the application is another question. */
    boolean allows(Token token) {
        return switch (this) {
            case SEND -> token.role() == Role.ADMINISTRATOR || token.role() == Role.PUBLISHER;
            case READ, CATALOG -> token.role() != Role.PUBLISHER;
            case WRITE, SECRET -> token.role() == Role.ADMINISTRATOR || token.role() == Role.APPLICATION;
            case MANAGE -> token.role() == Role.ADMINISTRATOR;
            case INSTALLATION -> token.role() == Role.ADMINISTRATOR && token.envNo() == Token.EVERYWHERE;
            case SELF -> true;
        };
    }

    /** For the one who is refused. */
    String needs() {
        return switch (this) {
            case SEND -> "an administrator's or a publisher's token";
            case READ, CATALOG -> "a token that may read";
            case WRITE, SECRET -> "an administrator's or the application's own token";
            case MANAGE -> "an administrator's token";
            case INSTALLATION -> "the token of an administrator of the whole installation";
            case SELF -> "a valid token";
        };
    }
}
