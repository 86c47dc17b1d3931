package io.posthorn.cli;

/** A client command cannot go on; the message is for its user, and the process ends with the code. */
final class RemoteFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final int exitCode;

    /**
     * A failure.
     *
     * @param exitCode one of {@link ExitCodes}
     * @param message what happened and what can be done
     */
    RemoteFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    int exitCode() {
        return exitCode;
    }

    /** The server answered, and not with 2xx. */
    static RemoteFailure refused(ApiReply reply) {
        return new RemoteFailure(ExitCodes.FAILURE, Refusal.explain(reply));
    }
}
