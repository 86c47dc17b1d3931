package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.NewToken;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Role;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.Token;
import io.posthorn.catalog.TokenDraft;
import io.posthorn.intake.AnswerKeys;
import io.posthorn.model.Application;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/auth}: tokens with which a customer looks after its own application, and their end. */
final class PortalRoutes implements RouteModule {
    private static final String AUTH = "/api/v1/auth";
    private static final int LEAST_SECONDS = 3_600;
    private static final int MOST_SECONDS = 7 * 24 * 3_600;
    private static final int MOST_WORDS = 100;
    private static final String NAME = "app portal";

    /** What the portals of others can be allowed. */
    private static final Set<String> CAPABILITIES = Set.of(
            "ViewBase",
            "ViewEndpointSecret",
            "ManageEndpointSecret",
            "ManageTransformations",
            "CreateAttempts",
            "ManageEndpoint");

    private static final String LOOKING = "ViewBase";
    /** Together all that an application's token may do; managing endpoints has their secrets in it. */
    private static final Set<String> EVERYTHING = Set.of(LOOKING, "ManageEndpoint", "CreateAttempts");

    private final Catalog catalog;
    private final Supplier<String> publicUrl;

    /**
     * Routes for portals.
     *
     * @param publicUrl where people reach this server, without a slash at its end
     */
    PortalRoutes(Catalog catalog, Supplier<String> publicUrl) {
        this.catalog = catalog;
        this.publicUrl = publicUrl;
    }

    /** The way into the portal. */
    record Out(String token, String url) {
        /** Without the token: this may end up in a log. */
        @Override
        public String toString() {
            return "Out[]";
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.postEmpty(AUTH + "/app-portal-access/:app", Access.MANAGE, this::access),
                Operation.postEmpty(AUTH + "/logout", Access.SELF, this::logout));
    }

    private Answer access(Call call) {
        Fields fields = new Fields(call.body(), false);
        Integer expires = fields.number(
                "expiry",
                "expiry",
                MOST_SECONDS,
                seconds -> seconds < LEAST_SECONDS || seconds > MOST_SECONDS
                        ? "must be " + LEAST_SECONDS + " to " + MOST_SECONDS + " seconds"
                        : null);
        int expiry = expires == null ? MOST_SECONDS : expires;
        boolean readOnly = fields.flag("readOnly", false);
        String session = fields.optionalText(
                "sessionId",
                null,
                text -> text.isEmpty() || text.length() > Rules.MOST_NAME
                        ? "must be 1 to " + Rules.MOST_NAME + " characters"
                        : null);
        // Elsewhere, flags decide which event types a portal shows; in this version it shows all.
        fields.names("featureFlags", "featureFlags", null, PortalRoutes::count, Rules::name);
        Role role = readOnly ? Role.VIEWER : Role.APPLICATION;
        List<String> capabilities =
                fields.names("capabilities", "capabilities", null, PortalRoutes::count, PortalRoutes::capability);
        if (capabilities != null && !capabilities.isEmpty() && !readOnly) {
            Set<String> asked = Set.copyOf(capabilities);
            if (asked.equals(Set.of(LOOKING))) {
                role = Role.VIEWER;
            } else if (!asked.containsAll(EVERYTHING)) {
                fields.refuse(
                        "capabilities",
                        "must be ViewBase alone, or ViewBase, ManageEndpoint and CreateAttempts together with any"
                                + " others: tokens that can do some of it are not available in this version");
            }
        }
        AppView present = catalog.app(call.env(), call.path("app"));
        AppDraft draft = present == null ? application(call, fields) : null;
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        if (present != null) {
            return give(present.application(), role, expiry, session);
        }
        if (draft == null) {
            return Answer.notFound("application");
        }
        Result<Application> made =
                AnswerKeys.repeatable(() -> catalog.applications().create(call.env(), draft, true));
        return switch (made) {
            case Result.Created<Application>(Application app) -> give(app, role, expiry, session);
            case Result.Existing<Application>(Application app) -> give(app, role, expiry, session);
            case Result.Updated<Application> _,
                    Result.Deleted<Application> _,
                    Result.Conflict<Application> _,
                    Result.Broken<Application> _,
                    Result.Limited<Application> _,
                    Result.TooMany<Application> _,
                    Result.NotFound<Application> _ ->
                Answer.of(made, application -> ApplicationRoutes.Out.of(application, null));
        };
    }

    private static @Nullable String count(List<String> words) {
        return words.size() > MOST_WORDS ? "must be at most " + MOST_WORDS : null;
    }

    private static @Nullable String capability(String word) {
        return CAPABILITIES.contains(word) ? null : "must be one of " + String.join(", ", new TreeSet<>(CAPABILITIES));
    }

    /** The application to make if there is none; null if there is nothing said about it, or ids are given by us. */
    private static @Nullable AppDraft application(Call call, Fields fields) {
        JsonNode wanted = fields.raw("application");
        String key = call.path("app");
        if (wanted.isMissingNode() || Rules.looksLikeId(key)) {
            return null;
        }
        if (!wanted.isObject()) {
            fields.problems().add(Problem.type("must be an object", "body", "application"));
            return null;
        }
        fields.path("app", key, Rules::uid);
        Fields inner = new Fields(wanted, false);
        AppDraft draft = ApplicationRoutes.draft(inner, ApplicationRoutes.BLANK);
        if (draft.uid() != null && !draft.uid().equals(key)) {
            inner.refuse("uid", "must be that of the path");
        }
        for (Problem problem : inner.problems()) {
            List<Object> loc = new ArrayList<>(problem.loc());
            loc.add(1, "application");
            fields.problems().add(new Problem(List.copyOf(loc), problem.msg(), problem.type()));
        }
        return new AppDraft(
                draft.name(),
                key,
                draft.metadata(),
                draft.rateLimit(),
                draft.paused(),
                draft.endpointLimit(),
                draft.scopes());
    }

    private Answer give(Application app, Role role, int seconds, @Nullable String session) {
        Result<NewToken> made = catalog.tokens()
                .createSession(new TokenDraft(
                        session == null ? NAME : NAME + ", session " + session,
                        role,
                        app.envNo(),
                        app.no(),
                        null,
                        Instant.now().plusSeconds(seconds).truncatedTo(ChronoUnit.MICROS)));
        return made instanceof Result.Created<NewToken>(NewToken token)
                ? Answer.json(
                        200,
                        new Out(
                                token.secret(),
                                publicUrl.get() + "/portal#token=" + token.secret() + "&app=" + app.id()))
                : Answer.of(made, NewToken::token);
    }

    private Answer logout(Call call) {
        Token token = call.caller().token();
        if (token.appNo() == null) {
            return Answer.error(
                    403,
                    "forbidden",
                    "only the tokens of applications log out; this one is revoked with DELETE /api/v1/token/"
                            + token.id());
        }
        return Answer.of(catalog.tokens().revoke(token.id()), gone -> gone);
    }
}
