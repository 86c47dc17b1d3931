package io.posthorn.store;

/** Another owner has taken over; nothing that this one writes is accepted any more. */
public final class StaleOwnerException extends Exception {
    StaleOwnerException(long epoch, Throwable cause) {
        super("another node has taken over: epoch " + epoch + " is over, this node must stop writing", cause);
    }
}
