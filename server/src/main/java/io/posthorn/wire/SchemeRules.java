package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.InHeader;
import io.posthorn.wire.Scheme.KeyForm;
import io.posthorn.wire.Scheme.MessageSignature;
import io.posthorn.wire.Template.Place;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a scheme must be like, and which secrets go with it. */
public final class SchemeRules {
    static final Set<Place> SIGNED = EnumSet.of(Place.ID, Place.TIMESTAMP, Place.BODY, Place.METHOD, Place.URL);
    static final Set<Place> SHOWN = EnumSet.of(Place.ID, Place.TIMESTAMP, Place.SIGNATURES);
    static final Set<Place> EACH = EnumSet.of(Place.SIGNATURE);

    private static final Set<String> DERIVED =
            Set.of("@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query");
    private static final Pattern HEADER = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}");
    private static final Pattern COMPONENT = Pattern.compile("[!#$%&'*+.^_`|~0-9a-z-]{1,100}");
    private static final Pattern LABEL = Pattern.compile("[a-z*][a-z0-9_.*-]{0,31}");
    private static final Pattern VISIBLE = Pattern.compile("[ -~]{1,200}");
    private static final int MOST_COMPONENTS = 20;
    private static final int FRESH_BYTES = 32;

    private SchemeRules() {}

    /**
     * A rule that a scheme breaks.
     *
     * @param field of the record {@link InHeader} or {@link MessageSignature}
     * @param rule for people, such as {@code must be …}
     */
    public record Broken(String field, String rule) {}

    /** The first rule that a scheme breaks; null if it is as it must be. */
    public static @Nullable Broken broken(Scheme scheme) {
        return switch (scheme) {
            case InHeader in -> broken(in);
            case MessageSignature message -> broken(message);
        };
    }

    private static @Nullable Broken broken(InHeader scheme) {
        if (scheme.algorithm() == Algorithm.ED25519 && scheme.key() == KeyForm.TEXT) {
            return new Broken("key", "must be standard, base64 or hex for Ed25519");
        }
        Broken template = template("content", scheme.content(), SIGNED, null);
        if (template == null) {
            template = template("value", scheme.value(), SHOWN, Place.SIGNATURES);
        }
        if (template == null) {
            template = template("each", scheme.each(), EACH, Place.SIGNATURE);
        }
        if (template != null) {
            return template;
        }
        if (!HEADER.matcher(scheme.header()).matches()) {
            return new Broken("header", "must be the name of a header");
        }
        String previous = scheme.previousHeader();
        if (previous != null && scheme.separator() != null) {
            return new Broken("previousHeader", "goes without a separator only");
        }
        if (previous != null && (!HEADER.matcher(previous).matches() || previous.equalsIgnoreCase(scheme.header()))) {
            return new Broken("previousHeader", "must be the name of another header");
        }
        String timestamp = scheme.timestampHeader();
        if (timestamp != null
                && (!HEADER.matcher(timestamp).matches() || timestamp.equalsIgnoreCase(scheme.header()))) {
            return new Broken("timestampHeader", "must be the name of another header");
        }
        String separator = scheme.separator();
        return separator != null
                        && (separator.length() > 5
                                || !VISIBLE.matcher(separator).matches())
                ? new Broken("separator", "must be 1 to 5 ASCII characters")
                : null;
    }

    private static @Nullable Broken template(String field, String text, Set<Place> allowed, @Nullable Place needed) {
        try {
            Template template = Template.of(text, allowed);
            if (needed != null && !template.has(needed)) {
                return new Broken(field, "must have " + needed.written() + " in it");
            }
            if (needed == null && !template.has(Place.BODY)) {
                return new Broken(field, "must have {body} in it: a signature that does not cover it proves nothing");
            }
        } catch (IllegalArgumentException e) {
            return new Broken(field, String.valueOf(e.getMessage()));
        }
        boolean header = needed != null;
        return header && !VISIBLE.matcher(text).matches()
                ? new Broken(field, "must be 1 to 200 visible ASCII characters")
                : null;
    }

    private static @Nullable Broken broken(MessageSignature scheme) {
        if (scheme.algorithm() != Algorithm.HMAC_SHA256 && scheme.algorithm() != Algorithm.ED25519) {
            return new Broken("algorithm", "must be hmac-sha256 or ed25519 for message signatures");
        }
        if (scheme.algorithm() == Algorithm.ED25519 && scheme.key() == KeyForm.TEXT) {
            return new Broken("key", "must be standard, base64 or hex for Ed25519");
        }
        if (!LABEL.matcher(scheme.label()).matches()) {
            return new Broken("label", "must be 1 to 32 lower case letters, digits, _ - . and *, a letter first");
        }
        String keyId = scheme.keyId();
        if (keyId != null && !VISIBLE.matcher(keyId).matches()) {
            return new Broken("keyId", "must be 1 to 200 visible ASCII characters");
        }
        List<String> components = scheme.components();
        if (components.isEmpty() || components.size() > MOST_COMPONENTS) {
            return new Broken("components", "must be 1 to " + MOST_COMPONENTS);
        }
        Set<String> seen = new HashSet<>();
        for (String component : components) {
            if (!DERIVED.contains(component) && !COMPONENT.matcher(component).matches()) {
                return new Broken(
                        "components",
                        "has " + component + "; possible are @method, @target-uri, @authority, @scheme,"
                                + " @request-target, @path, @query and names of headers in lower case");
            }
            if (!seen.add(component)) {
                return new Broken("components", "has " + component + " twice");
            }
        }
        return null;
    }

    /**
     * Whether the owner of a secret writes it as any text, and not in the form of Standard Webhooks.
     *
     * @param schemes those of the profile; none means nothing is signed
     */
    public static boolean takesText(List<Scheme> schemes) {
        return schemes.stream().anyMatch(scheme -> form(scheme) != KeyForm.STANDARD);
    }

    /**
     * Reads a secret that its owner gave.
     *
     * @param text as it was given
     * @param schemes that are to sign with it; none are taken for Standard Webhooks
     * @throws IllegalArgumentException if they cannot; the message is a sentence about the secret, without it
     */
    public static SigningSecret parse(String text, List<Scheme> schemes) {
        boolean privateKey = text.startsWith(SigningSecret.PRIVATE_PREFIX)
                && schemes.stream().anyMatch(scheme -> algorithm(scheme) == Algorithm.ED25519);
        SigningSecret secret = takesText(schemes) && !privateKey ? SigningSecret.text(text) : SigningSecret.parse(text);
        check(secret, schemes);
        return secret;
    }

    /**
     * Checks that the schemes can sign with a secret.
     *
     * @throws UnusableSecretException if they cannot
     */
    public static void check(SigningSecret secret, List<Scheme> schemes) {
        if (schemes.isEmpty()) {
            return;
        }
        boolean used = false;
        for (Scheme scheme : schemes) {
            used |= SigningKey.of(secret, form(scheme), algorithm(scheme)) != null;
        }
        if (!used) {
            throw unused(secret);
        }
    }

    /** A secret of another form than all the schemes take. */
    static UnusableSecretException unused(SigningSecret secret) {
        return new UnusableSecretException(
                secret.form() == SigningSecret.Form.ED25519
                        ? "the secret is a private key (whsk_), and the signature needs a symmetric one"
                        : "the secret is a symmetric key, and the signature needs a private one (whsk_)");
    }

    /**
     * A new secret that these schemes can sign with, in the form in which their owners expect it.
     *
     * @param schemes none are taken for Standard Webhooks
     */
    public static SigningSecret fresh(List<Scheme> schemes, SecureRandom random) {
        if (!schemes.isEmpty() && schemes.stream().allMatch(scheme -> algorithm(scheme) == Algorithm.ED25519)) {
            return SigningSecret.freshEd25519(random);
        }
        byte[] key = new byte[FRESH_BYTES];
        random.nextBytes(key);
        Set<KeyForm> forms = EnumSet.noneOf(KeyForm.class);
        schemes.stream()
                .filter(scheme -> algorithm(scheme) != Algorithm.ED25519)
                .forEach(scheme -> forms.add(form(scheme)));
        if (forms.contains(KeyForm.HEX) && !forms.contains(KeyForm.STANDARD)) {
            return SigningSecret.text(HexFormat.of().formatHex(key)); // which is base64, too, and a text
        }
        if (forms.contains(KeyForm.BASE64) && !forms.contains(KeyForm.STANDARD)) {
            return SigningSecret.text(Base64.getEncoder().encodeToString(key));
        }
        return new SigningSecret(key);
    }

    static KeyForm form(Scheme scheme) {
        return switch (scheme) {
            case InHeader in -> in.key();
            case MessageSignature message -> message.key();
        };
    }

    static Algorithm algorithm(Scheme scheme) {
        return switch (scheme) {
            case InHeader in -> in.algorithm();
            case MessageSignature message -> message.algorithm();
        };
    }
}
