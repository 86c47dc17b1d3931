package io.posthorn.wire;

import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.MessageSignature;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** HTTP Message Signatures, RFC 9421, with the digest of RFC 9530. */
final class MessageSignatures {
    static final String INPUT = "signature-input";
    static final String SIGNATURE = "signature";
    static final String DIGEST = "content-digest";

    private static final long MICROS = 1_000_000L;

    private MessageSignatures() {}

    /** Signs requests with the keys that there are; the others are left out. */
    static Signing signing(MessageSignature scheme, List<@Nullable SigningKey> keys) {
        return new Signing(scheme, keys);
    }

    /** A scheme with its keys. */
    static final class Signing {
        private final MessageSignature scheme;
        private final List<@Nullable SigningKey> keys;
        private final String covered;

        private Signing(MessageSignature scheme, List<@Nullable SigningKey> keys) {
            this.scheme = scheme;
            this.keys = keys;
            this.covered = covered(scheme.components());
        }

        void sign(Signable request, long now, SignedHeaders into) {
            String digest = null;
            if (scheme.components().contains(DIGEST)) {
                if (header(request.headers(), DIGEST) != null) {
                    throw new IllegalArgumentException(
                            "the header content-digest is made with the signature: the profile must not have it");
                }
                digest = digest(request.body());
                into.once(DIGEST, digest);
            }
            String params = covered + ";created=" + Math.floorDiv(now, MICROS) + keyId(scheme.keyId()) + ";alg=\""
                    + name(scheme.algorithm()) + '"';
            byte[] base = base(scheme.components(), params, request, digest).getBytes(StandardCharsets.US_ASCII);
            int number = 0;
            for (SigningKey key : keys) {
                number++;
                if (key != null) {
                    String label = number == 1 ? scheme.label() : scheme.label() + number;
                    key.update(base);
                    into.join(INPUT, label + '=' + params, ", ");
                    into.join(SIGNATURE, label + "=:" + Base64.getEncoder().encodeToString(key.sign()) + ':', ", ");
                }
            }
        }
    }

    /** The algorithm as the registry of RFC 9421 has it. */
    static String name(Algorithm algorithm) {
        return switch (algorithm) {
            case HMAC_SHA256 -> "hmac-sha256";
            case ED25519 -> "ed25519";
            case HMAC_SHA1, HMAC_SHA384, HMAC_SHA512 ->
                throw new IllegalArgumentException("RFC 9421 has no name for " + algorithm);
        };
    }

    /** The list of components, as a structured field. */
    static String covered(List<String> components) {
        return '('
                + String.join(
                        " ", components.stream().map(each -> '"' + each + '"').toList())
                + ')';
    }

    private static String keyId(@Nullable String keyId) {
        return keyId == null ? "" : ";keyid=\"" + keyId.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /**
     * What is signed: a line for each component, and the parameters as they travel.
     *
     * @param digest of the body, where the request does not carry it yet
     * @throws IllegalArgumentException if the request lacks a component
     */
    static String base(List<String> components, String params, Signable request, @Nullable String digest) {
        StringBuilder base = new StringBuilder();
        for (String component : components) {
            String value = component.equals(DIGEST) && digest != null ? digest : value(component, request);
            base.append('"').append(component).append("\": ").append(value).append('\n');
        }
        return base.append("\"@signature-params\": ").append(params).toString();
    }

    private static String value(String component, Signable request) {
        if (component.startsWith("@")) {
            return derived(component, request);
        }
        String value = header(request.headers(), component);
        if (value == null) {
            // these two are written when the request is sent
            value = switch (component) {
                case "host" -> derived("@authority", request);
                case "content-length" -> Integer.toString(request.body().length);
                default ->
                    throw new IllegalArgumentException(
                            "the signature covers the header " + component + ", which the request does not have");
            };
        }
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                throw new IllegalArgumentException(
                        "the signature covers the header " + component + ", which must be visible ASCII characters");
            }
        }
        return value;
    }

    /** RFC 9421, 2.2. */
    private static String derived(String component, Signable request) {
        String url = request.url();
        int schemeEnd = url.indexOf("://");
        int start = schemeEnd + 3;
        int end = start;
        while (end < url.length() && url.charAt(end) != '/' && url.charAt(end) != '?') {
            end++;
        }
        String rest = url.substring(end);
        int mark = rest.indexOf('?');
        String path = mark < 0 ? rest : rest.substring(0, mark);
        String absolute = path.isEmpty() ? "/" : path;
        String query = mark < 0 ? "?" : rest.substring(mark);
        return switch (component) {
            case "@method" -> request.method();
            case "@target-uri" -> url;
            case "@scheme" -> url.substring(0, schemeEnd);
            case "@authority" -> url.substring(start, end).toLowerCase(Locale.ROOT);
            case "@request-target" -> mark < 0 ? absolute : absolute + query;
            case "@path" -> absolute;
            case "@query" -> query;
            default -> throw new IllegalArgumentException("there is no component " + component);
        };
    }

    /** The values of a header, as one; null without it. RFC 9421, 2.1. */
    static @Nullable String header(String[] headers, String name) {
        StringBuilder found = null;
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase(name)) {
                if (found == null) {
                    found = new StringBuilder();
                } else {
                    found.append(", ");
                }
                found.append(headers[i + 1].strip());
            }
        }
        return found == null ? null : found.toString();
    }

    /** RFC 9530. */
    static String digest(byte[] body) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(body);
            return "sha-256=:" + Base64.getEncoder().encodeToString(hash) + ':';
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
