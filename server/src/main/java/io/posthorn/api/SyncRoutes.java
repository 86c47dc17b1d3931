package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.Called;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.AnswerKeys;
import io.posthorn.intake.Intake;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /api/v1/app/{app}/msg/sync}: the publisher waits while its subscribers are asked.
 *
 * <pre>
 *   the request ──▶ intake ═commit═▶ message, owed to nobody
 *                                       │
 *                        every subscriber is called at the same moment
 *                                       │ what each has answered ═▶ attempt (the publisher does not wait for that)
 *                                       ▼
 *                    decided, at the deadline at the latest ──▶ 200
 * </pre>
 *
 * <p>The message is on record like any other, and so is each attempt; nothing is tried again, and after the end of the
 * process nobody takes up what was under way: the publisher is not there any more. The body is read here and not around
 * all operations, because the payload goes on byte for byte.
 */
public final class SyncRoutes implements RouteModule, AutoCloseable {
    private static final String APP = "/api/v1/app/";
    private static final String SYNC = "/msg/sync";

    /** Under way in all: each is a request that waits. */
    private static final int MOST = 512;
    /** Under way of one application. */
    private static final int MOST_OF_ONE = 100;

    private static final int MOST_SUBSCRIBERS = 50;
    private static final int RETRY_SECONDS = 1;

    /** How subscribers are asked. */
    @FunctionalInterface
    public interface Calls {
        /** As {@link io.posthorn.dispatch.Dispatcher#call}. */
        void call(Message message, Endpoint[] endpoints, Duration most, BiConsumer<Endpoint, Called> each);
    }

    private final Catalog catalog;
    private final PayloadChecks checks;
    private final Intake intake;
    private final Calls calls;
    private final ApplicationPace pace;
    private final Repeats repeats;
    private final Blocking blocking;
    private final SyncMerger merger = new SyncMerger();
    /** By the number of the application; no entry for none. */
    private final ConcurrentHashMap<Integer, Integer> underWay = new ConcurrentHashMap<>();

    /**
     * The operation.
     *
     * @param vertx whose event loops answer
     * @param catalog says who subscribes
     * @param checks hold messages against the catalogue
     * @param intake takes the messages
     * @param calls reaches the subscribers
     * @param pace that of the applications, whoever sends
     * @param keys which requests have been answered already
     */
    public SyncRoutes(
            Vertx vertx,
            Catalog catalog,
            PayloadChecks checks,
            Intake intake,
            Calls calls,
            ApplicationPace pace,
            AnswerKeys keys) {
        this.checks = checks;
        this.catalog = catalog;
        this.intake = intake;
        this.calls = calls;
        this.pace = pace;
        this.repeats = new Repeats(keys);
        this.blocking = new Blocking(vertx, MOST);
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.fast(APP + ":app" + SYNC, Access.SEND));
    }

    /** The operation where requests come in. */
    public FastRoutes fast() {
        return (loop, authenticator, bodies, mostBody) ->
                request -> tryHandle(request, authenticator, bodies, mostBody);
    }

    private boolean tryHandle(HttpServerRequest request, Authenticator authenticator, Bodies bodies, int mostBody) {
        String path = request.path();
        if (path == null || !HttpMethod.POST.equals(request.method()) || !path.startsWith(APP)) {
            return false;
        }
        int slash = path.indexOf('/', APP.length());
        if (slash < 0 || !path.startsWith(SYNC, slash)) {
            return false;
        }
        String rest = path.substring(slash + SYNC.length());
        if (!rest.isEmpty() && !rest.equals("/")) {
            return false;
        }
        long since = System.nanoTime();
        Caller caller = authenticator.caller(request);
        if (caller == null || !Authenticator.permits(request, caller, Access.SEND)) {
            return true;
        }
        AppView app = catalog.app(caller.env(), path.substring(APP.length(), slash));
        if (app == null) {
            Errors.notFound(request, "there is no such application");
            return true;
        }
        if (!AcceptRoute.isEncoded(request)) {
            Errors.write(request, Errors.BAD_ENCODING);
            return true;
        }
        String key = request.getHeader(Repeats.HEADER);
        if (key != null && !Repeats.isKey(key)) {
            Errors.write(request, Answer.invalid(List.of(Repeats.noKey())));
            return true;
        }
        Application application = app.application();
        bodies.read(
                request,
                mostBody,
                body -> blocking.run(request, () -> {
                    Work work = new Work(application, body, since);
                    return key == null
                            ? work.answer()
                            : repeats.once(caller, key, "POST " + request.uri(), body, work::answer);
                }));
        return true;
    }

    /** One request. Everything happens on its virtual thread. */
    private final class Work {
        private final Application application;
        private final byte[] body;
        private final long since;

        Work(Application application, byte[] body, long since) {
            this.application = application;
            this.body = body;
            this.since = since;
        }

        Answer answer() {
            ParsedMessage read = MessageParser.parse(application.no(), body, null);
            ParsedMessage checked =
                    read instanceof ParsedMessage.Ok(NewMessage whole) ? checked(whole.forNobody()) : read;
            NewMessage message;
            switch (checked) {
                case null -> {
                    return Errors.BUSY;
                }
                case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> {
                    return Errors.invalid(problems);
                }
                // an event id that was used before is told as such only if the message could be sent: nothing is
                // repeated
                case ParsedMessage.Refused refused -> {
                    return Errors.invalid(refused.problems());
                }
                case ParsedMessage.Ok(NewMessage parsed) -> message = parsed;
            }
            List<Problem> problems = new ArrayList<>();
            SyncRequest sync = SyncRequest.of(MessageParser.member(body, "sync"), problems);
            if (message.deliverAt() != 0) {
                problems.add(Problem.value("cannot be given for a synchronous message", "body", "deliverAt"));
            }
            if (!problems.isEmpty()) {
                return Answer.invalid(problems);
            }
            if (!begins(application)) {
                return Answer.error(
                        429,
                        "busy",
                        "this application has " + MOST_OF_ONE + " synchronous messages under way",
                        Answer.retryAfter(RETRY_SECONDS));
            }
            try {
                return submit(message, sync);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return Answer.unavailable("the server is stopping", RETRY_SECONDS);
            } finally {
                ends(application);
            }
        }

        /** Held against the schema of its event type, if that is wanted; null if there is no room for that, or no time. */
        private @Nullable ParsedMessage checked(NewMessage message) {
            ParsedMessage asItIs = new ParsedMessage.Ok(message);
            if (!checks.concern(application.envNo())) {
                return asItIs;
            }
            CompletableFuture<List<ParsedMessage>> checked = new CompletableFuture<>();
            if (!checks.check(application.envNo(), List.of(asItIs), Runnable::run, checked::complete)) {
                return null;
            }
            try {
                List<ParsedMessage> result = checked.get(SyncRequest.LONGEST_DEADLINE.toNanos(), TimeUnit.NANOSECONDS);
                return result.isEmpty() ? null : result.getFirst();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return null;
            } catch (TimeoutException _) {
                return null;
            } catch (ExecutionException e) {
                throw new IllegalStateException("nobody completes it exceptionally", e);
            }
        }

        private Duration left(SyncRequest sync) {
            return sync.deadline().minusNanos(System.nanoTime() - since);
        }

        private Answer submit(NewMessage message, SyncRequest sync) throws InterruptedException {
            String refusal = intake.refusal(1);
            if (refusal != null) {
                return Answer.unavailable(refusal, AcceptRoute.RETRY_FULL_SECONDS);
            }
            if (subscribers(message.eventType(), message.channels()).length > MOST_SUBSCRIBERS) {
                return Answer.error(
                        409, "limit", "a synchronous message is for at most " + MOST_SUBSCRIBERS + " endpoints");
            }
            Answer tooFast = pace.refuse(application, 1);
            if (tooFast != null) {
                return tooFast;
            }
            CompletableFuture<AcceptResult> decided = new CompletableFuture<>();
            Submission submission = new Submission(message, Runnable::run, decided::complete);
            if (!intake.submit(List.of(submission))) {
                pace.giveBack(application, 1);
                return Errors.BUSY;
            }
            try {
                return accepted(decided.get(left(sync).toNanos(), TimeUnit.NANOSECONDS), sync);
            } catch (TimeoutException _) {
                submission.withdraw();
                return Errors.UNAVAILABLE;
            } catch (ExecutionException e) {
                throw new IllegalStateException("nobody completes it exceptionally", e);
            }
        }

        private Answer accepted(AcceptResult result, SyncRequest sync) throws InterruptedException {
            return switch (result) {
                case AcceptResult.Accepted(Message message) -> call(message, sync);
                case AcceptResult.EventIdTaken(String firstId) -> Errors.eventIdTaken(firstId);
                case AcceptResult.Unavailable _ -> Errors.UNAVAILABLE;
                case AcceptResult.Failed _ -> Errors.INTERNAL;
                case AcceptResult.Refused(List<ParsedMessage.Problem> problems) -> Errors.invalid(problems);
                case AcceptResult.Repeated _, AcceptResult.KeyReused _ ->
                    throw new IllegalStateException("it was given no key: " + result);
            };
        }

        private Endpoint[] subscribers(String eventType, List<String> channels) {
            AppView view = catalog.appByNo(application.no());
            return view == null || !catalog.permits(view.application(), eventType)
                    ? new Endpoint[0]
                    : catalog.matching(view, eventType, channels);
        }

        private Answer call(Message message, SyncRequest sync) throws InterruptedException {
            Endpoint[] endpoints = subscribers(message.eventType, message.channels);
            LinkedBlockingQueue<Map.Entry<Endpoint, Called>> said = new LinkedBlockingQueue<>();
            calls.call(message, endpoints, left(sync), (endpoint, called) -> said.add(Map.entry(endpoint, called)));
            Map<String, @Nullable SyncResult> results = new LinkedHashMap<>();
            List<SyncResult> inTurn = new ArrayList<>();
            boolean early = false;
            while (results.size() < endpoints.length && !early) {
                Map.Entry<Endpoint, Called> next = said.poll(left(sync).toNanos(), TimeUnit.NANOSECONDS);
                if (next == null) {
                    break;
                }
                SyncResult result = SyncResult.of(next.getKey(), next.getValue());
                results.put(next.getKey().id(), result);
                if (result != null) {
                    inTurn.add(result);
                    early = SyncDecision.isDecidedBy(sync, result);
                }
            }
            return decided(message, sync, inTurn, asked(endpoints, results, early));
        }

        /** All of them but those that did not want it; who has not answered is late, or nobody waits any more. */
        private List<SyncResult> asked(Endpoint[] endpoints, Map<String, @Nullable SyncResult> results, boolean early) {
            List<SyncResult> asked = new ArrayList<>();
            for (Endpoint endpoint : endpoints) {
                SyncResult result = results.get(endpoint.id());
                if (result != null) {
                    asked.add(result);
                } else if (!results.containsKey(endpoint.id())) {
                    asked.add(early ? SyncResult.pending(endpoint) : SyncResult.late(endpoint));
                }
            }
            return asked;
        }

        private Answer decided(Message message, SyncRequest sync, List<SyncResult> inTurn, List<SyncResult> asked) {
            String script = sync.merge();
            SyncDecision decision = SyncDecision.of(
                    sync,
                    new String(message.payload, StandardCharsets.UTF_8),
                    inTurn,
                    asked,
                    (content, succeeded) -> script == null
                            ? null
                            : merger.merge(application.no(), script, content, succeeded, left(sync)));
            return Answer.json(200, SyncView.of(message, decision, asked));
        }
    }

    private boolean begins(Application application) {
        int now = underWay.merge(application.no(), 1, Integer::sum);
        if (now > MOST_OF_ONE) {
            ends(application);
            return false;
        }
        return true;
    }

    private void ends(Application application) {
        underWay.computeIfPresent(application.no(), (no, count) -> count == 1 ? null : count - 1);
    }

    /** Takes no more, and waits for what is under way. */
    @Override
    public void close() {
        blocking.close();
        merger.close();
    }
}
