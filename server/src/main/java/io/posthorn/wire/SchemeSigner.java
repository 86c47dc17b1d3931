package io.posthorn.wire;

import io.posthorn.model.RetiredSecret;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.MessageSignature;
import io.posthorn.wire.Template.Place;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Signs one endpoint's requests as the schemes of its profile say: with its present secret and with those that it
 * replaced, each of them until its time is over. Confined to one thread.
 *
 * <p>A secret of Standard Webhooks says by its form which algorithm it is for; schemes of the other algorithm pass it
 * over. So a profile with both can go from a symmetric key to a private one, and both sign in between.
 */
public final class SchemeSigner {
    private final List<Scheme> schemes;
    private final SigningSecret present;
    private final List<RetiredSecret> old;
    private List<Part> parts = List.of();
    /** From when on the signer has one secret too many, microseconds since 1970. */
    private long until = Long.MIN_VALUE;

    /** One scheme with its keys. */
    private interface Part {
        void sign(Signable request, long now, SignedHeaders into);
    }

    /**
     * A signer for requests from now on.
     *
     * @param schemes all of them sign; none for no signature
     * @param present signs always, and first
     * @param old sign after it, in this order
     * @param now microseconds since 1970
     * @throws UnusableSecretException if none of the schemes can sign with the present secret
     * @throws IllegalArgumentException if a scheme breaks a rule ({@link SchemeRules#broken})
     */
    public SchemeSigner(List<Scheme> schemes, SigningSecret present, List<RetiredSecret> old, long now) {
        for (Scheme scheme : schemes) {
            SchemeRules.Broken broken = SchemeRules.broken(scheme);
            if (broken != null) {
                throw new IllegalArgumentException("the signature's " + broken.field() + " " + broken.rule());
            }
        }
        this.schemes = List.copyOf(schemes);
        this.present = present;
        this.old = List.copyOf(old);
        SchemeRules.check(present, schemes);
        renew(now);
    }

    /**
     * Signs a request.
     *
     * @param request complete but for what is returned
     * @param now the moment of the attempt, microseconds since 1970
     * @return headers to add, names and values in turn
     * @throws IllegalArgumentException if the request lacks what a scheme covers; the message is for people
     */
    public String[] sign(Signable request, long now) {
        if (now >= until) {
            renew(now);
        }
        SignedHeaders headers = new SignedHeaders();
        for (Part part : parts) {
            part.sign(request, now, headers);
        }
        return headers.toArray();
    }

    private void renew(long now) {
        List<SigningSecret> inForce = new ArrayList<>();
        inForce.add(present);
        until = Long.MAX_VALUE;
        for (RetiredSecret each : old) {
            long end = Time.micros(each.until());
            if (now < end) {
                inForce.add(each.secret());
                until = Math.min(until, end);
            }
        }
        List<Part> made = new ArrayList<>();
        for (Scheme scheme : schemes) {
            List<@Nullable SigningKey> keys = keys(scheme, inForce);
            if (keys.stream().anyMatch(key -> key != null)) {
                made.add(
                        switch (scheme) {
                            case InHeader in -> new HeaderPart(in, keys);
                            case MessageSignature message -> MessageSignatures.signing(message, keys)::sign;
                        });
            }
        }
        parts = made;
    }

    /** The key of each secret; null where the secret is not for this scheme. */
    private List<@Nullable SigningKey> keys(Scheme scheme, List<SigningSecret> secrets) {
        List<@Nullable SigningKey> keys = new ArrayList<>();
        for (SigningSecret secret : secrets) {
            try {
                keys.add(SigningKey.of(secret, SchemeRules.form(scheme), SchemeRules.algorithm(scheme)));
            } catch (UnusableSecretException e) {
                if (keys.isEmpty()) { // the present one comes first
                    throw e;
                }
                // A secret from before the endpoint had this profile. Nobody expects its signature.
                keys.add(null);
            }
        }
        return keys;
    }

    /** How a moment is written. */
    static String written(long micros, Clock clock) {
        return switch (clock) {
            case SECONDS -> Long.toString(Math.floorDiv(micros, 1_000_000L));
            case MILLISECONDS -> Long.toString(Math.floorDiv(micros, 1_000L));
            case ISO -> DateTimeFormatter.ISO_INSTANT.format(Instant.ofEpochSecond(Math.floorDiv(micros, 1_000_000L)));
        };
    }

    static String written(byte[] signature, Encoding encoding) {
        return switch (encoding) {
            case HEX -> HexFormat.of().formatHex(signature);
            case BASE64 -> Base64.getEncoder().encodeToString(signature);
        };
    }

    /** Hands over what a scheme covers. */
    static void cover(Template content, Signable request, String timestamp, SigningKey key) {
        content.each(
                text -> key.update(utf8(text)),
                place -> key.update(place == Place.BODY ? request.body() : utf8(part(place, request, timestamp))));
    }

    private static String part(Place place, Signable request, String timestamp) {
        return switch (place) {
            case ID -> request.messageId();
            case TIMESTAMP -> timestamp;
            case METHOD -> request.method();
            case URL -> request.url();
            case BODY, SIGNATURE, SIGNATURES -> throw new IllegalStateException("not a text that is covered");
        };
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static final class HeaderPart implements Part {
        private final InHeader scheme;
        private final List<@Nullable SigningKey> keys;
        private final Template content;
        private final Template value;
        private final Template each;

        HeaderPart(InHeader scheme, List<@Nullable SigningKey> keys) {
            this.scheme = scheme;
            this.keys = keys;
            this.content = Template.of(scheme.content(), SchemeRules.SIGNED);
            this.value = Template.of(scheme.value(), SchemeRules.SHOWN);
            this.each = Template.of(scheme.each(), SchemeRules.EACH);
        }

        @Override
        public void sign(Signable request, long now, SignedHeaders into) {
            String timestamp = written(now, scheme.clock());
            String own = scheme.timestampHeader();
            if (own != null) {
                into.once(own, timestamp);
            }
            String separator = scheme.separator();
            if (separator == null) {
                single(request, timestamp, into);
            } else {
                List<String> all = new ArrayList<>();
                for (SigningKey key : keys) {
                    if (key != null) {
                        all.add(signature(key, request, timestamp));
                    }
                }
                String text = shown(String.join(separator, all), request, timestamp);
                if (scheme.value().equals(Place.SIGNATURES.written())) {
                    into.join(scheme.header(), text, separator);
                } else {
                    into.add(scheme.header(), text);
                }
            }
        }

        private void single(Signable request, String timestamp, SignedHeaders into) {
            SigningKey first = keys.getFirst();
            if (first != null) {
                into.add(scheme.header(), shown(signature(first, request, timestamp), request, timestamp));
            }
            String previous = scheme.previousHeader();
            SigningKey second = keys.size() > 1 ? keys.get(1) : null;
            if (previous != null && second != null) {
                into.add(previous, shown(signature(second, request, timestamp), request, timestamp));
            }
        }

        private String signature(SigningKey key, Signable request, String timestamp) {
            cover(content, request, timestamp, key);
            String written = written(key.sign(), scheme.encoding());
            return each.fill(place -> written);
        }

        private String shown(String signatures, Signable request, String timestamp) {
            Function<Place, String> values =
                    place -> place == Place.SIGNATURES ? signatures : part(place, request, timestamp);
            return value.fill(values);
        }
    }
}
