package io.posthorn.notify;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Something for an operational application.
 *
 * @param envNo the environment of that application
 * @param at when it happened, microseconds since 1970
 * @param type such as {@code endpoint.disabled}
 * @param appNo application of the message that it is about; 0 if it is about none
 * @param seq of that message
 * @param messageAt when that message was accepted, microseconds since 1970
 * @param data what is said about it
 */
record Event(int envNo, long at, String type, int appNo, long seq, long messageAt, ObjectNode data) {
    /** About no message. */
    Event(int envNo, long at, String type, ObjectNode data) {
        this(envNo, at, type, 0, 0, 0, data);
    }
}
