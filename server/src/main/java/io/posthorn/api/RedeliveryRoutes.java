package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.dispatch.Redelivery;
import io.posthorn.history.DeadLetter;
import io.posthorn.history.History;
import io.posthorn.history.Redeliveries.Begun;
import io.posthorn.history.Redeliveries.Wanted;
import io.posthorn.history.RedeliveryTask;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.history.RedeliveryTask.Status;
import io.posthorn.history.Selection;
import io.posthorn.history.Selection.Which;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Delivering again, and the background tasks that do much of it. */
public final class RedeliveryRoutes implements RouteModule {
    private static final String APP = "/api/v1/app/:app";
    private static final String TASKS = "/api/v1/background-task";
    private static final String TASK = TASKS + "/:task";
    private static final int RETRY_SECONDS = 1;
    private static final Set<Integer> CLASSES = Set.of(0, 100, 200, 300, 400, 500);

    /** What clients may ask for and nobody here begins: there is none. */
    private static final Set<String> OTHER_KINDS = Set.of(
            "application.stats",
            "message.broadcast",
            "sdk.generate",
            "event-type.aggregate",
            "application.purge_content");

    private final HistoryReads reads;
    private final Redelivery redelivery;
    private final Clock clock;

    /**
     * Routes.
     *
     * @param catalog applications and their endpoints
     * @param history finds messages
     * @param ids of messages
     * @param redelivery does it
     * @param clock says what is in the future
     */
    public RedeliveryRoutes(Catalog catalog, History history, Ids ids, Redelivery redelivery, Clock clock) {
        this.reads = new HistoryReads(catalog, history, ids);
        this.redelivery = redelivery;
        this.clock = clock;
    }

    /** A task that has just begun. */
    record BegunOut(String id, String status, String task, Instant updatedAt) {
        static BegunOut of(RedeliveryTask task) {
            return new BegunOut(task.id(), task.status().text(), task.kind().text(), task.updatedAt());
        }
    }

    /**
     * What has to be true besides the time. What is null may be anything.
     *
     * @param eventTypes of the messages
     * @param channel of the messages
     * @param tag of the messages
     * @param status all, delivered, failed or missing
     * @param statusCodeClass of the last responses
     * @param reason of dead letters
     */
    record FilterOut(
            @Nullable List<String> eventTypes,
            @Nullable String channel,
            @Nullable String tag,
            @Nullable String status,
            @Nullable Integer statusCodeClass,
            @Nullable String reason) {
        static FilterOut of(Selection selection) {
            DeadLetter.Why why = selection.why();
            return new FilterOut(
                    selection.eventTypes().isEmpty() ? null : selection.eventTypes(),
                    selection.channel(),
                    selection.tag(),
                    selection.which() == Which.ALL ? null : selection.which().text(),
                    selection.codeClass(),
                    why == null ? null : why.text());
        }
    }

    /**
     * What a task is about and how far it is.
     *
     * @param appId of the application
     * @param endpointId of the endpoint
     * @param deadLetters whether it is about dead letters alone, by the times of their deaths
     * @param since messages accepted from then, or dead letters that died from then
     * @param until and before then
     * @param filter what else has to be true of them
     * @param total how many there were to look at when it began, about; null if nobody has counted them
     * @param scanned how many messages, or dead letters, were looked at
     * @param queued how many deliveries were handed to the endpoint's lane
     * @param waiting how many of these wait for their turn
     * @param paused whether it waits because somebody wants it to
     * @param lastMessageAt when the last of the messages that were looked at was accepted; null before the first
     * @param cancelled whether it ended because somebody wanted it to
     * @param error why it failed; null if it did not
     * @param createdBy the name of the token that began it
     * @param createdAt when it began
     */
    record DataOut(
            String appId,
            String endpointId,
            boolean deadLetters,
            Instant since,
            Instant until,
            FilterOut filter,
            @Nullable Long total,
            long scanned,
            long queued,
            int waiting,
            boolean paused,
            @Nullable Instant lastMessageAt,
            boolean cancelled,
            @Nullable String error,
            String createdBy,
            Instant createdAt) {}

    /** A task. Its status is one that clients know, so that one that was cancelled has failed. */
    record TaskOut(String id, String status, String task, DataOut data, Instant updatedAt) {
        static TaskOut of(RedeliveryTask task) {
            return new TaskOut(
                    task.id(),
                    task.status().text(),
                    task.kind().text(),
                    new DataOut(
                            task.appId(),
                            task.endpointId(),
                            task.kind() == Kind.DEAD_LETTERS,
                            task.since(),
                            task.until(),
                            FilterOut.of(task.selection()),
                            task.total(),
                            task.scanned(),
                            task.queued(),
                            task.waiting(),
                            task.paused(),
                            task.cursor() == null
                                    ? null
                                    : Time.instant(task.cursor().at()),
                            task.cancelled(),
                            task.error(),
                            task.createdBy(),
                            task.createdAt()),
                    task.updatedAt());
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.postEmpty(
                        APP + "/msg/:message/endpoint/:endpoint/resend", Access.WRITE, reads.inApp(this::resend)),
                Operation.post(APP + "/endpoint/:endpoint/recover", Access.WRITE, begin(Kind.RECOVER)),
                Operation.post(APP + "/endpoint/:endpoint/replay-missing", Access.WRITE, begin(Kind.REPLAY)),
                Operation.post(APP + "/endpoint/:endpoint/bulk-replay", Access.WRITE, begin(Kind.BULK)),
                Operation.get(TASKS, Access.READ, this::list),
                Operation.get(TASK, Access.READ, call -> task(call, task -> Answer.json(200, TaskOut.of(task)))),
                Operation.postEmpty(
                        TASK + "/cancel", Access.WRITE, call -> task(call, endedOr(each -> redelivery.cancel(each)))),
                Operation.postEmpty(
                        TASK + "/pause", Access.WRITE, call -> task(call, endedOr(each -> redelivery.pause(each)))),
                Operation.postEmpty(
                        TASK + "/resume", Access.WRITE, call -> task(call, endedOr(each -> redelivery.resume(each)))));
    }

    private Answer resend(Call call, AppView view) {
        return reads.endpoint(
                call,
                view,
                endpoint -> reads.message(call, view, false, message -> {
                    if (message.onlyEndpointNo == Message.NOBODY) {
                        return Answer.error(
                                409, "conflict", "the message was synchronous: its publisher has been answered");
                    }
                    if (message.onlyEndpointNo != 0 && message.onlyEndpointNo != endpoint.no()) {
                        return Answer.error(409, "conflict", "the message is for another endpoint only");
                    }
                    if (endpoint.disabled()) {
                        return disabled();
                    }
                    try {
                        return resend(endpoint, message);
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                        return Answer.unavailable("the server is stopping", RETRY_SECONDS);
                    }
                }));
    }

    private Answer resend(Endpoint endpoint, Message message) throws InterruptedException {
        return switch (redelivery.resend(endpoint, message)) {
            case QUEUED, HASTENED -> Answer.json(202, Map.of());
            case UNDER_WAY ->
                Answer.error(
                        409,
                        "conflict",
                        "its first delivery is still under way; it can be sent again when that is over");
            case BUSY ->
                Answer.unavailable("others are sending messages again just now; nothing was queued", RETRY_SECONDS);
            case NO_CONTENT ->
                Answer.error(409, "conflict", "the content of the message was deleted: there is nothing to send");
            case SCHEDULED ->
                Answer.error(409, "conflict", "the message is to be sent later, and its time (deliverAt) has not come");
            case TOO_OFTEN ->
                Answer.error(409, "conflict", "it was attempted as often as a message can be at one endpoint");
            case GONE -> Answer.notFound("message or endpoint");
        };
    }

    static Answer disabled() {
        return Answer.error(
                409, "conflict", "the endpoint is disabled, nothing is sent to it; enable it first (disabled: false)");
    }

    private Function<Call, Answer> begin(Kind kind) {
        return reads.inApp((call, view) -> reads.endpoint(call, view, endpoint -> {
            Fields fields = new Fields(call.body(), false);
            Span span = Span.read(fields, clock.instant(), true);
            Selection selection = kind == Kind.BULK ? selection(fields) : Selection.ALL;
            if (!fields.problems().isEmpty()) {
                return Answer.invalid(fields.problems());
            }
            if (endpoint.disabled()) {
                return disabled();
            }
            return begun(redelivery.begin(
                    view.application(),
                    endpoint,
                    kind,
                    span.since(),
                    span.until(),
                    selection,
                    call.caller().token().name()));
        }));
    }

    private static Selection selection(Fields fields) {
        List<String> types = fields.names("eventTypes", "eventTypes", null, Rules::eventTypes, Rules::name);
        return new Selection(
                types == null ? List.of() : types,
                fields.optionalText("channel", null, Rules::name),
                fields.optionalText("tag", null, Rules::name),
                which(fields),
                fields.number(
                        "statusCodeClass",
                        "statusCodeClass",
                        null,
                        code -> CLASSES.contains(code)
                                ? null
                                : "must be 100, 200, 300, 400 or 500, or 0 for no response"),
                null);
    }

    /** A word, or the number that clients have for it. */
    private static Which which(Fields fields) {
        String given = fields.has("status") ? fields.raw("status").asText() : Which.ALL.text();
        return switch (given) {
            case "all" -> Which.ALL;
            case "delivered", "0" -> Which.DELIVERED;
            case "failed", "2" -> Which.FAILED;
            case "missing" -> Which.MISSING;
            default -> {
                fields.refuse(
                        "status", "must be all, delivered, failed or missing, or 0 for delivered or 2 for failed");
                yield Which.ALL;
            }
        };
    }

    /** What came of beginning a task. */
    static Answer begun(Begun begun) {
        return switch (begun) {
            case Begun.Started(RedeliveryTask task) -> Answer.json(202, BegunOut.of(task));
            case Begun.Busy(RedeliveryTask running) ->
                Answer.error(
                        409,
                        "conflict",
                        "background task " + running.id()
                                + " is under way for this endpoint; wait for its end, or cancel it");
        };
    }

    private Answer task(Call call, Function<RedeliveryTask, Answer> work) {
        String id = call.path("task");
        RedeliveryTask task = id.startsWith("qtask_") && id.chars().allMatch(c -> c > ' ' && c < 127)
                ? redelivery.store().task(call.env(), id)
                : null; // such an id does not exist, and may not be a text that the database takes
        return task == null || !call.caller().sees(task.appNo())
                ? Answer.notFound("background task")
                : work.apply(task);
    }

    /** What comes of doing something with a task, which does nothing if that has ended. */
    private static Function<RedeliveryTask, Answer> endedOr(Function<RedeliveryTask, @Nullable RedeliveryTask> doing) {
        return task -> {
            RedeliveryTask done = doing.apply(task);
            return done == null
                    ? Answer.error(409, "conflict", "the background task has ended already")
                    : Answer.json(200, TaskOut.of(done));
        };
    }

    private Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, false);
        Status status = one(query, "status", Status.values(), Status::text, Set.of());
        Kind kind = one(query, "task", Kind.values(), Kind::text, OTHER_KINDS);
        boolean none = OTHER_KINDS.contains(String.valueOf(query.text("task")));
        String key = paging.key();
        if (key != null && !key.chars().allMatch(c -> c > ' ' && c < 127)) {
            query.refuse("iterator", "must be an iterator or prevIterator of an earlier answer");
        }
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        Wanted wanted =
                new Wanted(call.env(), call.caller().token().appNo(), status, kind == null ? null : kind.text());
        return Answer.json(
                200,
                paging.page(
                        (after, ascending, most) ->
                                none ? List.of() : redelivery.store().tasks(wanted, after, ascending, most),
                        RedeliveryTask::id,
                        TaskOut::of));
    }

    /** The value that the query names; null if it names none, or one of the others. */
    private static <T> @Nullable T one(
            Query query, String name, T[] values, Function<T, String> text, Set<String> others) {
        String given = query.text(name);
        if (given == null || others.contains(given)) {
            return null;
        }
        for (T value : values) {
            if (text.apply(value).equals(given)) {
                return value;
            }
        }
        query.refuse(
                name,
                "must be "
                        + String.join(
                                " or ",
                                List.of(values).stream().map(text).distinct().toList()));
        return null;
    }
}
