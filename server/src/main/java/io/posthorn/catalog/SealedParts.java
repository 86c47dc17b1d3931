package io.posthorn.catalog;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.model.Authentication;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.TlsIdentity;
import io.posthorn.runtime.Time;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The parts of an endpoint that are stored as one sealed blob each: JSON, then {@link SecretBox}. An empty list is null
 * in the database, which is what nearly every endpoint has.
 */
final class SealedParts {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<List<Header>> HEADERS = new TypeReference<>() {};
    private static final TypeReference<Secrets> SECRETS = new TypeReference<>() {};
    private static final TypeReference<List<Old>> OLD_SECRETS = new TypeReference<>() {};

    /**
     * A header as it is stored.
     *
     * @param n its name
     * @param v its value
     * @param s whether it is sensitive
     */
    record Header(String n, String v, boolean s) {}

    /**
     * A replaced secret as it is stored.
     *
     * @param k its written form
     * @param u until when it signs, microseconds since 1970
     * @param f as {@link SecretForms} has it
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    record Old(String k, long u, @Nullable String f) {}

    /**
     * {@link EndpointSecrets} as it is stored.
     *
     * @param config its text
     * @param auth its members, with {@code type}
     * @param tls its members
     */
    record Secrets(
            @Nullable String config,
            @Nullable Map<String, @Nullable String> auth,
            @Nullable TlsIdentity tls) {}

    private final SecretBox box;

    SealedParts(SecretBox box) {
        this.box = box;
    }

    byte @Nullable [] headers(Endpoint endpoint) {
        List<Header> stored = endpoint.headers().stream()
                .map(header -> new Header(header.name(), header.value(), header.sensitive()))
                .toList();
        return seal(stored, headersOf(endpoint.id()));
    }

    List<CustomHeader> headers(byte @Nullable [] sealed, String endpointId) {
        return sealed == null
                ? List.of()
                : open(sealed, headersOf(endpointId), HEADERS).stream()
                        .map(header -> new CustomHeader(header.n, header.v, header.s))
                        .toList();
    }

    byte @Nullable [] oldSecrets(Endpoint endpoint) {
        List<Old> stored = endpoint.oldSecrets().stream()
                .map(old -> new Old(
                        old.secret().reveal(),
                        Time.micros(old.until()),
                        SecretForms.stored(old.secret().form())))
                .toList();
        return seal(stored, oldSecretsOf(endpoint.id()));
    }

    List<RetiredSecret> oldSecrets(byte @Nullable [] sealed, String endpointId) {
        return sealed == null
                ? List.of()
                : open(sealed, oldSecretsOf(endpointId), OLD_SECRETS).stream()
                        .map(old -> new RetiredSecret(SecretForms.read(old.f, old.k), Time.instant(old.u)))
                        .toList();
    }

    byte @Nullable [] secrets(Endpoint endpoint) {
        EndpointSecrets secrets = endpoint.secrets();
        Authentication authentication = secrets.authentication();
        return secrets.equals(EndpointSecrets.NONE)
                ? null
                : sealed(
                        new Secrets(
                                secrets.config(),
                                authentication == null ? null : stored(authentication),
                                secrets.tls()),
                        secretsOf(endpoint.id()));
    }

    EndpointSecrets secrets(byte @Nullable [] sealed, String endpointId) {
        if (sealed == null) {
            return EndpointSecrets.NONE;
        }
        Secrets stored = open(sealed, secretsOf(endpointId), SECRETS);
        return new EndpointSecrets(stored.config, stored.auth == null ? null : authentication(stored.auth), stored.tls);
    }

    private static Map<String, @Nullable String> stored(Authentication authentication) {
        Map<String, @Nullable String> all = new LinkedHashMap<>();
        switch (authentication) {
            case Authentication.Basic(String user, String password) -> {
                all.put("type", "basic");
                all.put("user", user);
                all.put("password", password);
            }
            case Authentication.Header(String name, String value) -> {
                all.put("type", "header");
                all.put("name", name);
                all.put("value", value);
            }
            case Authentication.Bearer(String token) -> {
                all.put("type", "bearer");
                all.put("token", token);
            }
            case Authentication.OAuth2 oauth -> {
                all.put("type", "oauth2");
                all.put("tokenUrl", oauth.tokenUrl());
                all.put("clientId", oauth.clientId());
                all.put("clientSecret", oauth.clientSecret());
                all.put("scope", oauth.scope());
                all.put("audience", oauth.audience());
                all.put("inBody", Boolean.toString(oauth.inBody()));
            }
        }
        return all;
    }

    private static Authentication authentication(Map<String, @Nullable String> all) {
        String type = part(all, "type");
        return switch (type) {
            case "basic" -> new Authentication.Basic(part(all, "user"), part(all, "password"));
            case "header" -> new Authentication.Header(part(all, "name"), part(all, "value"));
            case "bearer" -> new Authentication.Bearer(part(all, "token"));
            case "oauth2" ->
                new Authentication.OAuth2(
                        part(all, "tokenUrl"),
                        part(all, "clientId"),
                        part(all, "clientSecret"),
                        all.get("scope"),
                        all.get("audience"),
                        Boolean.parseBoolean(part(all, "inBody")));
            default ->
                throw new SecretBoxException("there is a stored authentication of the type " + type
                        + ", which this version does not know. Was the database used by a newer Posthorn? Then run"
                        + " that.");
        };
    }

    private static String part(Map<String, @Nullable String> all, String name) {
        String value = all.get(name);
        if (value == null) {
            throw new SecretBoxException("a stored authentication has no " + name);
        }
        return value;
    }

    private byte @Nullable [] seal(List<?> parts, String context) {
        return parts.isEmpty() ? null : sealed(parts, context);
    }

    private byte[] sealed(Object parts, String context) {
        try {
            return box.seal(JSON.writeValueAsBytes(parts), context);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(context + " cannot be written as JSON", e);
        }
    }

    private <T> T open(byte[] sealed, String context, TypeReference<T> type) {
        byte[] plain = box.open(sealed, context);
        try {
            return JSON.readValue(plain, type);
        } catch (IOException e) {
            // not the cause: its message may quote what was sealed
            throw new SecretBoxException("the stored " + context + " opens, but is not what this version writes ("
                    + e.getClass().getSimpleName()
                    + "). Was the database used by a newer Posthorn? Then run that.");
        }
    }

    /** The columns of an endpoint that are sealed. */
    static List<SealedColumn> columns() {
        return List.of(
                column("secret", SealedParts::secretOf),
                column("old_secrets", SealedParts::oldSecretsOf),
                column("headers", SealedParts::headersOf),
                column("private", SealedParts::secretsOf));
    }

    private static SealedColumn column(String name, Function<String, String> context) {
        return new SealedColumn("endpoint", "id", name, id -> context.apply((String) id));
    }

    /** The context of its present signing secret. */
    static String secretOf(String endpointId) {
        return "endpoint-secret:" + endpointId;
    }

    private static String secretsOf(String endpointId) {
        return "endpoint-private:" + endpointId;
    }

    private static String headersOf(String endpointId) {
        return "endpoint-headers:" + endpointId;
    }

    private static String oldSecretsOf(String endpointId) {
        return "endpoint-old-secrets:" + endpointId;
    }
}
