package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.Result;
import io.posthorn.dispatch.EndpointCheck;
import io.posthorn.dispatch.EndpointCheck.Kind;
import io.posthorn.model.Endpoint;
import io.posthorn.model.SigningSecret;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether endpoints want what they are about to be sent: before they are stored, and later by {@code
 * POST …/endpoint/{endpoint}/check}.
 */
final class EndpointCheckRoutes implements RouteModule {
    private static final int RETRY_SECONDS = 1;
    private static final String TOO_MANY =
            "an application may have two endpoints checked at a time, and about one a second; try this one again";
    private static final String KINDS =
            Arrays.stream(Kind.values()).map(Kind::text).collect(Collectors.joining(", "));

    private final Catalog catalog;
    private final @Nullable EndpointCheck checks;
    private final Audit audit;

    /**
     * The route.
     *
     * @param catalog the endpoints
     * @param checks makes the requests; null where none are made
     * @param audit where it is noted that they were made
     */
    EndpointCheckRoutes(Catalog catalog, @Nullable EndpointCheck checks, Audit audit) {
        this.catalog = catalog;
        this.audit = audit;
        this.checks = checks;
    }

    /**
     * What came of a check.
     *
     * @param check which
     * @param passed whether the endpoint wants what it is sent
     * @param detail what was asked and what was answered, if it does not
     * @param rateLimit requests a second that its owner wants it to get at most
     * @param agreedRate requests a minute that it has agreed to
     */
    record CheckOut(
            String check,
            boolean passed,
            @Nullable String detail,
            @Nullable Integer rateLimit,
            @Nullable Integer agreedRate) {
        static CheckOut of(Kind kind, @Nullable String refusal, Endpoint endpoint) {
            return new CheckOut(
                    kind.text(),
                    refusal == null,
                    refusal,
                    endpoint.rateLimit(),
                    endpoint.shape().agreedRate());
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.postEmpty(
                EndpointRoutes.ONE + "/check",
                Access.WRITE,
                call -> EndpointRoutes.found(catalog, call, endpoint -> again(call, endpoint))));
    }

    /** The check that is asked for; null if none is named. */
    @Nullable
    Kind kind(Fields fields) {
        JsonNode given = fields.raw("check");
        if (given.isMissingNode() || given.isNull()) {
            return null;
        }
        Kind kind = Kind.of(fields.text("check", "", text -> Kind.of(text) == null ? "must be one of " + KINDS : null));
        if (kind != null && kind != Kind.NONE && checks == null) {
            fields.refuse("check", "endpoints cannot be checked here");
        }
        return kind;
    }

    /**
     * Checks an endpoint that is to be made or changed, and then does that.
     *
     * @param asked the check; null for that of its profile, if it is new or moves, or had another one until now
     * @param idOrUid how it is addressed; null if it is to be made
     * @param draft what it is to be
     * @param change makes it so; it is given what the check adds to the draft
     * @return of the change; {@code Broken} of {@code url} if the endpoint does not want it
     */
    Result<Endpoint> passed(
            Call call,
            @Nullable Kind asked,
            @Nullable String idOrUid,
            EndpointDraft draft,
            Function<UnaryOperator<EndpointDraft>, Result<Endpoint>> change) {
        EndpointCheck making = checks;
        if (making == null || asked == Kind.NONE) {
            return change.apply(as -> as);
        }
        EndpointDraft whole = catalog.endpoints().withSecret(call.env(), call.path("app"), idOrUid, draft);
        Result<Endpoint> refused = catalog.endpoints().refusal(call.env(), call.path("app"), idOrUid, whole);
        if (refused != null) {
            return refused; // nobody need be asked
        }
        Endpoint there = catalog.endpoints().find(call.env(), call.path("app"), idOrUid);
        Endpoint candidate = catalog.endpoints().preview(call.env(), call.path("app"), idOrUid, whole);
        if (candidate == null) {
            return change.apply(as -> as); // it says what is wrong
        }
        SigningSecret secret = there == null ? whole.secret() : null;
        return switch (check(making, kind(making, asked, there, candidate), candidate)) {
            case EndpointCheck.Verdict.Passed(EndpointCheck.Rate rate) ->
                change.apply(as -> {
                    EndpointDraft same = secret == null ? as : as.withSecret(secret);
                    return rate == null ? same : agreed(same, candidate, rate);
                });
            case EndpointCheck.Verdict.Refused(String why) -> new Result.Broken<>(List.of("url"), why);
            case EndpointCheck.Verdict.Busy _ ->
                new Result.Limited<>("too many endpoints are being checked just now; try this one again");
            case EndpointCheck.Verdict.TooMany _ -> new Result.TooMany<>(TOO_MANY, RETRY_SECONDS);
        };
    }

    private static Kind kind(EndpointCheck making, @Nullable Kind asked, @Nullable Endpoint there, Endpoint candidate) {
        if (asked != null) {
            return asked;
        }
        if (candidate.temporary()) {
            return Kind.NONE; // there is no URL, and who is connected wants to be
        }
        Kind usual = making.usual(candidate);
        boolean fresh = there == null || !there.url().equals(candidate.url()) || making.usual(there) != usual;
        return fresh ? usual : Kind.NONE;
    }

    private Answer again(Call call, Endpoint endpoint) {
        Fields fields = new Fields(call.body(), false);
        Kind asked = kind(fields);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        EndpointCheck making = checks;
        if (making == null) {
            return Answer.error(409, "conflict", "endpoints cannot be checked here");
        }
        Kind usual = making.usual(endpoint);
        Kind kind = asked != null ? asked : usual == Kind.NONE ? Kind.TEST_EVENT : usual;
        return switch (check(making, kind, endpoint)) {
            case EndpointCheck.Verdict.Passed(EndpointCheck.Rate rate) -> passed(call, kind, endpoint, rate);
            case EndpointCheck.Verdict.Refused(String why) -> {
                noted(call, endpoint);
                yield Answer.json(200, CheckOut.of(kind, why, endpoint));
            }
            case EndpointCheck.Verdict.TooMany _ ->
                Answer.of(new Result.TooMany<>(TOO_MANY, RETRY_SECONDS), any -> any);
            case EndpointCheck.Verdict.Busy _ ->
                Answer.unavailable("too many endpoints are being checked just now", RETRY_SECONDS);
        };
    }

    private Answer passed(Call call, Kind kind, Endpoint endpoint, EndpointCheck.@Nullable Rate rate) {
        if (rate == null || Objects.equals(rate.perMinute(), endpoint.shape().agreedRate())) {
            noted(call, endpoint);
            return Answer.json(200, CheckOut.of(kind, null, endpoint));
        }
        Result<Endpoint> changed = catalog.endpoints()
                .patch(call.env(), call.path("app"), endpoint.id(), present -> agreed(present, endpoint, rate));
        return changed instanceof Result.Updated<Endpoint>(Endpoint now)
                ? Answer.json(200, CheckOut.of(kind, null, now))
                : Answer.of(changed, endpointNow -> endpointNow.id());
    }

    /** That somebody had a request sent stands in the audit log, as a change does, which writes itself down there. */
    private void noted(Call call, Endpoint endpoint) {
        AppView app = catalog.appByNo(endpoint.appNo());
        if (Audit.ACT.isBound()) {
            audit.note(Audit.ACT
                    .get()
                    .of(new Audit.Subject(
                            call.env(), app == null ? null : app.application().id(), endpoint.id())));
        }
    }

    /** Unless it has gone elsewhere meanwhile: what was agreed is nothing to who is there now. */
    private static EndpointDraft agreed(EndpointDraft present, Endpoint asked, EndpointCheck.Rate rate) {
        return present.url().equals(asked.url()) ? present.withAgreedRate(rate.perMinute()) : present;
    }

    private static EndpointCheck.Verdict check(EndpointCheck making, Kind kind, Endpoint endpoint) {
        try {
            return making.check(kind, endpoint);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return new EndpointCheck.Verdict.Busy();
        }
    }
}
