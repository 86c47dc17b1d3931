package io.posthorn.dispatch;

import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.Target;
import io.posthorn.egress.TargetResult;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds out whether an endpoint wants what it is about to be sent, before it is sent anything. One request, past all lanes,
 * on record nowhere, with the same guard of addresses as deliveries:
 *
 * <pre>
 *   test-event    POST  a delivery of the test event, signed like any other       any 2xx
 *   challenge     POST  a delivery of a random challenge, in no envelope          2xx with the challenge in the body
 *   cloudevents   OPTIONS with WebHook-Request-Origin (and -Rate)                 WebHook-Allowed-Origin (and -Rate)
 *   websub        GET   with hub.mode, hub.topic, hub.challenge, …                2xx with exactly the challenge
 *   rest-hooks    POST  with X-Hook-Secret                                        2xx with the same header
 * </pre>
 *
 * <p>The third is the handshake of CloudEvents' HTTP 1.1 Web Hooks 1.0.2, section 4, without the callback; the fourth is
 * WebSub's verification of intent (section 5.3). Everything blocks.
 */
public final class EndpointCheck {
    private static final Duration MOST = Duration.ofSeconds(10);
    /** For what comes after the deadline of the exchange itself. */
    private static final long BEYOND_MILLIS = 2_000;

    private static final int MOST_AT_ONCE = 32;
    private static final int RANDOM_BYTES = 16;
    private static final int SECONDS_IN_MINUTE = 60;
    /** A year: the endpoint stays as long as its owner wants it. */
    private static final long LEASE_SECONDS = 31_536_000;

    private static final int LONGEST_SHOWN = 200;

    private final Exchanges exchanges;
    private final EgressPolicy policy;
    private final Supplier<String> publicUrl;
    private final Tests tests;
    private final Time time;
    private final SecureRandom random = new SecureRandom();
    private final Semaphore places = new Semaphore(MOST_AT_ONCE);
    private final CheckPace pace;

    /** What a check consists in. */
    public enum Kind {
        /** Nothing: every endpoint passes. */
        NONE("none"),
        /** It accepts a test event. */
        TEST_EVENT("test-event"),
        /** It repeats what it is sent. */
        CHALLENGE("challenge"),
        /** It consents as CloudEvents has it. */
        CLOUDEVENTS("cloudevents"),
        /** It wants the topic, as WebSub has it. */
        WEBSUB("websub"),
        /** It repeats its secret in a header. */
        REST_HOOKS("rest-hooks");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        /** As it stands in the API. */
        public String text() {
            return text;
        }

        /** The other way round; null if there is none. */
        public static @Nullable Kind of(String text) {
            return Arrays.stream(values())
                    .filter(kind -> kind.text.equals(text))
                    .findFirst()
                    .orElse(null);
        }
    }

    /**
     * What an endpoint has agreed to.
     *
     * @param perMinute requests a minute, at least 1; null for any number
     */
    public record Rate(@Nullable Integer perMinute) {}

    /** What came of a check. */
    public sealed interface Verdict {
        /**
         * The endpoint wants it.
         *
         * @param rate what was agreed on how many requests it gets; null if that was not asked
         */
        record Passed(@Nullable Rate rate) implements Verdict {}

        /**
         * It does not, or cannot be reached.
         *
         * @param why what was asked and what was answered, for people
         */
        record Refused(String why) implements Verdict {}

        /** Too many checks are under way. */
        record Busy() implements Verdict {}

        /** Its application has asked for too many of late, or has too many under way. */
        record TooMany() implements Verdict {}
    }

    /** How requests leave that are no deliveries; each future completes on its own in time. */
    public interface Exchanges {
        /**
         * As the endpoint's deliveries leave, with its own TLS, headers and authentication, but unsigned and past its
         * lane.
         *
         * @param target where its URL leads
         * @param message its payload is the body
         * @param path and query; null for those of the URL
         * @param headers names and values in turn; they win over the endpoint's own
         */
        CompletableFuture<Exchange> send(
                Endpoint endpoint,
                Target target,
                Message message,
                String method,
                @Nullable String path,
                String[] headers,
                Duration most);

        /** As the endpoint's deliveries leave, past its lane. */
        CompletableFuture<Exchange> deliver(Endpoint endpoint, Message message, Duration most);
    }

    /**
     * An event for trying an endpoint.
     *
     * @param eventType its type
     * @param payload JSON
     */
    public record TestEvent(String eventType, byte[] payload) {
        /** The usual one. */
        public static final TestEvent USUAL = new TestEvent(
                "webhook.configured",
                "{\"test\":true,\"event\":\"webhook.configured\"}".getBytes(StandardCharsets.UTF_8));
    }

    /** What the profile of an endpoint says about checks. */
    public interface Tests {
        /** Where no profile says anything. */
        Tests USUAL = new Tests() {
            @Override
            public Kind kind(Endpoint endpoint) {
                return Kind.NONE;
            }

            @Override
            public TestEvent event(Endpoint endpoint) {
                return TestEvent.USUAL;
            }
        };

        /** The check that it has if nobody says which. */
        Kind kind(Endpoint endpoint);

        /** Its test event. */
        TestEvent event(Endpoint endpoint);
    }

    /**
     * Checks.
     *
     * @param exchanges how requests leave
     * @param policy which URLs and addresses are allowed
     * @param publicUrl where people reach this server, without a slash at its end
     * @param tests what profiles say
     * @param time the clock
     */
    public EndpointCheck(Exchanges exchanges, EgressPolicy policy, Supplier<String> publicUrl, Tests tests, Time time) {
        this(exchanges, policy, publicUrl, tests, time, System::nanoTime);
    }

    /** With another clock for the pace, as {@link System#nanoTime}. */
    public EndpointCheck(
            Exchanges exchanges,
            EgressPolicy policy,
            Supplier<String> publicUrl,
            Tests tests,
            Time time,
            LongSupplier nanos) {
        this.exchanges = exchanges;
        this.policy = policy;
        this.publicUrl = publicUrl;
        this.tests = tests;
        this.time = time;
        this.pace = new CheckPace(nanos);
    }

    /** The check that an endpoint has if nobody says which. */
    public Kind usual(Endpoint endpoint) {
        return tests.kind(endpoint);
    }

    /**
     * Checks an endpoint. Blocks, for some 12 s at most.
     *
     * @param kind how
     * @param endpoint as it is, or as it is to be; its filter and its kind of payload are left out
     */
    public Verdict check(Kind kind, Endpoint endpoint) throws InterruptedException {
        if (kind == Kind.NONE) {
            return new Verdict.Passed(null);
        }
        if (endpoint.temporary()) {
            return new Verdict.Refused("a temporary endpoint has no URL that could be checked");
        }
        if (!pace.enter(endpoint.appNo())) {
            return new Verdict.TooMany();
        }
        try {
            return placed(kind, endpoint);
        } finally {
            pace.leave(endpoint.appNo());
        }
    }

    private Verdict placed(Kind kind, Endpoint endpoint) throws InterruptedException {
        if (!places.tryAcquire()) {
            return new Verdict.Busy();
        }
        try {
            return switch (Target.parse(endpoint.url(), policy)) {
                case TargetResult.Ok(Target target) -> checked(kind, endpoint, target);
                case TargetResult.Refused(String reason) -> new Verdict.Refused(reason);
            };
        } finally {
            places.release();
        }
    }

    private Verdict checked(Kind kind, Endpoint endpoint, Target target) throws InterruptedException {
        return switch (kind) {
            case NONE -> new Verdict.Passed(null);
            case TEST_EVENT -> testEvent(endpoint);
            case CHALLENGE -> challenge(endpoint);
            case CLOUDEVENTS -> cloudEvents(endpoint, target);
            case WEBSUB -> webSub(endpoint, target);
            case REST_HOOKS -> restHooks(endpoint, target);
        };
    }

    private Verdict testEvent(Endpoint endpoint) throws InterruptedException {
        TestEvent event = tests.event(endpoint);
        EndpointShape shape = endpoint.shape();
        Endpoint whole = endpoint.with(
                new EndpointShape(shape.profile(), shape.ownProfile(), null, shape.transformation(), false, null));
        Outcome outcome = deliver(whole, message(endpoint, event.eventType(), event.payload(), Message.NOBODY));
        return outcome instanceof Outcome.Response response && isSuccess(response)
                ? new Verdict.Passed(null)
                : refused("must answer a test event with 2xx", outcome);
    }

    private Verdict challenge(Endpoint endpoint) throws InterruptedException {
        String challenge = random();
        byte[] payload = ("{\"type\":\"url_verification\",\"challenge\":\"" + challenge + "\"}")
                .getBytes(StandardCharsets.UTF_8);
        EndpointShape shape = endpoint.shape();
        Endpoint whole = endpoint.with(new EndpointShape(shape.profile(), shape.ownProfile(), null, null, false, null));
        Outcome outcome = deliver(whole, message(endpoint, "url_verification", payload, Message.BARE));
        boolean echoed = outcome instanceof Outcome.Response response
                && isSuccess(response)
                && new String(response.body(), StandardCharsets.UTF_8).contains(challenge);
        return echoed
                ? new Verdict.Passed(null)
                : refused("must answer a challenge with 2xx and the challenge in the body", outcome);
    }

    private Verdict cloudEvents(Endpoint endpoint, Target target) throws InterruptedException {
        String origin = host();
        Integer wanted = endpoint.rateLimit();
        String[] headers = wanted == null
                ? new String[] {"WebHook-Request-Origin", origin}
                : new String[] {
                    "WebHook-Request-Origin",
                    origin,
                    "WebHook-Request-Rate",
                    Long.toString((long) wanted * SECONDS_IN_MINUTE)
                };
        String rule = "must answer OPTIONS with `WebHook-Allowed-Origin: " + origin + "` or `*`";
        Outcome outcome = send(endpoint, target, "OPTIONS", null, headers, "");
        if (!(outcome instanceof Outcome.Response response)) {
            return refused(rule, outcome);
        }
        String allowed = header(response, "webhook-allowed-origin");
        if (allowed == null || !(allowed.equals("*") || allowed.equalsIgnoreCase(origin))) {
            return new Verdict.Refused(rule + "; "
                    + (allowed == null
                            ? "that header is not in its answer"
                            : "it has answered with " + shown(allowed)));
        }
        return agreed(header(response, "webhook-allowed-rate"));
    }

    /** A minute, as it is given: what is agreed is kept to exactly. */
    private static Verdict agreed(@Nullable String allowed) {
        if (allowed == null || allowed.equals("*")) {
            return new Verdict.Passed(new Rate(null));
        }
        long perMinute;
        try {
            perMinute = Long.parseLong(allowed);
        } catch (NumberFormatException _) {
            perMinute = 0;
        }
        return perMinute < 1
                ? new Verdict.Refused(
                        "must give `WebHook-Allowed-Rate` as a whole number above 0, or `*`; it has answered with "
                                + shown(allowed))
                : new Verdict.Passed(new Rate((int) Math.min(Integer.MAX_VALUE, perMinute)));
    }

    private Verdict webSub(Endpoint endpoint, Target target) throws InterruptedException {
        String challenge = random();
        String query = "hub.mode=subscribe&hub.topic=" + encoded(topic(endpoint)) + "&hub.challenge=" + challenge
                + "&hub.lease_seconds=" + LEASE_SECONDS;
        String path = target.path();
        Outcome outcome =
                send(endpoint, target, "GET", path + (path.indexOf('?') < 0 ? "?" : "&") + query, new String[0], "");
        boolean echoed = outcome instanceof Outcome.Response response
                && isSuccess(response)
                && !response.truncated()
                && Arrays.equals(response.body(), challenge.getBytes(StandardCharsets.US_ASCII));
        return echoed
                ? new Verdict.Passed(null)
                : refused("must answer the verification of intent with 2xx and exactly `hub.challenge`", outcome);
    }

    /** As the profile {@code websub} names it in its links, where one endpoint has one. */
    private String topic(Endpoint endpoint) {
        String own = endpoint.metadata().get("topic");
        List<String> types = endpoint.eventTypes();
        return own != null
                ? own
                : publicUrl.get() + "/topics" + (types == null || types.size() != 1 ? "" : "/" + types.getFirst());
    }

    private Verdict restHooks(Endpoint endpoint, Target target) throws InterruptedException {
        String secret = endpoint.secret().reveal();
        Outcome outcome = send(
                endpoint,
                target,
                "POST",
                null,
                new String[] {"content-type", "application/json", "X-Hook-Secret", secret},
                "{}");
        boolean echoed = outcome instanceof Outcome.Response response
                && isSuccess(response)
                && secret.equals(header(response, "x-hook-secret"));
        return echoed
                ? new Verdict.Passed(null)
                : refused("must answer a POST with `X-Hook-Secret` with 2xx and the same header", outcome);
    }

    // ---- requests and their answers

    private Outcome deliver(Endpoint endpoint, Message message) throws InterruptedException {
        return await(exchanges.deliver(endpoint, message, MOST));
    }

    private Outcome send(
            Endpoint endpoint, Target target, String method, @Nullable String path, String[] headers, String body)
            throws InterruptedException {
        Message message = message(endpoint, "check", body.getBytes(StandardCharsets.UTF_8), Message.BARE);
        return await(exchanges.send(endpoint, target, message, method, path, headers, MOST));
    }

    private Message message(Endpoint endpoint, String eventType, byte[] payload, int only) {
        return new Message(
                endpoint.appNo(),
                1,
                time.micros(),
                Ids.fresh("msg_"),
                eventType,
                null,
                List.of(),
                List.of(),
                payload,
                only,
                null,
                0);
    }

    private static Outcome await(CompletableFuture<Exchange> exchange) throws InterruptedException {
        try {
            return exchange.get(MOST.toMillis() + BEYOND_MILLIS, TimeUnit.MILLISECONDS)
                    .outcome();
        } catch (TimeoutException _) {
            return new Outcome.Failure(FailureKind.TIMEOUT, "no answer in time");
        } catch (ExecutionException e) {
            throw new IllegalStateException("nobody completes it exceptionally", e);
        }
    }

    private static boolean isSuccess(Outcome.Response response) {
        return response.code() >= 200 && response.code() < 300;
    }

    private static Verdict refused(String rule, Outcome outcome) {
        return new Verdict.Refused(rule + "; "
                + switch (outcome) {
                    case Outcome.Response response -> answered(response);
                    case Outcome.Failure(var _, String detail) -> detail;
                    case Outcome.Unwanted _ -> "its transformation sends nothing";
                });
    }

    private static String answered(Outcome.Response response) {
        String body = new String(response.body(), StandardCharsets.UTF_8).strip();
        return "it has answered " + response.code() + (body.isEmpty() ? " with an empty body" : " " + shown(body));
    }

    /** What a stranger's server says, so that it can stand in an answer. */
    private static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        for (int i = 0; i < Math.min(text.length(), LONGEST_SHOWN); i++) {
            char c = text.charAt(i);
            shown.append(Character.isISOControl(c) || Character.isSurrogate(c) ? ' ' : c);
        }
        return text.length() > LONGEST_SHOWN ? shown.append('…').toString() : shown.toString();
    }

    /** The value of the first header with a name; null if there is none. */
    private static @Nullable String header(Outcome.Response response, String name) {
        for (String line : response.headers().split("\n", -1)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).toLowerCase(Locale.ROOT).equals(name)) {
                return line.substring(colon + 1).strip();
            }
        }
        return null;
    }

    private String host() {
        String host = URI.create(publicUrl.get()).getHost();
        return host == null ? "localhost" : host;
    }

    private String random() {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }
}
