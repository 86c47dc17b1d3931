package io.posthorn.dispatch;

import io.posthorn.egress.Egress;
import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.Target;
import io.posthorn.egress.TargetResult;
import io.posthorn.model.Authentication;
import io.posthorn.model.CustomHeader;
import io.posthorn.model.Endpoint;
import io.posthorn.model.TlsIdentity;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How an endpoint learns who calls it: headers, tokens, and certificates. */
final class Credentials {
    static final String AUTHORIZATION = "authorization";

    private Credentials() {}

    /** Whether its requests leave as they are, over connections that others use too. */
    static boolean isUsual(Endpoint endpoint) {
        return endpoint.secrets().tls() == null
                && !(endpoint.secrets().authentication() instanceof Authentication.OAuth2);
    }

    /**
     * The headers of an endpoint that are the same on every request: those that its owner named, and that of its
     * authentication, which wins over one of the same name.
     *
     * @return names and values in turn
     */
    static List<String> headers(Endpoint endpoint) {
        Authentication authentication = endpoint.secrets().authentication();
        String taken = authentication == null ? null : header(authentication);
        List<String> all = new ArrayList<>();
        for (CustomHeader header : endpoint.headers()) {
            if (!header.name().equalsIgnoreCase(taken)) {
                all.add(header.name());
                all.add(header.value());
            }
        }
        switch (authentication) {
            case null -> {}
            case Authentication.OAuth2 _ -> {}
            case Authentication.Basic(String user, String password) -> {
                all.add(AUTHORIZATION);
                all.add("Basic " + base64(user + ':' + password));
            }
            case Authentication.Bearer(String token) -> {
                all.add(AUTHORIZATION);
                all.add("Bearer " + token);
            }
            case Authentication.Header(String name, String value) -> {
                all.add(name);
                all.add(value);
            }
        }
        return all;
    }

    private static String header(Authentication authentication) {
        return authentication instanceof Authentication.Header(String name, String _)
                ? name.toLowerCase(Locale.ROOT)
                : AUTHORIZATION;
    }

    /**
     * How complete requests to an endpoint leave: over its own TLS if it has that, and with an access token if it wants
     * one.
     *
     * @param target where its URL leads
     * @param identities of endpoints with TLS of their own
     * @throws IllegalArgumentException if its URL and its TLS do not fit, or tokens must not be got from where it says;
     *     the message is for people
     */
    static Sender sender(
            Endpoint endpoint,
            Target target,
            Egress egress,
            EgressPolicy policy,
            TlsIdentities identities,
            Context context,
            Time time) {
        TlsIdentity tls = endpoint.secrets().tls();
        Sender direct = tls == null
                ? Sender.to(target, egress)
                : new TlsSender(endpoint.no(), tls, target, egress, identities, context, time);
        Authentication authentication = endpoint.secrets().authentication();
        if (!(authentication instanceof Authentication.OAuth2 oauth)) {
            return direct;
        }
        return switch (Target.parse(oauth.tokenUrl(), policy)) {
            case TargetResult.Ok(Target tokens) ->
                new TokenSender(new TokenFetch(oauth, tokens, egress), direct, context, time);
            case TargetResult.Refused(String reason) ->
                throw new IllegalArgumentException("no access token can be got: " + reason);
        };
    }

    static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The value that a request has for a header; null without it. */
    static @Nullable Integer at(String[] headers, String name) {
        for (int i = 0; i < headers.length; i += 2) {
            if (headers[i].equalsIgnoreCase(name)) {
                return i + 1;
            }
        }
        return null;
    }
}
