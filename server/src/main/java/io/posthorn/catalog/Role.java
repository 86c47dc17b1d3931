package io.posthorn.catalog;

/** What a token may do. */
public enum Role {
    /** Everything in its environment. */
    ADMINISTRATOR,
    /** Send messages, and nothing else. */
    PUBLISHER,
    /** Look at everything but secrets. */
    VIEWER,
    /** What a customer does with its own application: look, and manage its endpoints. */
    APPLICATION
}
