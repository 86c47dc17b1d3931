package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.NewToken;
import io.posthorn.catalog.Role;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.Token;
import io.posthorn.catalog.TokenDraft;
import io.posthorn.catalog.TokenPatch;
import io.posthorn.model.Environment;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/token}: who may do what. Administrators of an environment see and make the tokens of that environment;
 * those of the installation make tokens of every environment and of the whole installation ({@code environment: "*"}).
 * Nobody makes a token mightier than the own one.
 */
final class TokenRoutes implements RouteModule {
    private static final String ALL = "/api/v1/token";
    private static final String ONE = ALL + "/:token";
    private static final String WHOLE_INSTALLATION = "*";
    private static final String ROLES = "must be administrator, publisher, viewer or application";
    private static final int LAST_YEAR = 9999;

    private final Catalog catalog;

    TokenRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /** A token as it is shown: without itself. */
    record Out(
            String id,
            String name,
            String role,
            @Nullable String appId,
            @Nullable String environmentId,
            Instant createdAt,
            @Nullable Instant expiresAt,
            @Nullable Instant lastUsedAt,
            @Nullable Integer rateLimit) {}

    /** A token as it is shown once. */
    record NewOut(String token, @JsonUnwrapped Out description) {
        /** Without the token: this may end up in a log. */
        @Override
        public String toString() {
            return "NewOut[" + description + "]";
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.MANAGE, this::list),
                Operation.post(ALL, Access.MANAGE, this::create),
                Operation.get(ONE, Access.MANAGE, this::read),
                Operation.patch(ONE, Access.MANAGE, this::patch),
                Operation.delete(ONE, Access.MANAGE, this::revoke));
    }

    private Out shown(Token token) {
        AppView app = token.appNo() == null ? null : catalog.appByNo(token.appNo());
        Environment environment = catalog.environments().find(token.envNo());
        return new Out(
                token.id(),
                token.name(),
                word(token.role()),
                app == null ? null : app.application().id(),
                environment == null ? null : environment.id(),
                token.createdAt(),
                token.expiresAt(),
                catalog.tokens().lastUsedAt(token),
                token.rateLimit());
    }

    private static String word(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }

    // ---- reading

    private Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, true);
        Role role = query.text("role") == null ? null : role(query.text("role"));
        if (role == null && query.text("role") != null) {
            query.refuse("role", ROLES);
        }
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        Predicate<Token> wanted = inEnvironment(call).and(ofApp(call));
        return Answer.json(
                200,
                paging.page(
                        (after, ascending, most) -> catalog.tokens()
                                .list(
                                        after,
                                        ascending,
                                        most,
                                        each -> (role == null || each.role() == role) && wanted.test(each)),
                        Token::id,
                        this::shown));
    }

    /** Those of the environment that the request is about; and those of all, for those who are of all. */
    private static Predicate<Token> inEnvironment(Call call) {
        boolean everywhere = call.caller().token().envNo() == Token.EVERYWHERE;
        return each -> each.envNo() == call.env() || (everywhere && each.envNo() == Token.EVERYWHERE);
    }

    private Predicate<Token> ofApp(Call call) {
        String asked = call.query().text("app_id");
        if (asked == null) {
            return any -> true;
        }
        AppView app = catalog.app(call.env(), asked);
        return each -> app != null
                && each.appNo() != null
                && each.appNo() == app.application().no();
    }

    /** The token that a request names, if its caller may see it. */
    private @Nullable Token visible(Call call) {
        int from = call.caller().token().envNo();
        Token token = catalog.tokens().find(call.path("token"));
        return token != null && (from == Token.EVERYWHERE || from == token.envNo()) ? token : null;
    }

    private Answer read(Call call) {
        Token token = visible(call);
        return token == null ? Answer.notFound("token") : Answer.json(200, shown(token));
    }

    // ---- changing

    private Answer create(Call call) {
        Fields fields = new Fields(call.body(), false);
        Role role = role(fields.requiredText("role", "", word -> role(word) == null ? ROLES : null));
        String wantedApp = fields.optionalText("appId", null, any -> null);
        String wantedEnvironment = fields.optionalText("environment", null, any -> null);
        TokenPatch rest = patch(fields, new TokenPatch("", null, null));
        if (role != null && (role == Role.APPLICATION) != (wantedApp != null)) {
            fields.refuse("appId", "must name an application for the role application, and only for it");
        }
        if (wantedApp != null && WHOLE_INSTALLATION.equals(wantedEnvironment)) {
            fields.refuse("environment", "must be that of the application");
        }
        if (role == null || !fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        Token maker = call.caller().token();
        Integer env = environment(call, wantedEnvironment);
        if (env == null) {
            return Answer.notFound("environment");
        }
        if (env == Token.EVERYWHERE && maker.envNo() != Token.EVERYWHERE) {
            return forbidden("only an administrator of the whole installation makes tokens of the whole installation");
        }
        AppView app = wantedApp == null ? null : catalog.app(env, wantedApp);
        if (wantedApp != null && app == null) {
            return Answer.notFound("application");
        }
        if (lastsLonger(maker, rest.expiresAt()) || isFaster(maker, rest.rateLimit())) {
            return mightierThanItself();
        }
        return Answer.of(
                catalog.tokens()
                        .create(new TokenDraft(
                                rest.name(),
                                role,
                                env,
                                app == null ? null : app.application().no(),
                                rest.rateLimit(),
                                rest.expiresAt())),
                this::shownOnce);
    }

    private NewOut shownOnce(NewToken made) {
        return new NewOut(made.secret(), shown(made.token()));
    }

    /** The number of the environment that a new token is for; null if there is none that the caller knows. */
    private @Nullable Integer environment(Call call, @Nullable String wanted) {
        if (wanted == null) {
            return call.env();
        }
        if (wanted.equals(WHOLE_INSTALLATION)) {
            return Token.EVERYWHERE;
        }
        int from = call.caller().token().envNo();
        Environment environment = catalog.environments().find(wanted);
        return environment != null && (from == Token.EVERYWHERE || from == environment.no()) ? environment.no() : null;
    }

    /** Who is there for a time, or for so many requests, leaves no token that is not: administrators' or any other. */
    private static boolean lastsLonger(Token maker, @Nullable Instant until) {
        Instant end = maker.expiresAt();
        return end != null && (until == null || until.isAfter(end));
    }

    private static boolean isFaster(Token maker, @Nullable Integer rateLimit) {
        Integer most = maker.rateLimit();
        return most != null && (rateLimit == null || rateLimit > most);
    }

    private static Answer mightierThanItself() {
        return forbidden("a token that expires, or has a rate limit, makes no token that does so later, or has a higher"
                + " one; give expiresAt or rateLimit");
    }

    private static Answer forbidden(String detail) {
        return Answer.error(403, "forbidden", detail);
    }

    private Answer patch(Call call) {
        Token token = visible(call);
        if (token == null) {
            return Answer.notFound("token");
        }
        Fields fields = new Fields(call.body(), true);
        TokenPatch asked = patch(fields, TokenPatch.of(token));
        for (String fixed : List.of("role", "appId", "environment")) {
            if (fields.has(fixed)) {
                fields.refuse(fixed, "cannot be changed; make another token instead");
            }
        }
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        Token changer = call.caller().token();
        if ((fields.has("expiresAt") && lastsLonger(changer, asked.expiresAt()))
                || (fields.has("rateLimit") && isFaster(changer, asked.rateLimit()))) {
            return mightierThanItself();
        }
        return Answer.of(catalog.tokens().patch(token.id(), present -> patch(fields.checked(), present)), this::shown);
    }

    private static TokenPatch patch(Fields fields, TokenPatch base) {
        String expires = fields.optionalText("expiresAt", null, TokenRoutes::future);
        return new TokenPatch(
                fields.requiredText("name", base.name(), Rules::tokenName),
                fields.number("rateLimit", "rateLimit", base.rateLimit(), Rules::tokenRateLimit),
                fields.has("expiresAt") ? (expires == null ? null : time(expires)) : base.expiresAt());
    }

    private Answer revoke(Call call) {
        Token token = visible(call);
        return token == null
                ? Answer.notFound("token")
                : Answer.of(catalog.tokens().revoke(token.id()), this::shown);
    }

    private static @Nullable Role role(@Nullable String word) {
        for (Role role : Role.values()) {
            if (word(role).equals(word)) {
                return role;
            }
        }
        return null;
    }

    private static @Nullable String future(String text) {
        Instant time = time(text);
        if (time == null) {
            return "must be a time such as 2026-11-21T13:00:00Z";
        }
        return time.isAfter(Instant.now()) && time.atOffset(ZoneOffset.UTC).getYear() <= LAST_YEAR
                ? null
                : "must lie in the future, before the year 10000";
    }

    /** Null if it is no time. */
    private static @Nullable Instant time(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant().truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeException e) {
            return null;
        }
    }
}
