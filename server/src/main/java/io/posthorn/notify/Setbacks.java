package io.posthorn.notify;

import org.slf4j.Logger;

/** What goes wrong and is tried again. */
final class Setbacks {
    private Setbacks() {}

    /** Says so in the log; on a thread that is being stopped it is the stop that went wrong, which is nothing to warn of. */
    static void log(Logger log, String what, Exception why) {
        if (Thread.currentThread().isInterrupted()) {
            log.debug("{}, while stopping: {}", what, why.toString());
        } else {
            log.warn("{}, trying again: {}", what, why.toString());
        }
    }
}
