package io.posthorn.api;

import io.posthorn.intake.Submission;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayDeque;
import java.util.List;

/**
 * Requests that wait for their commit, oldest first. A database that hangs instead of failing must not let publishers
 * hang: after the deadline they are answered 503, and what has not reached the journal by then is withdrawn. Belongs to
 * one event loop.
 */
final class Overdue {
    private record Waiting(HttpServerRequest request, List<Submission> submissions, long since) {}

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private final long deadlineNanos;

    Overdue(long deadlineNanos) {
        this.deadlineNanos = deadlineNanos;
    }

    /** The request waits from now on. What was answered before it is forgotten on the way. */
    void add(HttpServerRequest request, List<Submission> submissions) {
        while (!waiting.isEmpty() && answered(waiting.element())) {
            waiting.remove();
        }
        waiting.add(new Waiting(request, submissions, System.nanoTime()));
    }

    /** Called now and then: answers what has waited for too long. */
    void tick() {
        long now = System.nanoTime();
        while (!waiting.isEmpty()) {
            Waiting oldest = waiting.element();
            boolean answered = answered(oldest);
            if (!answered && now - oldest.since < deadlineNanos) {
                return;
            }
            waiting.remove();
            if (!answered) {
                oldest.submissions.forEach(Submission::withdraw);
                Errors.unavailable(oldest.request);
            }
        }
    }

    private static boolean answered(Waiting one) {
        HttpServerResponse response = one.request.response();
        return response.ended() || response.closed();
    }
}
