package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.HeaderRules;
import io.posthorn.model.Authentication;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.TlsIdentity;
import io.posthorn.model.TlsMaterial;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The members {@code config}, {@code authentication} and {@code tls} of an endpoint. What is given replaces the whole
 * member, because nobody can be asked to know its secret parts; what is shown leaves them out.
 */
final class EndpointSecretFields {
    static final String AUTHENTICATION = "authentication";
    private static final String TLS = "tls";
    private static final int LONGEST_CONFIG = 16 << 10;
    private static final int LONGEST = 1_024;
    private static final int LONGEST_TOKEN = 8_192;
    private static final ShownCertificates CERTIFICATES = new ShownCertificates();

    private EndpointSecretFields() {}

    /**
     * Reads them.
     *
     * @param fields of the endpoint
     * @param fromUrl what stood in its URL; null for nothing
     * @param urlRule where tokens may be got
     * @param now the present
     * @return from what the endpoint has to what it is to have; null if nothing of it is given
     */
    static @Nullable UnaryOperator<EndpointSecrets> read(
            Fields fields, Authentication.@Nullable Basic fromUrl, UrlRule urlRule, Instant now) {
        UnaryOperator<EndpointSecrets> change = null;
        if (fields.has("config")) {
            String config = config(fields);
            change = present -> new EndpointSecrets(config, present.authentication(), present.tls());
        }
        boolean named = fields.has(AUTHENTICATION) && !fields.isNull(AUTHENTICATION);
        if (named && fromUrl != null) {
            fields.refuse(AUTHENTICATION, "cannot be given beside user name and password in the URL: leave one out");
        } else if (fromUrl != null || fields.has(AUTHENTICATION)) {
            Authentication authentication =
                    fromUrl == null && named ? authentication(fields, urlRule) : (Authentication) fromUrl;
            change = then(change, present -> new EndpointSecrets(present.config(), authentication, present.tls()));
        }
        if (fields.has(TLS)) {
            TlsIdentity tls = fields.isNull(TLS) ? null : tls(fields, now);
            change = then(change, present -> new EndpointSecrets(present.config(), present.authentication(), tls));
        }
        return change;
    }

    private static UnaryOperator<EndpointSecrets> then(
            @Nullable UnaryOperator<EndpointSecrets> first, UnaryOperator<EndpointSecrets> second) {
        return first == null ? second : present -> second.apply(first.apply(present));
    }

    private static @Nullable String config(Fields fields) {
        JsonNode given = fields.raw("config");
        String config = given.isNull() ? null : Json.text(given);
        if (config != null && config.length() > LONGEST_CONFIG) {
            fields.refuse(
                    "config", "has " + config.length() + " characters; at most " + LONGEST_CONFIG + " are allowed");
        }
        return config;
    }

    private static @Nullable Authentication authentication(Fields fields, UrlRule urlRule) {
        Part part = new Part(fields, AUTHENTICATION);
        if (!part.isObject()) {
            return null;
        }
        return switch (part.node.path("type").asText()) {
            case "basic" -> {
                part.only("type", "user", "password");
                yield new Authentication.Basic(
                        part.text("user", EndpointSecretFields::user),
                        part.text("password", EndpointSecretFields::password));
            }
            case "header" -> {
                part.only("type", "name", "value");
                yield new Authentication.Header(
                        part.text("name", HeaderRules::name),
                        part.text("value", value -> bounded(value, LONGEST_TOKEN, HeaderRules.value(value))));
            }
            case "bearer" -> {
                part.only("type", "token");
                yield new Authentication.Bearer(part.text(
                        "token",
                        value -> value.indexOf(' ') >= 0
                                ? "must have no spaces"
                                : bounded(value, LONGEST_TOKEN, HeaderRules.value(value))));
            }
            case "oauth2" -> {
                part.only("type", "tokenUrl", "clientId", "clientSecret", "scope", "audience", "clientAuthentication");
                String how = part.optional("clientAuthentication", EndpointSecretFields::clientAuthentication);
                yield new Authentication.OAuth2(
                        part.text("tokenUrl", url -> bounded(url, LONGEST, urlRule.refuse(url))),
                        part.text("clientId", EndpointSecretFields::word),
                        part.text("clientSecret", EndpointSecretFields::word),
                        part.optional("scope", EndpointSecretFields::word),
                        part.optional("audience", EndpointSecretFields::word),
                        "body".equals(how));
            }
            default -> {
                part.refuse("type", "must be basic, header, bearer or oauth2");
                yield null;
            }
        };
    }

    private static @Nullable String clientAuthentication(String text) {
        return text.equals("basic") || text.equals("body") ? null : "must be basic or body";
    }

    static @Nullable String user(String text) {
        if (text.indexOf(':') >= 0) {
            return "must have no colon in the user name";
        }
        return password(text);
    }

    static @Nullable String password(String text) {
        return text.codePoints().anyMatch(Character::isISOControl)
                ? "must have no control characters"
                : bounded(text, LONGEST, null);
    }

    private static @Nullable String word(String text) {
        boolean visible = !text.isBlank() && text.chars().allMatch(c -> c >= ' ' && c <= '~');
        return bounded(text, LONGEST, visible ? null : "must be visible ASCII characters");
    }

    private static @Nullable String bounded(String text, int most, @Nullable String otherwise) {
        return text.length() > most ? "must have at most " + most + " characters" : otherwise;
    }

    private static @Nullable TlsIdentity tls(Fields fields, Instant now) {
        Part part = new Part(fields, TLS);
        if (!part.isObject()) {
            return null;
        }
        part.only("certificate", "key", "ca", "pins");
        TlsIdentity identity = new TlsIdentity(
                part.optional("certificate", text -> null),
                part.optional("key", text -> null),
                part.optional("ca", text -> null),
                part.texts("pins"));
        try {
            TlsMaterial.given(identity, now);
        } catch (TlsMaterial.Unusable e) {
            part.refuse(e.member(), e.rule());
        }
        return identity.equals(new TlsIdentity(null, null, null, List.of())) ? null : identity;
    }

    /** The authentication without what is secret; null for none. */
    static @Nullable ObjectNode shown(@Nullable Authentication authentication) {
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        switch (authentication) {
            case null -> {
                return null;
            }
            case Authentication.Basic(String user, String _) ->
                node.put("type", "basic").put("user", user);
            case Authentication.Header(String name, String _) ->
                node.put("type", "header").put("name", name);
            case Authentication.Bearer _ -> node.put("type", "bearer");
            case Authentication.OAuth2 oauth ->
                node.put("type", "oauth2")
                        .put("tokenUrl", oauth.tokenUrl())
                        .put("clientId", oauth.clientId())
                        .put("scope", oauth.scope())
                        .put("audience", oauth.audience())
                        .put("clientAuthentication", oauth.inBody() ? "body" : "basic");
        }
        return node;
    }

    /** The TLS without the private key; null for the usual. */
    static @Nullable ObjectNode shown(@Nullable TlsIdentity identity) {
        if (identity == null) {
            return null;
        }
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        List<ShownCertificates.Facts> chain = CERTIFICATES.of(identity.certificate());
        node.set("certificate", chain.isEmpty() ? null : shown(chain.getFirst()));
        ArrayNode authorities = node.putArray("ca");
        CERTIFICATES.of(identity.ca()).forEach(each -> authorities.add(shown(each)));
        ArrayNode pins = node.putArray("pins");
        identity.pins().forEach(pins::add);
        return node;
    }

    private static ObjectNode shown(ShownCertificates.Facts facts) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("subject", facts.subject())
                .put("issuer", facts.issuer())
                .put("expiresAt", facts.expiresAt().toString());
    }

    /** A member that is an object. */
    private static final class Part {
        private final Fields fields;
        private final String name;
        final JsonNode node;

        Part(Fields fields, String name) {
            this.fields = fields;
            this.name = name;
            this.node = fields.raw(name);
        }

        boolean isObject() {
            if (!node.isObject()) {
                fields.refuse(name, "must be an object or null");
            }
            return node.isObject();
        }

        void only(String... members) {
            Set<String> known = Set.of(members);
            node.fieldNames().forEachRemaining(each -> {
                if (!known.contains(each)) {
                    refuse(each, "is not a member of it; there are " + String.join(", ", members));
                }
            });
        }

        void refuse(String member, String rule) {
            fields.refuse(name, List.of(member), rule);
        }

        String text(String member, Fields.Rule<String> rule) {
            String text = optional(member, rule);
            if (text == null && (node.path(member).isNull() || node.path(member).isMissingNode())) {
                refuse(member, "must be given");
            }
            return text == null ? "" : text;
        }

        @Nullable
        String optional(String member, Fields.Rule<String> rule) {
            JsonNode given = node.path(member);
            if (given.isNull() || given.isMissingNode()) {
                return null;
            }
            if (!given.isTextual()) {
                refuse(member, "must be a text");
                return null;
            }
            String broken = rule.broken(given.textValue());
            if (broken != null) {
                refuse(member, broken);
            }
            return given.textValue();
        }

        List<String> texts(String member) {
            JsonNode given = node.path(member);
            List<String> texts = new ArrayList<>();
            if (!given.isNull() && !given.isMissingNode() && !given.isArray()) {
                refuse(member, "must be a list of texts");
                return texts;
            }
            for (JsonNode each : given) {
                if (texts.size() > TlsMaterial.MOST_PINS) {
                    break; // refused as too many
                }
                texts.add(each.asText());
            }
            return List.copyOf(texts);
        }
    }
}
