package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.PolicyCodec;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.ShapeCodec;
import io.posthorn.catalog.WithheldTypes;
import io.posthorn.dispatch.EndpointCheck.Kind;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/app/{app}/endpoint}. */
final class EndpointRoutes implements Resource<Endpoint> {
    private static final String ALL = "/api/v1/app/:app/endpoint";
    static final String ONE = ALL + "/:endpoint";
    private static final EndpointDraft BLANK = new EndpointDraft("", null, "", null, null, false, null, Map.of(), null);

    private final Catalog catalog;
    private final UrlRule urlRule;
    private final SecretRule secretRule;
    private final DeliveryCeilings ceilings;
    private final MailRule mailRule;
    private final EndpointCheckRoutes checks;

    EndpointRoutes(
            Catalog catalog,
            UrlRule urlRule,
            SecretRule secretRule,
            DeliveryCeilings ceilings,
            MailRule mailRule,
            EndpointCheckRoutes checks) {
        this.secretRule = secretRule;
        this.checks = checks;
        this.ceilings = ceilings;
        this.catalog = catalog;
        this.urlRule = urlRule;
        this.mailRule = mailRule;
    }

    /**
     * An endpoint as it is shown, without its secret and its headers. Some things go by two names.
     */
    record Out(
            String id,
            @Nullable String uid,
            String url,
            String description,
            int version,
            @Nullable List<String> filterTypes,
            @Nullable List<String> eventTypes,
            @Nullable List<String> channels,
            boolean disabled,
            @Nullable String disabledReason,
            @Nullable Integer rateLimit,
            @Nullable Integer throttleRate,
            @Nullable Integer agreedRate,
            boolean paused,
            ObjectNode delivery,
            @Nullable String profile,
            @Nullable String profileSource,
            @Nullable ObjectNode filter,
            @Nullable String transformation,
            String payload,
            @Nullable String payloadVersion,
            boolean hasConfig,
            @Nullable ObjectNode authentication,
            @Nullable ObjectNode tls,
            List<String> withheldEventTypes,
            Map<String, String> metadata,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(Catalog catalog, Endpoint e) {
            AppView app = catalog.appByNo(e.appNo());
            return of(app == null ? null : catalog.withheld(app.application()), e);
        }

        /** One of several of an application. */
        static Out of(@Nullable WithheldTypes withheld, Endpoint e) {
            return new Out(
                    e.id(),
                    e.uid(),
                    e.url(),
                    e.description(),
                    e.version(),
                    e.eventTypes(),
                    e.eventTypes(),
                    e.channels(),
                    e.disabled(),
                    e.disabledReason(),
                    e.rateLimit(),
                    e.rateLimit(),
                    e.shape().agreedRate(),
                    e.paused(),
                    PolicyCodec.shown(e.delivery()),
                    e.shape().profile(),
                    e.shape().ownProfile(),
                    ShapeCodec.shown(e.shape().filter()),
                    e.shape().transformation(),
                    ShapeCodec.payload(e.shape()),
                    e.shape().payloadVersion(),
                    e.secrets().config() != null,
                    EndpointSecretFields.shown(e.secrets().authentication()),
                    EndpointSecretFields.shown(e.secrets().tls()),
                    withheld == null ? List.of() : withheld.of(e.eventTypes()),
                    e.metadata(),
                    e.createdAt(),
                    e.updatedAt());
        }
    }

    @Override
    public String all() {
        return ALL;
    }

    @Override
    public String one() {
        return ONE;
    }

    @Override
    public Access look() {
        return Access.READ;
    }

    @Override
    public Access change() {
        return Access.WRITE;
    }

    @Override
    public Object shown(Endpoint endpoint) {
        return Out.of(catalog, endpoint);
    }

    /** The answer about the endpoint that a call names, or 404. */
    static Answer found(Catalog catalog, Call call, Function<Endpoint, Answer> answer) {
        AppView view = catalog.app(call.env(), call.path("app"));
        if (view == null) {
            return Answer.notFound("application");
        }
        Endpoint endpoint = view.endpoint(call.path("endpoint"));
        return endpoint == null ? Answer.notFound("endpoint") : answer.apply(endpoint);
    }

    @Override
    public Answer list(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        if (view == null) {
            return Answer.notFound("application");
        }
        Paging paging = Paging.of(call.query(), true);
        WithheldTypes withheld = catalog.withheld(view.application());
        return call.query().problems().isEmpty()
                ? Answer.json(
                        200, paging.bounded(view::endpoints, Endpoint::id, endpoint -> Out.of(withheld, endpoint)))
                : Answer.invalid(call.query().problems());
    }

    @Override
    public Answer read(Call call) {
        return found(catalog, call, endpoint -> Answer.json(200, Out.of(catalog, endpoint)));
    }

    @Override
    public Supplier<Result<Endpoint>> create(Call call, Fields fields) {
        EndpointDraft draft = draft(fields, BLANK, secret(call.env(), fields, null));
        Kind check = checks.kind(fields);
        return () -> checks.passed(
                call,
                check,
                null,
                draft,
                checked -> catalog.endpoints().create(call.env(), call.path("app"), checked.apply(draft)));
    }

    @Override
    public Supplier<Result<Endpoint>> put(Call call, Fields fields) {
        EndpointDraft draft = draft(fields, BLANK, secret(call.env(), fields, present(call)));
        fields.path("endpoint", call.path("endpoint"), Fields::uidInPath);
        Kind check = checks.kind(fields);
        String key = call.path("endpoint");
        return () -> checks.passed(
                call,
                check,
                key,
                draft,
                checked -> catalog.endpoints().put(call.env(), call.path("app"), key, checked.apply(draft)));
    }

    @Override
    public Supplier<Result<Endpoint>> patch(Call call, Fields fields) {
        SigningSecret secret = secret(call.env(), fields, present(call));
        draft(fields, BLANK, secret);
        Kind check = checks.kind(fields);
        String key = call.path("endpoint");
        return () -> {
            UnaryOperator<EndpointDraft> patch = present -> draft(fields.checked(), present, secret);
            Function<UnaryOperator<EndpointDraft>, Result<Endpoint>> change = checked -> catalog.endpoints()
                    .patch(call.env(), call.path("app"), key, present -> checked.apply(patch.apply(present)));
            Endpoint there = present(call);
            return there == null
                    ? change.apply(as -> as) // it says what is wrong
                    : checks.passed(call, check, key, patch.apply(EndpointDraft.of(there)), change);
        };
    }

    @Override
    public Supplier<Result<Endpoint>> delete(Call call, Fields fields) {
        return () -> catalog.endpoints().delete(call.env(), call.path("app"), call.path("endpoint"));
    }

    private @Nullable Endpoint present(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        return view == null ? null : view.endpoint(call.path("endpoint"));
    }

    private EndpointDraft draft(Fields fields, EndpointDraft base, @Nullable SigningSecret secret) {
        UrlCredentials url = UrlCredentials.of(fields.requiredText("url", base.url(), this::refused));
        return new EndpointDraft(
                url.url(),
                fields.optionalText("uid", base.uid(), Rules::uid),
                fields.text("description", base.description(), Rules::description),
                fields.names("filterTypes", "eventTypes", base.eventTypes(), Rules::eventTypes, Rules::subscription),
                fields.names("channels", "channels", base.channels(), Rules::channels, Rules::name),
                fields.flag("disabled", base.disabled()),
                fields.number("throttleRate", "rateLimit", base.rateLimit(), Rules::rateLimit),
                fields.texts("metadata", base.metadata(), Rules::metadata),
                secret,
                HeaderFields.whole(fields),
                fields.whole("version", base.version(), Rules::version),
                delivery(fields),
                shape(fields),
                EndpointSecretFields.read(fields, url.basic(), urlRule, Instant.now()),
                paused(fields, base.paused()));
    }

    /**
     * What is not mentioned stays, also where an endpoint is replaced by somebody who does not know of it. What is given
     * is judged by itself here, and together with what is there when it is changed.
     */
    private @Nullable BinaryOperator<DeliveryPolicy> delivery(Fields fields) {
        if (fields.isNull("delivery")) {
            return (present, usual) -> usual;
        }
        if (!fields.has("delivery")) {
            return null;
        }
        JsonNode given = fields.raw("delivery");
        PolicyCodec.Problems problems = (path, rule) -> fields.refuse("delivery", path, rule);
        ceilings.check(PolicyCodec.read(given, DeliveryPolicy.DEFAULT, problems), problems);
        addresses(fields, given.path("notification").path("emails"));
        return (present, usual) -> PolicyCodec.read(given, present, usual, (path, rule) -> {});
    }

    /** As for {@link #delivery}: what is not mentioned stays. */
    private @Nullable UnaryOperator<EndpointShape> shape(Fields fields) {
        if (ShapeCodec.MEMBERS.stream().noneMatch(fields::has)) {
            return null;
        }
        ShapeCodec.read(
                fields::raw,
                EndpointShape.DEFAULT,
                (path, rule) -> fields.refuse(path.getFirst(), path.subList(1, path.size()), rule));
        if (fields.raw("profileSource").isTextual()) {
            ProfileBodies.check(fields.raw("profileSource").textValue(), ceilings, mailRule)
                    .forEach(problem -> fields.refuse("profileSource", problem.text()));
        }
        return present -> ShapeCodec.checked(fields::raw, present);
    }

    /** Addresses that were there before the rule are in nobody's way: only what is given is judged. */
    private void addresses(Fields fields, JsonNode emails) {
        for (JsonNode each : emails) {
            String rule = each.isTextual() && PolicyCodec.noEmail(each.textValue()) == null
                    ? mailRule.refuse(each.textValue())
                    : null;
            if (rule != null) {
                fields.refuse("delivery", List.of("notification", "emails"), "each of them " + rule);
                return;
            }
        }
    }

    private static @Nullable Boolean paused(Fields fields, @Nullable Boolean base) {
        return fields.has("paused") ? Boolean.valueOf(fields.flag("paused", false)) : base;
    }

    private @Nullable String refused(String given) {
        UrlCredentials url = UrlCredentials.of(given);
        String rule = url.broken() == null ? Rules.url(url.url()) : url.broken();
        return rule == null ? urlRule.refuse(url.url()) : rule;
    }

    /**
     * Null to keep the present one, or to have one of the usual kind made where there is none; a change to null has a new
     * one made. How it is read depends on what signs with it, so one that stays is judged anew if that changes.
     */
    private @Nullable SigningSecret secret(int env, Fields fields, @Nullable Endpoint present) {
        UnaryOperator<EndpointShape> change = shape(fields.checked());
        EndpointShape base = present == null ? EndpointShape.DEFAULT : present.shape();
        EndpointShape shape = change == null ? base : change.apply(base);
        String text = fields.optionalText("secret", null, given -> noSecret(secretRule, env, shape, given));
        if (text != null) {
            return noSecret(secretRule, env, shape, text) == null ? secretRule.parse(env, shape, text) : null;
        }
        if (present == null || fields.isNull("secret")) {
            SigningSecret fresh = secretRule.fresh(env, shape);
            return fresh == null && present != null ? catalog.endpoints().freshSecret() : fresh;
        }
        String unusable = change == null ? null : secretRule.refuse(env, shape, present.secret());
        if (unusable != null) {
            fields.refuse("secret", unusable);
        }
        return null;
    }

    static @Nullable String noSecret(SecretRule rule, int env, EndpointShape shape, String text) {
        try {
            rule.parse(env, shape, text);
            return null;
        } catch (IllegalArgumentException e) {
            return e.getMessage();
        }
    }
}
