package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import io.posthorn.wire.Scheme.Clock;
import io.posthorn.wire.Scheme.Encoding;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.MessageSignature;
import io.posthorn.wire.StandardVerifier.Result;
import io.posthorn.wire.Template.Place;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Verifies requests that {@link SchemeSigner} signed, or anybody else as the same scheme says. Signatures are compared
 * in constant time; all of them with all secrets, whichever matches.
 */
public final class SchemeVerifier {
    private static final Pattern DIGITS = Pattern.compile("0|[1-9]\\d{0,14}");
    /** A member of a dictionary whose value is an inner list of texts, with its parameters. */
    private static final Pattern INPUT =
            Pattern.compile("([a-z*][a-z0-9_.*-]*)=(\\(((?:\"[^\"\\\\]*\" ?)*)\\)((?:;[a-z*][a-z0-9_.*-]*"
                    + "=(?:-?\\d{1,15}|\"(?:[^\"\\\\]|\\\\[\"\\\\])*\"))*))(?:, *|$)");
    /** A member whose value is bytes. */
    private static final Pattern BYTES = Pattern.compile("([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):(?:, *|$)");

    private static final Pattern CREATED = Pattern.compile(";created=(\\d{1,12})(?:;|$)");
    private static final Pattern ALGORITHM = Pattern.compile(";alg=\"([^\"]*)\"");
    private static final int MOST_SIGNATURES = 50;

    private SchemeVerifier() {}

    /**
     * Verifies a request.
     *
     * @param scheme how it is signed
     * @param secrets that may have signed it, at least one
     * @param request as it came; the names of its headers in any case
     * @param now the present
     * @param tolerance how far the timestamp may be from now, in both directions; without effect on a scheme that covers
     *     none
     * @throws UnusableSecretException if none of the secrets goes with the scheme
     */
    public static Result verify(
            Scheme scheme, List<SigningSecret> secrets, Signable request, Instant now, Duration tolerance) {
        List<SigningKey> keys = new ArrayList<>();
        for (SigningSecret secret : secrets) {
            SigningKey key = SigningKey.of(secret, SchemeRules.form(scheme), SchemeRules.algorithm(scheme));
            if (key != null) {
                keys.add(key);
            }
        }
        if (keys.isEmpty()) {
            throw secrets.isEmpty()
                    ? new UnusableSecretException("a secret is needed")
                    : SchemeRules.unused(secrets.getFirst());
        }
        return switch (scheme) {
            case InHeader in -> verify(in, keys, request, now, tolerance);
            case MessageSignature message -> verify(message, keys, request, now, tolerance);
        };
    }

    private static Result verify(
            InHeader scheme, List<SigningKey> keys, Signable request, Instant now, Duration tolerance) {
        String header = MessageSignatures.header(request.headers(), scheme.header());
        if (header == null) {
            return new Result.Malformed(scheme.header(), "is missing");
        }
        Found found = find(scheme, header, request.headers());
        if (found.signatures.isEmpty() || found.signatures.size() > MOST_SIGNATURES) {
            return new Result.Malformed(
                    scheme.header(), "must be " + scheme.value() + " with " + scheme.each() + " for each signature");
        }
        Template content = Template.of(scheme.content(), SchemeRules.SIGNED);
        Instant moment = null;
        String timestamp = found.timestamp;
        if (content.has(Place.TIMESTAMP)) {
            moment = timestamp == null ? null : moment(timestamp, scheme.clock());
            if (timestamp == null || moment == null) {
                String own = scheme.timestampHeader();
                return new Result.Malformed(
                        own == null ? scheme.header() : own,
                        "must have a timestamp: " + scheme.clock().name().toLowerCase(Locale.ROOT));
            }
        }
        boolean matches = false;
        for (SigningKey key : keys) {
            for (String signature : found.signatures) {
                byte[] bytes = bytes(signature, scheme.encoding());
                if (bytes != null) {
                    SchemeSigner.cover(content, request, timestamp == null ? "" : timestamp, key);
                    matches |= key.verify(bytes);
                }
            }
        }
        return matches ? inTime(moment, now, tolerance) : new Result.NoMatch();
    }

    /** What a header has in it. */
    private record Found(List<String> signatures, @Nullable String timestamp) {}

    /** The parts of the header may stand in any order, and there may be others between them. */
    private static Found find(InHeader scheme, String header, String[] headers) {
        String separator = scheme.separator();
        String own = scheme.timestampHeader();
        String timestamp = own == null ? null : MessageSignatures.header(headers, own);
        Pattern each = Template.of(scheme.each(), SchemeRules.EACH).pattern();
        List<Pattern> stamps = new ArrayList<>();
        List<String> items;
        if (separator == null) {
            Template value = Template.of(scheme.value(), SchemeRules.SHOWN);
            Matcher whole = value.pattern().matcher(header);
            boolean matches = whole.matches();
            items = matches ? List.of(whole.group(Template.group(Place.SIGNATURES))) : List.of();
            if (matches && timestamp == null && value.has(Place.TIMESTAMP)) {
                timestamp = whole.group(Template.group(Place.TIMESTAMP));
            }
        } else {
            items = List.of(header.split(Pattern.quote(separator), -1));
            for (String part : scheme.value().split(Pattern.quote(separator), -1)) {
                if (part.contains(Place.TIMESTAMP.written())) {
                    stamps.add(Template.of(part, SchemeRules.SHOWN).pattern());
                }
            }
        }
        List<String> signatures = new ArrayList<>();
        for (String item : items) {
            String text = item.strip();
            for (Pattern stamp : stamps) {
                Matcher matcher = stamp.matcher(text);
                if (timestamp == null && matcher.matches()) {
                    timestamp = matcher.group(Template.group(Place.TIMESTAMP));
                }
            }
            Matcher matcher = each.matcher(text);
            if (matcher.matches()) {
                signatures.add(matcher.group(Template.group(Place.SIGNATURE)));
            }
        }
        return new Found(signatures, timestamp);
    }

    private static Result inTime(@Nullable Instant moment, Instant now, Duration tolerance) {
        if (moment == null) {
            return new Result.Valid();
        }
        Duration age = Duration.between(moment, now);
        return age.abs().compareTo(tolerance) > 0 ? new Result.OutOfTime(age) : new Result.Valid();
    }

    private static @Nullable Instant moment(String text, Clock clock) {
        if (clock == Clock.ISO) {
            try {
                return Instant.parse(text);
            } catch (DateTimeException e) {
                return null;
            }
        }
        if (!DIGITS.matcher(text).matches()) {
            return null;
        }
        long number = Long.parseLong(text);
        return clock == Clock.SECONDS ? Instant.ofEpochSecond(number) : Instant.ofEpochMilli(number);
    }

    private static byte @Nullable [] bytes(String signature, Encoding encoding) {
        try {
            return switch (encoding) {
                case HEX -> HexFormat.of().parseHex(signature);
                case BASE64 -> Base64.getDecoder().decode(signature);
            };
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /**
     * The receiver decides what must be covered, and every signature that covers it is tried; its label and whatever it
     * covers beside that are the sender's business.
     */
    private static Result verify(
            MessageSignature scheme, List<SigningKey> keys, Signable request, Instant now, Duration tolerance) {
        String inputs = MessageSignatures.header(request.headers(), MessageSignatures.INPUT);
        String signatures = MessageSignatures.header(request.headers(), MessageSignatures.SIGNATURE);
        if (inputs == null || signatures == null) {
            return new Result.Malformed(
                    inputs == null ? MessageSignatures.INPUT : MessageSignatures.SIGNATURE, "is missing");
        }
        Map<String, String> bytes = new HashMap<>();
        Matcher signature = BYTES.matcher(signatures);
        while (signature.find()) {
            bytes.put(signature.group(1), signature.group(2));
        }
        Result best = new Result.Malformed(
                MessageSignatures.INPUT, "has no signature over " + String.join(", ", scheme.components()));
        Matcher input = INPUT.matcher(inputs);
        for (int count = 0; count < MOST_SIGNATURES && input.find(); count++) {
            List<String> components = List.of(
                    input.group(3).isBlank()
                            ? new String[0]
                            : input.group(3).replace("\"", "").strip().split(" ", -1));
            String encoded = bytes.get(input.group(1));
            if (encoded != null && components.containsAll(scheme.components())) {
                Result result = one(scheme, keys, request, components, input, encoded, now, tolerance);
                if (result instanceof Result.Valid) {
                    return result;
                }
                best = result;
            }
        }
        return best;
    }

    private static Result one(
            MessageSignature scheme,
            List<SigningKey> keys,
            Signable request,
            List<String> components,
            Matcher input,
            String encoded,
            Instant now,
            Duration tolerance) {
        Matcher algorithm = ALGORITHM.matcher(input.group(4));
        if (algorithm.find() && !algorithm.group(1).equals(MessageSignatures.name(scheme.algorithm()))) {
            return new Result.Malformed(
                    MessageSignatures.INPUT, "must have alg=\"" + MessageSignatures.name(scheme.algorithm()) + '"');
        }
        Matcher created = CREATED.matcher(input.group(4));
        if (!created.find()) {
            return new Result.Malformed(MessageSignatures.INPUT, "must have the parameter created");
        }
        if (components.contains(MessageSignatures.DIGEST)
                && !MessageSignatures.digest(request.body())
                        .equals(MessageSignatures.header(request.headers(), MessageSignatures.DIGEST))) {
            return new Result.NoMatch();
        }
        byte[] signature = bytes(encoded, Encoding.BASE64);
        byte[] base;
        try {
            base = MessageSignatures.base(components, input.group(2), request, null)
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        } catch (IllegalArgumentException e) {
            return new Result.Malformed(MessageSignatures.INPUT, "covers what is not there: " + e.getMessage());
        }
        boolean matches = false;
        for (SigningKey key : keys) {
            key.update(base);
            matches |= signature != null && key.verify(signature);
        }
        return matches
                ? inTime(Instant.ofEpochSecond(Long.parseLong(created.group(1))), now, tolerance)
                : new Result.NoMatch();
    }
}
