package io.posthorn.e2e;

import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/** When a test fails, what its servers said is worth more than the assertion. */
public final class ShowsLogs implements BeforeEachCallback, TestExecutionExceptionHandler {
    private static final int MOST = 8_000;

    @Override
    public void beforeEach(ExtensionContext context) {
        ServerProcess.forgetClosed();
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        for (ServerProcess server : ServerProcess.seen()) {
            String log = server.log();
            System.err.println(context.getDisplayName() + " failed; the server said:\n"
                    + (log.length() <= MOST ? log : "…" + log.substring(log.length() - MOST)));
        }
        throw failure;
    }
}
