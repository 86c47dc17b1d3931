package io.posthorn.notify;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Something for an operational application.
 *
 * @param envNo the environment of that application
 * @param at when it happened, microseconds since 1970
 * @param type such as {@code endpoint.disabled}
 * @param appNo the application that it tells of; 0 for none
 * @param seq of the message that it is about; 0 if it is about none
 * @param messageAt when that message was accepted, microseconds since 1970
 * @param data what is said about it
 * @param gatherFor an endpoint that it is told of together with others of this type; 0 if it stands for itself
 */
record Event(int envNo, long at, String type, int appNo, long seq, long messageAt, ObjectNode data, int gatherFor) {
    /** About no message. */
    Event(int envNo, int appNo, long at, String type, ObjectNode data) {
        this(envNo, at, type, appNo, 0, 0, data, 0);
    }

    /** The same, which stands for itself. */
    Event alone() {
        return gatherFor == 0 ? this : new Event(envNo, at, type, appNo, seq, messageAt, data, 0);
    }
}
