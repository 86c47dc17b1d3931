package io.posthorn.intake;

import io.posthorn.model.Message;
import java.util.List;

/** What a publisher is answered. */
public sealed interface AcceptResult {
    /** It is committed. */
    record Accepted(Message message) implements AcceptResult {}

    /** The same idempotency key with the same body was accepted before: the first answer again. */
    record Repeated(Message message) implements AcceptResult {}

    /**
     * Another message of the application has this event id.
     *
     * @param firstId that message's id
     */
    record EventIdTaken(String firstId) implements AcceptResult {}

    /** The idempotency key was used with another body. */
    record KeyReused() implements AcceptResult {}

    /**
     * It was only to be looked for ({@link Submission#repeat}), and nobody has sent it before: it was not stored.
     *
     * @param problems why it is no message
     */
    record Refused(List<ParsedMessage.Problem> problems) implements AcceptResult {}

    /** The database is away, or this node may not write: nothing was promised; try again. */
    record Unavailable() implements AcceptResult {}

    /** This message cannot be stored, whatever the state of the database. The log says why. */
    record Failed() implements AcceptResult {}
}
