package io.posthorn.cli;

/** The demo cannot go on. The message says which request failed and how; it is meant for people. */
final class DemoFailure extends Exception {
    DemoFailure(String message) {
        super(message);
    }

    DemoFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
