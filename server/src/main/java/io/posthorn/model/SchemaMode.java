package io.posthorn.model;

/** What happens to a message whose payload breaks the schema of its event type. */
public enum SchemaMode {
    /** Nobody looks. */
    OFF,
    /** It is accepted, counted, and named in the log now and then. */
    WARN,
    /** It is refused, with the place and the rule. */
    REJECT
}
