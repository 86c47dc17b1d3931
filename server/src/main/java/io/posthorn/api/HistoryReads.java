package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.history.History;
import io.posthorn.history.HistoryException;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
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

    /** The message that the path names, by its id or its publisher's. */
    Answer message(Call call, AppView view, boolean content, Function<Message, Answer> work) {
        String key = call.path("message");
        Message message = Rules.name(key) == null
                ? history.message(view.application().no(), key, content)
                : null; // such an id does not exist, and may not be a text that the database takes
        return message == null ? Answer.notFound("message") : work.apply(message);
    }
}
