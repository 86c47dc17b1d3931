package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.Intake;
import io.posthorn.intake.MessageParser;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.posthorn.model.Message;
import io.posthorn.runtime.Durations;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /api/v1/app/{app}/msg} and {@code …/msg/batch}: the hot path. It does without the router, reads the body
 * in one piece, and answers when the message is committed. One instance serves one event loop.
 */
final class AcceptRoute implements FastRoute {
    private static final String PREFIX = "/api/v1/app/";
    private static final String IDEMPOTENCY_KEY = Repeats.HEADER;
    private static final int MOST_IN_BATCH = 1_000;
    private static final long LOOK_FOR_OVERDUE_MILLIS = 100;
    /** Room comes with retention, or when somebody makes it. */
    static final int RETRY_FULL_SECONDS = 60;

    private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");

    private final Catalog catalog;
    private final Intake intake;
    private final Authenticator authenticator;
    private final Bodies bodies;
    private final int mostBody;
    private final Duration longestDelay;
    private final Executor home;
    private final Overdue overdue;
    private final ApplicationPace pace;
    private final PayloadChecks checks;

    AcceptRoute(
            Context context,
            Catalog catalog,
            Intake intake,
            Duration deadline,
            Duration longestDelay,
            Authenticator authenticator,
            Bodies bodies,
            int mostBody,
            ApplicationPace pace,
            PayloadChecks checks) {
        this.pace = pace;
        this.checks = checks;
        this.catalog = catalog;
        this.intake = intake;
        this.authenticator = authenticator;
        this.bodies = bodies;
        this.longestDelay = longestDelay;
        this.mostBody = mostBody;
        this.home = task -> context.runOnContext(ignored -> task.run());
        this.overdue = new Overdue(deadline.toNanos());
        context.owner().setPeriodic(LOOK_FOR_OVERDUE_MILLIS, timer -> overdue.tick());
    }

    @Override
    public boolean tryHandle(HttpServerRequest request) {
        String path = request.path();
        if (path == null || !HttpMethod.POST.equals(request.method()) || !path.startsWith(PREFIX)) {
            return false;
        }
        int slash = path.indexOf('/', PREFIX.length());
        if (slash < 0) {
            return false;
        }
        boolean single;
        switch (path.substring(slash)) {
            case "/msg", "/msg/" -> single = true;
            case "/msg/batch", "/msg/batch/" -> single = false;
            default -> {
                return false;
            }
        }
        Caller caller = authenticator.caller(request);
        if (caller == null || !Authenticator.permits(request, caller, Access.SEND)) {
            return true;
        }
        AppView app = catalog.app(caller.env(), path.substring(PREFIX.length(), slash));
        if (app == null) {
            Errors.notFound(request, "there is no such application");
            return true;
        }
        if (!isEncoded(request)) {
            Errors.write(request, Errors.BAD_ENCODING);
            return true;
        }
        String key = request.getHeader(IDEMPOTENCY_KEY);
        if (key != null && !Repeats.isKey(key)) {
            Errors.write(request, Answer.invalid(List.of(Repeats.noKey())));
            return true;
        }
        Application application = app.application();
        bodies.read(request, mostBody, body -> {
            if (single) {
                accept(request, application, body);
            } else {
                acceptBatch(request, application, body);
            }
        });
        return true;
    }

    private void accept(HttpServerRequest request, Application application, byte[] body) {
        String key = request.getHeader(IDEMPOTENCY_KEY);
        NewMessage.Idempotency idempotency =
                key == null ? null : new NewMessage.Idempotency(Repeats.hash(utf8(key)), Repeats.hash(body));
        ParsedMessage parsed = inTime(MessageParser.parse(application.no(), body, idempotency));
        if (checks.concern(application.envNo())) {
            check(request, application, List.of(parsed), checked -> take(request, application, checked.getFirst()));
        } else {
            take(request, application, parsed);
        }
    }

    /** For environments in which some payloads are held against schemas, which happens elsewhere and takes a while. */
    private void check(
            HttpServerRequest request,
            Application application,
            List<ParsedMessage> messages,
            Consumer<List<ParsedMessage>> whenChecked) {
        boolean room = checks.check(application.envNo(), messages, home, checked -> {
            if (checked.isEmpty()) {
                Errors.busy(request);
            } else {
                whenChecked.accept(checked);
            }
        });
        if (!room) {
            Errors.busy(request);
        }
    }

    private void take(HttpServerRequest request, Application application, ParsedMessage parsed) {
        switch (parsed) {
            case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> Errors.invalid(request, problems);
            case ParsedMessage.Refused refused -> {
                boolean content = withContent(request);
                Submission submission = Submission.repeat(refused, home, result -> answer(request, result, content));
                submit(request, application, List.of(submission));
            }
            case ParsedMessage.Ok(NewMessage message) -> {
                boolean content = withContent(request);
                Submission submission = new Submission(message, home, result -> answer(request, result, content));
                submit(request, application, List.of(submission));
            }
        }
    }

    /** A message may not have to wait for longer than it is kept. */
    private ParsedMessage inTime(ParsedMessage parsed) {
        if (!(parsed instanceof ParsedMessage.Ok(NewMessage message)) || message.deliverAt() == 0) {
            return parsed;
        }
        Instant latest = Instant.now().plus(longestDelay);
        return Time.instant(message.deliverAt()).isAfter(latest)
                ? new ParsedMessage.Invalid(List.of(new ParsedMessage.Problem(
                        List.of("deliverAt"),
                        "must be at most " + Durations.show(longestDelay)
                                + " ahead, so that the message is still kept then",
                        "value_error.datetime")))
                : parsed;
    }

    /** Whether the query can be decoded, which it is when its first parameter is asked for. */
    static boolean isEncoded(HttpServerRequest request) {
        String query = request.query();
        if (query == null || query.isEmpty()) {
            return true;
        }
        try {
            request.params();
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean withContent(HttpServerRequest request) {
        String query = request.query();
        return query == null || !"false".equals(request.getParam("with_content"));
    }

    private static void answer(HttpServerRequest request, AcceptResult result, boolean content) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            return; // the publisher has gone; the message is accepted all the same
        }
        switch (result) {
            case AcceptResult.Accepted(Message message) -> accepted(response, message, content);
            case AcceptResult.Repeated(Message message) -> accepted(response, message, content);
            case AcceptResult.EventIdTaken(String firstId) ->
                Errors.conflict(request, "eventId is taken by message " + firstId, firstId);
            case AcceptResult.KeyReused _ ->
                Errors.invalid(
                        request,
                        List.of("header", IDEMPOTENCY_KEY),
                        "was used with another body",
                        "value_error.idempotency_key");
            case AcceptResult.Refused(List<ParsedMessage.Problem> problems) -> Errors.invalid(request, problems);
            case AcceptResult.Unavailable _ -> Errors.unavailable(request);
            case AcceptResult.Failed _ -> Errors.internal(request);
        }
    }

    private static void accepted(HttpServerResponse response, Message message, boolean content) {
        Buffer body = Buffer.buffer(message.payload.length + 256);
        MessageJson.write(body, message, content);
        response.setStatusCode(202);
        response.putHeader(HttpHeaders.CONTENT_TYPE, JSON);
        response.end(body);
    }

    // ---- batches

    private void acceptBatch(HttpServerRequest request, Application application, byte[] body) {
        switch (MessageParser.parseBatch(application.no(), body, MOST_IN_BATCH)) {
            case MessageParser.BatchResult.Invalid(ParsedMessage.Problem problem) ->
                Errors.invalid(request, List.of(problem));
            case MessageParser.BatchResult.Ok(List<ParsedMessage> messages) -> {
                List<ParsedMessage> keyed = keyed(messages, request.getHeader(IDEMPOTENCY_KEY), body);
                if (checks.concern(application.envNo())) {
                    check(request, application, keyed, checked -> submitBatch(request, application, checked));
                } else {
                    submitBatch(request, application, keyed);
                }
            }
        }
    }

    /**
     * Each message of a batch has a key of its own, made of the batch's and its place. So a batch of which only a part
     * was accepted can be repeated: what was accepted is answered as before, and the rest is tried again.
     */
    private static List<ParsedMessage> keyed(List<ParsedMessage> messages, @Nullable String key, byte[] body) {
        if (key == null) {
            return messages;
        }
        byte[] digest = Repeats.hash(body);
        List<ParsedMessage> keyed = new ArrayList<>(messages.size());
        for (int i = 0; i < messages.size(); i++) {
            keyed.add(
                    messages.get(i) instanceof ParsedMessage.Ok(NewMessage message)
                            ? new ParsedMessage.Ok(message.with(
                                    new NewMessage.Idempotency(Repeats.hash(utf8(key + "\n" + i)), digest)))
                            : messages.get(i));
        }
        return keyed;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void submitBatch(HttpServerRequest request, Application application, List<ParsedMessage> messages) {
        BatchAnswer answer = new BatchAnswer(request, messages.size(), withContent(request));
        List<Submission> submissions = new ArrayList<>(messages.size());
        for (int i = 0; i < messages.size(); i++) {
            int index = i;
            switch (inTime(messages.get(i))) {
                case ParsedMessage.Invalid(List<ParsedMessage.Problem> problems) -> answer.invalid(index, problems);
                case ParsedMessage.Refused refused ->
                    submissions.add(Submission.repeat(refused, home, result -> answer.result(index, result)));
                case ParsedMessage.Ok(NewMessage message) ->
                    submissions.add(new Submission(message, home, result -> answer.result(index, result)));
            }
        }
        if (submissions.isEmpty()) {
            answer.send();
        } else {
            submit(request, application, submissions);
        }
    }

    private void submit(HttpServerRequest request, Application application, List<Submission> submissions) {
        String refusal = intake.refusal(submissions.size());
        if (refusal != null) {
            Errors.write(request, Answer.unavailable(refusal, RETRY_FULL_SECONDS));
            return;
        }
        Answer tooFast = pace.refuse(application, submissions.size());
        if (tooFast != null) {
            Errors.write(request, tooFast);
            return;
        }
        if (intake.submit(submissions)) {
            overdue.add(request, submissions);
        } else {
            pace.giveBack(application, submissions.size());
            Errors.busy(request);
        }
    }
}
