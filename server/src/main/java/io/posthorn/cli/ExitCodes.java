package io.posthorn.cli;

/** How a command ended, for the shell. */
final class ExitCodes {
    static final int OK = 0;
    /** It was rightly asked and did not succeed. */
    static final int FAILURE = 1;
    /** Wrong usage or configuration: nothing was started. */
    static final int USAGE = 2;

    private ExitCodes() {}
}
