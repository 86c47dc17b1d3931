package io.posthorn.api;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Exceptions become answers, and the log is told what the caller is not. */
final class Failures {
    private static final Logger log = LoggerFactory.getLogger(Failures.class);
    private static final int RETRY_SECONDS = 1;
    private static final int DEEPEST = 20;

    private Failures() {}

    static Answer answer(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; cause != null && depth < DEEPEST; depth++, cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                String state = sql.getSQLState() == null ? "" : sql.getSQLState();
                if (sql instanceof SQLTransientConnectionException || isUnavailable(state)) {
                    log.warn("answering 503: {}", sql.getMessage());
                    return Answer.unavailable("the database does not answer just now", RETRY_SECONDS);
                }
                if (state.equals("PH001")) {
                    log.warn("answering 503: another node has taken over");
                    return Answer.unavailable("another node has taken over", RETRY_SECONDS);
                }
                if (state.startsWith("22")) {
                    log.debug("the database refuses a value", sql);
                    return Answer.invalid(
                            java.util.List.of(Problem.value("has a value that cannot be stored", "body")));
                }
            }
        }
        String reference = UUID.randomUUID().toString();
        log.error("answering 500, reference {}", reference, failure);
        return Answer.error(
                500, "internal_error", "something failed that should not; the server's log has it under " + reference);
    }

    /** Connection lost (08), out of resources (53), shut down or not up yet (57P0), input or output error (58). */
    private static boolean isUnavailable(String state) {
        return state.startsWith("08") || state.startsWith("53") || state.startsWith("57P0") || state.startsWith("58");
    }
}
