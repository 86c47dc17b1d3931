package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.NamedProfile;
import io.posthorn.catalog.ProfileReader;
import io.posthorn.catalog.Rules;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Profile;
import io.posthorn.wire.ProfileParser;
import io.posthorn.wire.ProfileProblem;
import io.posthorn.wire.Sample;
import io.posthorn.wire.Trial;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/profile}: how messages become requests, by name; and {@code …/test}, which shows what a profile makes of a
 * sample.
 */
final class ProfileRoutes implements RouteModule {
    private static final String ALL = "/api/v1/profile";
    private static final String ONE = ALL + "/:profile";
    /** No profile can be addressed by this name. */
    private static final String TEST = "test";

    private static final int LONGEST_PAYLOAD = 256 << 10;
    private static final int MOST_ATTEMPT = 1_000;
    private static final int AT_ONCE = 2;
    private static final int DEADLINE_SECONDS = 10;
    private static final long STACK = 2L << 20;

    private final Catalog catalog;
    private final DeliveryCeilings ceilings;
    private final MailRule mailRule;
    private final Semaphore trials = new Semaphore(AT_ONCE);

    ProfileRoutes(Catalog catalog, DeliveryCeilings ceilings, MailRule mailRule) {
        this.catalog = catalog;
        this.ceilings = ceilings;
        this.mailRule = mailRule;
    }

    /** A profile as it is listed. */
    record Listed(
            String name,
            String description,
            boolean builtin,
            @Nullable Instant createdAt,
            @Nullable Instant updatedAt) {
        static Listed of(NamedProfile profile) {
            return new Listed(
                    profile.name(),
                    profile.profile().description(),
                    profile.builtin(),
                    profile.createdAt(),
                    profile.updatedAt());
        }
    }

    /** A profile as it is shown; without its source to an application, since that may have what the operator keeps. */
    record Out(
            String name,
            String description,
            boolean builtin,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String source,

            @Nullable Instant createdAt,
            @Nullable Instant updatedAt) {
        static Out of(NamedProfile profile) {
            return new Out(
                    profile.name(),
                    profile.profile().description(),
                    profile.builtin(),
                    profile.source(),
                    profile.createdAt(),
                    profile.updatedAt());
        }

        Out withoutSource() {
            return new Out(name, description, builtin, null, createdAt, updatedAt);
        }
    }

    /** A header as it would be sent. */
    record HeaderOut(String name, String value) {}

    /** The request that a profile makes of a sample. */
    record RequestOut(String method, String url, @Nullable String userAgent, List<HeaderOut> headers, String body) {
        static RequestOut of(Trial.Result.Request request) {
            List<HeaderOut> headers = new ArrayList<>();
            for (int i = 0; i < request.headers().length; i += 2) {
                headers.add(new HeaderOut(request.headers()[i], request.headers()[i + 1]));
            }
            return new RequestOut(
                    request.method(),
                    request.url(),
                    request.userAgent(),
                    headers,
                    new String(request.body(), StandardCharsets.UTF_8));
        }
    }

    /**
     * What came of a test.
     *
     * @param request null if there is none
     * @param problems with the profile
     * @param error why there is none although nothing is wrong with the profile by itself
     */
    record TestOut(
            @Nullable RequestOut request,
            List<ProfileProblem> problems,
            @Nullable String error) {}

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.CATALOG, this::list),
                Operation.post(ALL + "/" + TEST, Access.WRITE, this::test),
                Operation.get(ONE, Access.CATALOG, this::read),
                Operation.putYaml(ONE, Access.MANAGE, "source", this::put),
                Operation.delete(
                        ONE,
                        Access.MANAGE,
                        call -> Answer.of(catalog.profiles().delete(call.env(), call.path("profile")), Out::of)));
    }

    private Answer list(Call call) {
        Paging paging = Paging.of(call.query(), true);
        return call.query().problems().isEmpty()
                ? Answer.json(
                        200,
                        paging.page(
                                (after, ascending, most) -> catalog.profiles().list(call.env(), after, ascending, most),
                                NamedProfile::name,
                                Listed::of))
                : Answer.invalid(call.query().problems());
    }

    private Answer read(Call call) {
        NamedProfile profile = catalog.profiles().find(call.env(), call.path("profile"));
        if (profile == null) {
            return Answer.notFound("profile");
        }
        Out whole = Out.of(profile);
        return Answer.json(200, isKept(call, profile) ? whole.withoutSource() : whole);
    }

    /** Whether the operator's profile is an application's to choose and not to read. */
    private static boolean isKept(Call call, NamedProfile profile) {
        return call.caller().ofApplication() && !profile.builtin();
    }

    private Answer put(Call call) {
        Fields fields = new Fields(call.body(), false);
        String source = fields.requiredText("source", "", text -> null);
        fields.path("profile", call.path("profile"), ProfileRoutes::noName);
        if (fields.problems().isEmpty()) {
            ProfileBodies.check(source, ceilings, mailRule).forEach(problem -> fields.refuse("source", problem.text()));
        }
        return fields.problems().isEmpty()
                ? Answer.of(catalog.profiles().put(call.env(), call.path("profile"), source), Out::of)
                : Answer.invalid(fields.problems());
    }

    private static @Nullable String noName(String name) {
        return name.equals(TEST) ? "must not be " + TEST + ", which is a path of its own" : Rules.profileName(name);
    }

    private Answer test(Call call) {
        Fields fields = new Fields(call.body(), false);
        String source = fields.optionalText("source", null, ProfileRoutes::tooLong);
        String name = fields.optionalText("name", null, text -> null);
        Sample sample = sample(fields);
        if ((source == null) == (name == null)) {
            fields.refuse("source", "must be given, or name, and not both");
        }
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        if (source == null) {
            NamedProfile found = catalog.profiles().find(call.env(), String.valueOf(name));
            return found == null ? Answer.notFound("profile") : tried(found.profile(), sample);
        }
        return switch (ProfileReader.read(source)) {
            case ProfileReader.Result.Wrong(List<ProfileProblem> problems) ->
                Answer.json(200, new TestOut(null, problems, null));
            case ProfileReader.Result.Read(Profile profile, DeliveryPolicy _) -> tried(profile, sample);
        };
    }

    private static @Nullable String tooLong(String text) {
        return text.length() > ProfileParser.MOST_CHARACTERS
                ? "must have at most " + ProfileParser.MOST_CHARACTERS + " characters"
                : null;
    }

    private static Sample sample(Fields fields) {
        Sample usual = Sample.usual();
        JsonNode payload = fields.raw("payload");
        JsonNode config = fields.raw("config");
        String json = payload.isMissingNode() ? usual.payload() : Json.text(payload);
        if (json.length() > LONGEST_PAYLOAD) {
            fields.refuse("payload", "must have at most " + LONGEST_PAYLOAD + " characters");
        }
        Integer attempt = fields.number(
                "attempt",
                "attempt",
                1,
                number -> number < 1 || number > MOST_ATTEMPT ? "must be 1 to " + MOST_ATTEMPT : null);
        return new Sample(
                fields.text("eventType", usual.eventType(), Rules::name),
                json,
                new LinkedHashMap<>(fields.texts("headers", Map.of(), Rules::metadata)),
                config.isMissingNode() ? usual.config() : Json.text(config),
                Objects.requireNonNullElse(attempt, 1));
    }

    /** Scripts want a thread of the platform; there are few at once, and the answer has a deadline. */
    private Answer tried(Profile profile, Sample sample) {
        if (!trials.tryAcquire()) {
            return Answer.unavailable("other profiles are being tested", 1);
        }
        FutureTask<Trial.Result> task = new FutureTask<>(() -> {
            try {
                return Trial.of(profile, sample, Time.system().micros());
            } finally {
                trials.release();
            }
        });
        try {
            Thread.ofPlatform().name("profile-test").daemon().stackSize(STACK).start(task);
            return switch (task.get(DEADLINE_SECONDS, TimeUnit.SECONDS)) {
                case Trial.Result.Request request ->
                    Answer.json(200, new TestOut(RequestOut.of(request), List.of(), null));
                case Trial.Result.Failed(String detail) -> Answer.json(200, new TestOut(null, List.of(), detail));
            };
        } catch (TimeoutException _) {
            return Answer.json(200, new TestOut(null, List.of(), "it took more than " + DEADLINE_SECONDS + " seconds"));
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Errors.UNAVAILABLE;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a profile could not be tested", e.getCause());
        }
    }
}
