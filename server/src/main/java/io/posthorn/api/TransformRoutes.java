package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Scopes;
import io.posthorn.catalog.ShapeCodec;
import io.posthorn.dispatch.Trials;
import io.posthorn.history.History;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /api/v1/app/{app}/endpoint/{endpoint}/transform/try}: what would be sent of a message, with the endpoint's own
 * filter, transformation and profile, or others in their place. Nothing is sent.
 */
public final class TransformRoutes implements RouteModule {
    private static final Duration MOST_WAIT = Duration.ofSeconds(5);
    private static final int RETRY_SECONDS = 1;

    private final Catalog catalog;
    private final HistoryReads reads;
    private final Trials trials;
    private final InstantSource clock;

    /**
     * Routes of dry runs.
     *
     * @param catalog applications and their endpoints
     * @param history where messages are
     * @param ids of messages
     * @param trials runs them
     * @param clock for the time of a message that nobody has sent
     */
    public TransformRoutes(Catalog catalog, History history, Ids ids, Trials trials, InstantSource clock) {
        this.catalog = catalog;
        this.reads = new HistoryReads(catalog, history, ids);
        this.trials = trials;
        this.clock = clock;
    }

    /** What is shown. Of {@code request} and {@code detail}, one is there if {@code result} calls for it. */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Out(
            String result,
            boolean subscribed,
            @Nullable RequestOut request,
            @Nullable String detail) {}

    /** A request; its path is null if it is that of the endpoint's URL. */
    record RequestOut(String method, @Nullable String path, Map<String, String> headers, String body) {}

    @Override
    public List<Operation> operations() {
        return List.of(Operation.post(
                "/api/v1/app/:app/endpoint/:endpoint/transform/try",
                Access.WRITE,
                reads.inApp((call, view) -> reads.endpoint(call, view, endpoint -> tried(call, view, endpoint)))));
    }

    private Answer tried(Call call, AppView view, Endpoint endpoint) {
        Fields fields = new Fields(call.body(), true);
        EndpointShape shape = ShapeCodec.read(
                fields::raw,
                endpoint.shape(),
                (path, rule) -> fields.refuse(path.getFirst(), path.subList(1, path.size()), rule));
        boolean stored = fields.has("messageId");
        if (stored == fields.has("message")) {
            fields.refuse("messageId", "either messageId or message has to be there, and not both");
        }
        String id = stored ? fields.text("messageId", "", any -> null) : "";
        Message inline = stored ? null : inline(fields, view);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        if (inline != null) {
            List<String> missing = Scopes.missing(
                    view.application(), catalog.eventType(view.application().envNo(), inline.eventType));
            return missing.isEmpty() || !call.caller().ofApplication()
                    ? answer(view, endpoint, shape, inline)
                    : Answer.invalid(List.of(Problem.value(Scopes.lacking(missing), "body", "message", "eventType")));
        }
        return reads.message(call, id, view, true, message -> answer(view, endpoint, shape, message));
    }

    private @Nullable Message inline(Fields fields, AppView view) {
        JsonNode given = fields.raw("message");
        if (!given.isObject()) {
            return null;
        }
        int appNo = view.application().no();
        ParsedMessage parsed = MessageParser.parse(appNo, Json.text(given).getBytes(StandardCharsets.UTF_8), null);
        return switch (parsed) {
            case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> {
                problems.forEach(problem -> fields.refuse("message", problem.path(), problem.rule()));
                yield null;
            }
            case ParsedMessage.Refused _ -> throw new IllegalStateException("it was held against nothing");
            case ParsedMessage.Ok(NewMessage message) ->
                new Message(
                        appNo,
                        0,
                        Time.micros(clock.instant()),
                        Ids.fresh("msg_"),
                        message.eventType(),
                        message.eventId(),
                        message.channels(),
                        message.tags(),
                        message.payload(),
                        0,
                        message.orderingKey(),
                        message.deliverAt(),
                        message.headers());
        };
    }

    private Answer answer(AppView view, Endpoint endpoint, EndpointShape shape, Message message) {
        if (!message.hasContent()) {
            return Answer.error(409, "content_deleted", "the message's payload has been deleted");
        }
        boolean subscribed = catalog.permits(view.application(), message.eventType)
                && catalog.wants(view.application(), endpoint, message.eventType, message.channels);
        try {
            return switch (trials.run(view, endpoint, shape, message, MOST_WAIT)) {
                case Trials.Tried.Request request ->
                    Answer.json(
                            200,
                            new Out(
                                    "request",
                                    subscribed,
                                    new RequestOut(
                                            request.method(),
                                            request.path(),
                                            request.headers(),
                                            new String(request.body(), StandardCharsets.UTF_8)),
                                    null));
                case Trials.Tried.NotWanted _ -> Answer.json(200, new Out("notWanted", subscribed, null, null));
                case Trials.Tried.NotSent _ -> Answer.json(200, new Out("notSent", subscribed, null, null));
                case Trials.Tried.Broken(String detail) -> Answer.json(200, new Out("error", subscribed, null, detail));
                case Trials.Tried.Busy _ -> Answer.unavailable("too many dry runs just now", RETRY_SECONDS);
            };
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Errors.UNAVAILABLE;
        }
    }
}
