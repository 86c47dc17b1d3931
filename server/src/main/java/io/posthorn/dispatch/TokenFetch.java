package io.posthorn.dispatch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.egress.Egress;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.egress.Target;
import io.posthorn.model.Authentication;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for an access token: client credentials, RFC 6749, 4.4. What comes back is believed in nothing but its form, and
 * no word of it reaches an error, because a server that is wrong may send back what it was sent.
 */
final class TokenFetch {
    private static final Logger LOG = LoggerFactory.getLogger(TokenFetch.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Bytes of an answer. */
    private static final int MOST_ANSWER = 32 << 10;

    private static final int LONGEST_TOKEN = 16 << 10;
    /** Where a server does not say how long a token lasts, seconds. */
    private static final long USUAL_LIFE = 3_600;

    private static final long LONGEST_LIFE = 86_400;
    /** RFC 6749, 5.2. */
    private static final Set<String> ERRORS = Set.of(
            "invalid_request",
            "invalid_client",
            "invalid_grant",
            "unauthorized_client",
            "unsupported_grant_type",
            "invalid_scope");

    /** What came of it. */
    sealed interface Answer {
        /** A token, and how long it lasts. */
        record Token(String token, long lifeSeconds) implements Answer {
            @Override
            public String toString() {
                return "Token[***, " + lifeSeconds + " s]";
            }
        }

        /** None. */
        record None(Outcome.Failure failure) implements Answer {}
    }

    private final Target target;
    private final Egress egress;
    private final String[] headers;
    private final byte[] body;

    TokenFetch(Authentication.OAuth2 oauth, Target target, Egress egress) {
        this.target = target;
        this.egress = egress;
        List<String> form = new ArrayList<>(List.of("grant_type=client_credentials"));
        add(form, "scope", oauth.scope());
        add(form, "audience", oauth.audience());
        List<String> all = new ArrayList<>(
                List.of("content-type", "application/x-www-form-urlencoded", "accept", "application/json"));
        if (oauth.inBody()) {
            add(form, "client_id", oauth.clientId());
            add(form, "client_secret", oauth.clientSecret());
        } else {
            all.add(Credentials.AUTHORIZATION);
            all.add("Basic " + Credentials.base64(encoded(oauth.clientId()) + ':' + encoded(oauth.clientSecret())));
        }
        headers = all.toArray(String[]::new);
        body = String.join("&", form).getBytes(StandardCharsets.UTF_8);
    }

    private static void add(List<String> form, String name, @Nullable String value) {
        if (value != null) {
            form.add(name + '=' + encoded(value));
        }
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8);
    }

    /** Who is asked. */
    String host() {
        return target.host();
    }

    /**
     * Asks once.
     *
     * @param done told once, on the event loop, after this has returned
     */
    void fetch(Duration deadline, Consumer<Answer> done) {
        egress.fetch(target, headers, body, MOST_ANSWER, deadline, exchange -> done.accept(answer(exchange.outcome())));
    }

    private Answer answer(Outcome outcome) {
        try {
            return switch (outcome) {
                case Outcome.Response response -> answer(response);
                case Outcome.Failure(FailureKind kind, String detail) -> none(kind, detail);
                case Outcome.Unwanted _ -> throw new IllegalStateException("nobody filters requests for tokens");
            };
        } catch (RuntimeException e) {
            LOG.error("an answer of {} could not be read", target.host(), e);
            return none(FailureKind.PROTOCOL, "the answer of " + target.host() + " could not be read");
        }
    }

    private Answer answer(Outcome.Response response) {
        JsonNode json = json(response.body());
        if (response.code() != 200) {
            String error = json.path("error").asText();
            return none(
                    FailureKind.PROTOCOL,
                    target.host() + " answered " + response.code() + (ERRORS.contains(error) ? " " + error : ""));
        }
        String token = json.path("access_token").asText();
        boolean visible = !token.isEmpty() && token.length() <= LONGEST_TOKEN;
        for (int i = 0; visible && i < token.length(); i++) {
            visible = token.charAt(i) > ' ' && token.charAt(i) <= '~';
        }
        if (!visible) {
            return none(FailureKind.PROTOCOL, "the answer of " + target.host() + " has no access_token");
        }
        if (!json.path("token_type").asText("bearer").toLowerCase(Locale.ROOT).equals("bearer")) {
            return none(FailureKind.PROTOCOL, target.host() + " gives out tokens of another type than Bearer");
        }
        long life = json.path("expires_in").asLong(USUAL_LIFE);
        return new Answer.Token(token, Math.clamp(life, 0L, LONGEST_LIFE));
    }

    private static JsonNode json(byte[] body) {
        try {
            JsonNode json = JSON.readTree(body);
            return json == null ? JSON.missingNode() : json;
        } catch (IOException e) {
            return JSON.missingNode(); // it has none of the members then, and that is told
        }
    }

    private static Answer none(FailureKind kind, String why) {
        return new Answer.None(new Outcome.Failure(kind, "no access token: " + why));
    }
}
