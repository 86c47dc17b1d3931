package io.posthorn.wire;

import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Budget;
import io.posthorn.wire.Scheme.Algorithm;
import io.posthorn.wire.Scheme.KeyForm;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a profile makes of a {@link Sample}: the request as it would go over the wire, signed with a secret that everybody
 * knows. Nothing is sent. Called on a platform thread, as scripts are.
 */
public final class Trial {
    private static final String HOST = "https://customer.example";
    private static final String PATH = "/hooks";

    private Trial() {}

    /** What came of it. */
    public sealed interface Result {
        /**
         * A request.
         *
         * @param method in capitals
         * @param url where it would go
         * @param userAgent null for the installation's
         * @param headers names and values in turn, those of the signatures last
         * @param body byte for byte
         */
        record Request(String method, String url, @Nullable String userAgent, String[] headers, byte[] body)
                implements Result {}

        /**
         * There is none.
         *
         * @param detail why, for people
         */
        record Failed(String detail) implements Result {}
    }

    /**
     * Tries one.
     *
     * @param profile with which nothing is wrong
     * @param sample to make a request of
     * @param now the moment of the attempt, microseconds since 1970
     * @throws IllegalStateException on a virtual thread
     */
    public static Result of(Profile profile, Sample sample, long now) {
        try (Budget _ = Budget.open()) {
            Renderer renderer = new Renderer(profile);
            Renderer.Context context = sample.context(now);
            Rendered rendered = renderer.print(renderer.draft(context));
            String path = rendered.path();
            String url = HOST + (path == null ? PATH : path);
            Signable request = new Signable(
                    renderer.id(context.message()), rendered.method(), url, rendered.headers(), rendered.body());
            SigningSecret secret = secret(profile.schemes(), renderer.secret(sample.config()));
            List<String> headers = new ArrayList<>(List.of(rendered.headers()));
            headers.addAll(List.of(new SchemeSigner(profile.schemes(), secret, List.of(), now).sign(request, now)));
            return new Result.Request(
                    rendered.method(), url, rendered.userAgent(), headers.toArray(String[]::new), rendered.body());
        } catch (ContentException e) {
            return new Result.Failed(e.detail());
        } catch (IllegalArgumentException e) {
            return new Result.Failed("it cannot be signed: " + e.getMessage());
        }
    }

    /** A secret of the form that the schemes take, made of the sample's. */
    private static SigningSecret secret(List<Scheme> schemes, @Nullable String configured) {
        if (configured != null) {
            return SigningSecret.text(configured);
        }
        byte[] key = Sample.SECRET.getBytes(StandardCharsets.US_ASCII);
        Set<KeyForm> forms = EnumSet.noneOf(KeyForm.class);
        boolean symmetric = schemes.isEmpty();
        for (Scheme scheme : schemes) {
            forms.add(SchemeRules.form(scheme));
            symmetric |= SchemeRules.algorithm(scheme) != Algorithm.ED25519;
        }
        if (!symmetric) {
            byte[] seed = new byte[32];
            System.arraycopy(key, 0, seed, 0, seed.length);
            return SigningSecret.ed25519(seed);
        }
        if (forms.contains(KeyForm.HEX) && !forms.contains(KeyForm.STANDARD)) {
            return SigningSecret.text(HexFormat.of().formatHex(key));
        }
        if (forms.contains(KeyForm.BASE64) && !forms.contains(KeyForm.STANDARD)) {
            return SigningSecret.text(Base64.getEncoder().encodeToString(key));
        }
        return SigningSecret.parse(Sample.SECRET);
    }
}
