package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.posthorn.catalog.AppView;
import io.posthorn.history.LoggedAttempt;
import io.posthorn.model.Attempt;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An attempt as it is shown. What stands behind {@code msg} is ours.
 *
 * @param id of the attempt
 * @param msgId of the message
 * @param endpointId of the endpoint; if it was deleted, an id that leads nowhere and is the same for all its attempts
 * @param url where the endpoint is now; empty if it was deleted
 * @param response the body as text; empty without one, or if it was not asked for
 * @param responseStatusCode 0 without a response
 * @param responseDurationMs of the whole exchange
 * @param status 0 success, 2 fail
 * @param statusText the same in a word
 * @param triggerType 0: it was made by itself, 1: somebody asked for it
 * @param timestamp when it started
 * @param msg the message, if it was asked for
 * @param attemptNumber 1 for the first
 * @param outcome response, timeout, dns, connect, tls, refused_address or protocol
 * @param detail of a failure without a response
 * @param responseHeaders in their order; null without a response
 * @param nextAttemptAt when the next one was due that followed from this one; null if none did
 * @param exhausted whether the delivery ended here without success
 */
record AttemptView(
        String id,
        String msgId,
        String endpointId,
        String url,
        String response,
        int responseStatusCode,
        long responseDurationMs,
        int status,
        String statusText,
        int triggerType,
        Instant timestamp,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable MessageView msg,
        int attemptNumber,
        String outcome,
        @Nullable String detail,
        @Nullable List<Header> responseHeaders,
        @Nullable Instant nextAttemptAt,
        boolean exhausted) {

    /** A header of a response. */
    record Header(String name, String value) {}

    /**
     * An attempt of a message of this application.
     *
     * @param message what to show as {@code msg}
     */
    static AttemptView of(LoggedAttempt logged, AppView view, Ids ids, @Nullable Message message) {
        Endpoint endpoint = view.endpointByNo(logged.endpointNo());
        Attempt attempt = logged.attempt();
        byte @Nullable [] body = attempt.body();
        String headers = attempt.headers();
        return new AttemptView(
                logged.id(),
                logged.messageId(),
                endpoint == null ? deleted(logged.endpointNo(), ids) : endpoint.id(),
                endpoint == null ? "" : endpoint.url(),
                body == null ? "" : new String(body, StandardCharsets.UTF_8),
                attempt.responseCode(),
                attempt.durationMicros() / 1_000,
                logged.status().code(),
                logged.status().name().toLowerCase(Locale.ROOT),
                logged.manual() ? 1 : 0,
                Time.instant(attempt.startedAt()),
                message == null ? null : MessageView.of(message),
                attempt.number(),
                attempt.status().name().toLowerCase(Locale.ROOT),
                attempt.detail(),
                headers == null ? null : headers(headers),
                logged.verdict() instanceof Verdict.RetryAt(long dueAt) ? Time.instant(dueAt) : null,
                logged.verdict() instanceof Verdict.Exhausted || logged.verdict() instanceof Verdict.Gone);
    }

    /** Nothing remembers the id of a deleted endpoint, but clients insist on one. */
    static String deleted(int endpointNo, Ids ids) {
        return "ep_" + ids.message(0, 0, endpointNo).substring("msg_".length());
    }

    private static List<Header> headers(String text) {
        List<Header> headers = new ArrayList<>();
        text.lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.add(new Header(
                        line.substring(0, colon), line.substring(colon + 1).strip()));
            }
        });
        return headers;
    }
}
