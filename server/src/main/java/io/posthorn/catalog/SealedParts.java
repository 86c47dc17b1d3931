package io.posthorn.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lists of an endpoint that are stored as one sealed blob each: JSON, then {@link SecretBox}. An empty list is null
 * in the database, which is what nearly every endpoint has.
 */
final class SealedParts {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<List<Header>> HEADERS = new TypeReference<>() {};
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
     */
    record Old(String k, long u) {}

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
                .map(old -> new Old(old.secret().reveal(), Time.micros(old.until())))
                .toList();
        return seal(stored, oldSecretsOf(endpoint.id()));
    }

    List<RetiredSecret> oldSecrets(byte @Nullable [] sealed, String endpointId) {
        return sealed == null
                ? List.of()
                : open(sealed, oldSecretsOf(endpointId), OLD_SECRETS).stream()
                        .map(old -> new RetiredSecret(SigningSecret.parse(old.k), Time.instant(old.u)))
                        .toList();
    }

    private byte @Nullable [] seal(List<?> parts, String context) {
        if (parts.isEmpty()) {
            return null;
        }
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

    private static String headersOf(String endpointId) {
        return "endpoint-headers:" + endpointId;
    }

    private static String oldSecretsOf(String endpointId) {
        return "endpoint-old-secrets:" + endpointId;
    }
}
