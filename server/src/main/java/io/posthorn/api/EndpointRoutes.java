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
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import io.posthorn.wire.Builtins;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Scheme;
import io.posthorn.wire.SchemeRules;
import io.posthorn.wire.UnusableSecretException;
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

    private static final int LONGEST_CONFIG = 16 << 10;

    private final Catalog catalog;
    private final UrlRule urlRule;
    private final DeliveryCeilings ceilings;
    private final MailRule mailRule;

    EndpointRoutes(Catalog catalog, UrlRule urlRule, DeliveryCeilings ceilings, MailRule mailRule) {
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
            boolean paused,
            ObjectNode delivery,
            @Nullable String profile,
            @Nullable String profileSource,
            @Nullable ObjectNode filter,
            @Nullable String transformation,
            String payload,
            @Nullable String payloadVersion,
            boolean hasConfig,
            List<String> withheldEventTypes,
            Map<String, String> metadata,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(Catalog catalog, Endpoint e) {
            AppView app = catalog.appByNo(e.appNo());
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
                    e.paused(),
                    PolicyCodec.shown(e.delivery()),
                    e.shape().profile(),
                    e.shape().ownProfile(),
                    ShapeCodec.shown(e.shape().filter()),
                    e.shape().transformation(),
                    ShapeCodec.payload(e.shape()),
                    e.shape().payloadVersion(),
                    e.secrets().config() != null,
                    app == null ? List.of() : catalog.withheld(app.application(), e),
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
        return call.query().problems().isEmpty()
                ? Answer.json(200, paging.bounded(view::endpoints, Endpoint::id, endpoint -> Out.of(catalog, endpoint)))
                : Answer.invalid(call.query().problems());
    }

    @Override
    public Answer read(Call call) {
        return found(catalog, call, endpoint -> Answer.json(200, Out.of(catalog, endpoint)));
    }

    @Override
    public Supplier<Result<Endpoint>> create(Call call, Fields fields) {
        EndpointDraft draft = draft(fields, BLANK, schemes(call, fields));
        return () -> catalog.endpoints().create(call.env(), call.path("app"), draft);
    }

    @Override
    public Supplier<Result<Endpoint>> put(Call call, Fields fields) {
        EndpointDraft draft = draft(fields, BLANK, schemes(call, fields));
        fields.path("endpoint", call.path("endpoint"), Fields::uidInPath);
        return () -> catalog.endpoints().put(call.env(), call.path("app"), call.path("endpoint"), draft);
    }

    @Override
    public Supplier<Result<Endpoint>> patch(Call call, Fields fields) {
        List<Scheme> schemes = schemes(call, fields);
        draft(fields, BLANK, schemes);
        return () -> catalog.endpoints()
                .patch(
                        call.env(),
                        call.path("app"),
                        call.path("endpoint"),
                        present -> draft(fields.checked(), present, schemes));
    }

    @Override
    public Supplier<Result<Endpoint>> delete(Call call, Fields fields) {
        return () -> catalog.endpoints().delete(call.env(), call.path("app"), call.path("endpoint"));
    }

    private EndpointDraft draft(Fields fields, EndpointDraft base, List<Scheme> schemes) {
        return new EndpointDraft(
                fields.requiredText("url", base.url(), this::refused),
                fields.optionalText("uid", base.uid(), Rules::uid),
                fields.text("description", base.description(), Rules::description),
                fields.names("filterTypes", "eventTypes", base.eventTypes(), Rules::eventTypes, Rules::name),
                fields.names("channels", "channels", base.channels(), Rules::channels, Rules::name),
                fields.flag("disabled", base.disabled()),
                fields.number("throttleRate", "rateLimit", base.rateLimit(), Rules::rateLimit),
                fields.texts("metadata", base.metadata(), Rules::metadata),
                secret(fields, schemes),
                HeaderFields.whole(fields),
                fields.whole("version", base.version(), Rules::version),
                delivery(fields),
                shape(fields),
                secrets(fields),
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
        return present -> ShapeCodec.read(fields::raw, present, (path, rule) -> {});
    }

    private static @Nullable UnaryOperator<EndpointSecrets> secrets(Fields fields) {
        if (!fields.has("config")) {
            return null;
        }
        JsonNode given = fields.raw("config");
        String config = given.isNull() ? null : Json.text(given);
        if (config != null && config.length() > LONGEST_CONFIG) {
            fields.refuse(
                    "config", "has " + config.length() + " characters; at most " + LONGEST_CONFIG + " are allowed");
        }
        return present -> new EndpointSecrets(config, present.authentication(), present.tls());
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

    private @Nullable String refused(String url) {
        String rule = Rules.url(url);
        return rule == null ? urlRule.refuse(url) : rule;
    }

    /** Null to keep the present one, or to have one made where there is none; a change to null has a new one made. */
    private @Nullable SigningSecret secret(Fields fields, List<Scheme> schemes) {
        String text = fields.optionalText("secret", null, given -> noSecret(given, schemes));
        if (text == null) {
            return fields.isNull("secret") ? catalog.endpoints().freshSecret(schemes) : null;
        }
        return noSecret(text, schemes) == null ? SchemeRules.parse(text, schemes) : null;
    }

    /** What signs the requests of the endpoint that a call means, as it is to be; the usual where that cannot be told. */
    private List<Scheme> schemes(Call call, Fields fields) {
        AppView view = catalog.app(call.env(), call.path("app"));
        Endpoint present = view == null || !call.names("endpoint") ? null : view.endpoint(call.path("endpoint"));
        EndpointShape base = present == null ? EndpointShape.DEFAULT : present.shape();
        return schemes(catalog, call.env(), ShapeCodec.read(fields::raw, base, (path, rule) -> {}));
    }

    static List<Scheme> schemes(Catalog catalog, int env, EndpointShape shape) {
        try {
            return catalog.profiles().of(env, shape).profile().schemes();
        } catch (ContentException _) {
            return Builtins.standard().schemes(); // what is wrong with the profile is told by itself
        }
    }

    static @Nullable String noSecret(String text, List<Scheme> schemes) {
        try {
            SchemeRules.parse(text, schemes);
            return null;
        } catch (UnusableSecretException e) {
            return e.getMessage();
        } catch (IllegalArgumentException e) {
            return SchemeRules.takesText(schemes)
                    ? String.valueOf(e.getMessage())
                    : "must be whsec_ and the base64 of 24 to 64 bytes; leave it out to have one made";
        }
    }
}
