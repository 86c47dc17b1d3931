package io.posthorn.cli;

/** How a command ended, for the shell. */
final class ExitCodes {
    static final int OK = 0;
    /** It was rightly asked and did not succeed; of a client command: the server refused it or failed. */
    static final int FAILURE = 1;
    /** Wrong usage or configuration: nothing was started. */
    static final int USAGE = 2;
    /** A client command reached no server. */
    static final int UNREACHABLE = 3;

    private ExitCodes() {}
}
