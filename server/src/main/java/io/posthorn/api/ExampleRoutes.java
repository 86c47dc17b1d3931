package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.Scopes;
import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.Intake;
import io.posthorn.intake.NewMessage;
import io.posthorn.intake.Submission;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EventType;
import io.posthorn.model.Message;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Profile;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /api/v1/app/{app}/endpoint/{endpoint}/send-example}: a message like any other, stored, signed, tried again
 * and on record, except that it is for this endpoint alone, whatever the endpoint wants, and whole.
 */
public final class ExampleRoutes implements RouteModule {
    private final Catalog catalog;
    private final Intake intake;
    private final ApplicationPace pace;
    private final Duration deadline;
    private final InstantSource clock;

    /**
     * Routes that send examples.
     *
     * @param catalog endpoints and event types
     * @param intake takes the messages
     * @param pace that of the applications, whoever sends
     * @param deadline how long to wait for the commit; then the answer is 503
     * @param clock for times in payloads
     */
    public ExampleRoutes(Catalog catalog, Intake intake, ApplicationPace pace, Duration deadline, InstantSource clock) {
        this.pace = pace;
        this.catalog = catalog;
        this.intake = intake;
        this.deadline = deadline;
        this.clock = clock;
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.post("/api/v1/app/:app/endpoint/:endpoint/send-example", Access.WRITE, this::sendExample));
    }

    private Answer sendExample(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        if (view == null) {
            return Answer.notFound("application");
        }
        Endpoint endpoint = view.endpoint(call.path("endpoint"));
        if (endpoint == null) {
            return Answer.notFound("endpoint");
        }
        Fields fields = new Fields(call.body(), false);
        Profile.TestEvent test = test(endpoint);
        String name = test == null
                ? fields.requiredText("eventType", "", Rules::name)
                : fields.text("eventType", test.eventType(), Rules::name);
        int index = Objects.requireNonNullElse(
                fields.number("exampleIndex", "exampleIndex", 0, number -> number < 0 ? "must be at least 0" : null),
                0);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        if (endpoint.disabled()) {
            return Answer.error(
                    409, "endpoint_disabled", "the endpoint is disabled: nothing is sent to it until it is enabled");
        }
        EventType type = catalog.eventType(call.env(), name);
        boolean tested = test != null && test.eventType().equals(name) && (type == null || !isOwn(endpoint));
        List<String> missing = Scopes.missing(view.application(), type);
        if (!missing.isEmpty()) {
            return Answer.invalid(List.of(Problem.value(Scopes.lacking(missing), "body", "eventType")));
        }
        if (test != null && tested) {
            return send(
                    view.application(), example(endpoint, name, test.payload().getBytes(StandardCharsets.UTF_8)));
        }
        if (type == null) {
            return Answer.error(
                    404,
                    "not_found",
                    "there is no event type " + name
                            + ": create it first, with POST /api/v1/event-type or posthorn event-type create --name "
                            + name);
        }
        return switch (Examples.of(type, index, clock.instant())) {
            case Examples.Found.NoSuchIndex(int count) ->
                Answer.invalid(List.of(Problem.value(
                        "must be below " + count + ", which is how many examples the schema of " + name + " has",
                        "body",
                        "exampleIndex")));
            case Examples.Found.Payload(byte[] json) -> send(view.application(), example(endpoint, name, json));
        };
    }

    /**
     * What the endpoint's profile tries endpoints out with; null for nothing of its own. A profile that the endpoint's
     * owner has written decides on no event type: the message is on record beside those that the publisher has sent.
     */
    private Profile.@Nullable TestEvent test(Endpoint endpoint) {
        try {
            Profile.TestEvent test = catalog.profiles().of(endpoint).profile().testEvent();
            return test == null || !isOwn(endpoint)
                    ? test
                    : new Profile.TestEvent(Profile.TestEvent.OWN, test.payload());
        } catch (ContentException _) {
            return null; // the attempt will say what is wrong with the profile
        }
    }

    private static boolean isOwn(Endpoint endpoint) {
        return endpoint.shape().ownProfile() != null;
    }

    private static NewMessage example(Endpoint endpoint, String eventType, byte[] json) {
        return new NewMessage(
                endpoint.appNo(), eventType, null, List.of(), List.of(), json, null, endpoint.no(), null, 0);
    }

    private Answer send(Application application, NewMessage example) {
        String refusal = intake.refusal(1);
        if (refusal != null) {
            return Answer.unavailable(refusal, AcceptRoute.RETRY_FULL_SECONDS);
        }
        Answer tooFast = pace.refuse(application, 1);
        if (tooFast != null) {
            return tooFast;
        }
        CompletableFuture<AcceptResult> decided = new CompletableFuture<>();
        Submission submission = new Submission(example, Runnable::run, decided::complete);
        if (!intake.submit(List.of(submission))) {
            pace.giveBack(application, 1);
            return Errors.BUSY;
        }
        try {
            return answer(decided.get(deadline.toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException _) {
            submission.withdraw();
            return Errors.UNAVAILABLE;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            submission.withdraw();
            return Errors.UNAVAILABLE;
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody completes it exceptionally", e);
        }
    }

    private static Answer answer(AcceptResult result) {
        return switch (result) {
            case AcceptResult.Accepted(Message message) -> Answer.json(202, MessageView.of(message));
            case AcceptResult.Unavailable _ -> Errors.UNAVAILABLE;
            case AcceptResult.Failed _ -> Errors.INTERNAL;
            case AcceptResult.Repeated _,
                    AcceptResult.EventIdTaken _,
                    AcceptResult.KeyReused _,
                    AcceptResult.Refused _ ->
                throw new IllegalStateException("an example has no key that could be taken: " + result);
        };
    }
}
