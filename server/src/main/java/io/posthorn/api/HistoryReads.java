package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.history.History;
import io.posthorn.history.HistoryException;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * What reading routes have in common: the things that the path names, and what is answered if they cannot be read.
 *
 * @param catalog applications and their endpoints
 * @param history what happened
 * @param ids of messages and attempts
 */
record HistoryReads(Catalog catalog, History history, Ids ids) {
    private static final int RETRY_SECONDS = 1;

    /** A route under {@code /app/:app}. */
    Function<Call, Answer> inApp(BiFunction<Call, AppView, Answer> work) {
        return call -> {
            AppView view = catalog.app(call.env(), call.path("app"));
            if (view == null) {
                return Answer.notFound("application");
            }
            try {
                return work.apply(call, view);
            } catch (HistoryException e) {
                return switch (e.kind()) {
                    case TOO_SLOW ->
                        Answer.error(
                                400,
                                "too_slow",
                                "looking for this takes too long; narrow it with before and after, or ask for fewer"
                                        + " with limit");
                    case WRONG_PATH ->
                        Answer.invalid(List.of(
                                Problem.value(Objects.requireNonNull(e.getMessage()), "query", "payload_path")));
                    case BUSY -> Answer.unavailable("too many are reading the history just now", RETRY_SECONDS);
                    case FAILED -> throw e;
                };
            }
        };
    }

    /** The endpoint that the path names. */
    Answer endpoint(Call call, AppView view, Function<Endpoint, Answer> work) {
        Endpoint endpoint = view.endpoint(call.path("endpoint"));
        return endpoint == null ? Answer.notFound("endpoint") : work.apply(endpoint);
    }

    /** The numbers of all endpoints, or of the one that {@code endpoint_id} in the query names. */
    Answer endpoints(Call call, AppView view, Function<List<Integer>, Answer> work) {
        String only = call.query().text("endpoint_id");
        Endpoint endpoint = only == null ? null : view.endpoint(only);
        if (only != null && endpoint == null) {
            return Answer.notFound("endpoint");
        }
        return work.apply(
                endpoint == null ? view.endpoints().stream().map(Endpoint::no).toList() : List.of(endpoint.no()));
    }

    /** What a list's query wants, without what its reader may not be told of. */
    HistoryQuery query(Call call, AppView view, Instant since) {
        return HistoryQuery.of(call.query(), ids, since, withheld(call, view));
    }

    /** The event types that are kept from who reads; nothing is looked at for an application without scopes. */
    List<String> withheld(Call call, AppView view) {
        return call.caller().ofApplication()
                ? catalog.withheld(view.application()).names()
                : List.of();
    }

    /** Whether who reads may see messages of an event type: an application has to have the scopes for it. */
    boolean shows(Call call, AppView view, String eventType) {
        return !call.caller().ofApplication() || catalog.permits(view.application(), eventType);
    }

    /** The message that the path names, by its id or its publisher's. */
    Answer message(Call call, AppView view, boolean content, Function<Message, Answer> work) {
        return message(call, call.path("message"), view, content, work);
    }

    /** A message by its id or its publisher's; one that the reader may not be told of is not there. */
    Answer message(Call call, String key, AppView view, boolean content, Function<Message, Answer> work) {
        Message message = Rules.name(key) == null
                ? history.message(view.application().no(), key, content)
                : null; // such an id does not exist, and may not be a text that the database takes
        return message == null || !shows(call, view, message.eventType)
                ? Answer.notFound("message")
                : work.apply(message);
    }
}
