package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Result;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What an endpoint's requests carry and are signed with: {@code …/headers}, {@code …/secret} and its rotation. */
final class EndpointSettingRoutes implements RouteModule {
    private static final String HEADERS = EndpointRoutes.ONE + "/headers";
    private static final String SECRET = EndpointRoutes.ONE + "/secret";
    private static final int LONGEST_OVERLAP_SECONDS = 30 * 24 * 60 * 60;

    private static final String ED25519 = "ed25519";
    private static final String SYMMETRIC = "symmetric";
    private static final SecureRandom RANDOM = new SecureRandom();

    private final Catalog catalog;
    private final Duration overlap;
    private final SecretRule secretRule;

    /**
     * The routes.
     *
     * @param catalog the endpoints
     * @param secretRule which secrets they may have
     * @param overlap how long a secret goes on after a rotation that does not say it
     */
    EndpointSettingRoutes(Catalog catalog, SecretRule secretRule, Duration overlap) {
        this.secretRule = secretRule;
        this.catalog = catalog;
        this.overlap = overlap;
    }

    /**
     * The headers as they are shown.
     *
     * @param headers name to value
     * @param sensitive the names of those whose values are not shown
     */
    record HeadersOut(Map<String, String> headers, List<String> sensitive) {
        static HeadersOut of(Endpoint endpoint) {
            Map<String, String> shown = new LinkedHashMap<>();
            endpoint.headers().stream()
                    .filter(header -> !header.sensitive())
                    .forEach(header -> shown.put(header.name(), header.value()));
            return new HeadersOut(
                    shown,
                    endpoint.headers().stream()
                            .filter(CustomHeader::sensitive)
                            .map(CustomHeader::name)
                            .toList());
        }
    }

    /**
     * What {@code …/secret} shows.
     *
     * @param key the written form
     * @param publicKey of a private key, for the receiver; null if it is none
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record SecretOut(String key, @Nullable String publicKey) {
        static SecretOut of(Endpoint endpoint) {
            return new SecretOut(endpoint.secret().reveal(), endpoint.secret().publicKey());
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(
                        HEADERS,
                        Access.READ,
                        call -> EndpointRoutes.found(
                                catalog, call, endpoint -> Answer.json(200, HeadersOut.of(endpoint)))),
                Operation.put(HEADERS, Access.WRITE, this::putHeaders),
                Operation.patch(HEADERS, Access.WRITE, this::patchHeaders),
                Operation.get(
                        SECRET,
                        Access.SECRET,
                        call -> EndpointRoutes.found(
                                catalog, call, endpoint -> Answer.json(200, SecretOut.of(endpoint)))),
                Operation.postEmpty(SECRET + "/rotate", Access.WRITE, this::rotate));
    }

    private Answer putHeaders(Call call) {
        Fields fields = new Fields(call.body(), false);
        List<CustomHeader> headers = HeaderFields.whole(fields);
        if (headers == null) {
            fields.problems().add(Problem.missing("body", "headers"));
        }
        return changeHeaders(call, fields, present -> headers == null ? present : headers);
    }

    private Answer patchHeaders(Call call) {
        Fields fields = new Fields(call.body(), false);
        HeaderFields.Patch patch = HeaderFields.patch(fields);
        return changeHeaders(call, fields, patch::of);
    }

    private Answer changeHeaders(Call call, Fields fields, UnaryOperator<List<CustomHeader>> change) {
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        Result<Endpoint> result =
                catalog.endpoints().changeHeaders(call.env(), call.path("app"), call.path("endpoint"), change);
        return result instanceof Result.Conflict<Endpoint>(String field, String rule)
                ? Answer.invalid(List.of(Problem.value(rule, "body", field)))
                : done(result);
    }

    private Answer rotate(Call call) {
        Fields fields = new Fields(call.body(), false);
        EndpointShape shape = shape(call);
        String text = fields.optionalText(
                "key", null, given -> EndpointRoutes.noSecret(secretRule, call.env(), shape, given));
        String type = fields.optionalText("type", null, EndpointSettingRoutes::noType);
        if (text != null && type != null) {
            fields.refuse("type", "says which kind is to be made, and goes without key");
        }
        Integer seconds = fields.number(
                "gracePeriodSeconds",
                "gracePeriodSeconds",
                null,
                value -> value < 0 || value > LONGEST_OVERLAP_SECONDS
                        ? "must be 0 to " + LONGEST_OVERLAP_SECONDS
                        : null);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        SigningSecret key = text == null ? fresh(call.env(), shape, type) : secretRule.parse(call.env(), shape, text);
        String unusable = key == null ? null : secretRule.refuse(call.env(), shape, key);
        if (unusable != null) {
            return Answer.invalid(List.of(Problem.value(unusable, "body", "type")));
        }
        Duration goesOn = seconds == null ? overlap : Duration.ofSeconds(seconds);
        return done(catalog.endpoints().rotateSecret(call.env(), call.path("app"), call.path("endpoint"), key, goesOn));
    }

    private EndpointShape shape(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        Endpoint present = view == null ? null : view.endpoint(call.path("endpoint"));
        return present == null ? EndpointShape.DEFAULT : present.shape();
    }

    private @Nullable SigningSecret fresh(int env, EndpointShape shape, @Nullable String type) {
        return switch (type) {
            case null -> secretRule.fresh(env, shape);
            case ED25519 -> SigningSecret.freshEd25519(RANDOM);
            default -> catalog.endpoints().freshSecret();
        };
    }

    private static @Nullable String noType(String text) {
        return text.equals(ED25519) || text.equals(SYMMETRIC) ? null : "must be " + SYMMETRIC + " or " + ED25519;
    }

    /** 204 where a change has no content to show. */
    private Answer done(Result<Endpoint> result) {
        return result instanceof Result.Updated<Endpoint>
                ? Answer.empty()
                : Answer.of(result, endpoint -> EndpointRoutes.Out.of(catalog, endpoint));
    }
}
