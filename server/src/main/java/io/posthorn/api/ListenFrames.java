package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.posthorn.catalog.Rules;
import io.posthorn.dispatch.Forward;
import io.posthorn.dispatch.Forward.Header;
import io.posthorn.dispatch.Forward.Trouble;
import io.posthorn.dispatch.Listeners.Wish;
import io.posthorn.model.Endpoint;
import io.posthorn.model.SigningSecret;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What is said over the connection of a {@link ListenSession}: messages of text, each a JSON object with a {@code type}.
 * Members that are not known are ignored, on both sides, so that each may be older than the other.
 *
 * <pre>
 *   client                                                        server
 *     │ GET /api/v1/app/{app}/listen, upgrade ─────────────────────▶ │ 401, 403, 404, 426, 503, or 101
 *     │ hello    eventTypes?, channels?, secret?, forwardTo? ──────▶ │ makes the temporary endpoint
 *     │ ◀──── ready     endpointId, secret, keepResponseBytes        │
 *     │ ◀──── invalid   detail: [{loc, msg, type}], then close 4422  │ (instead of ready)
 *     │                                                              │
 *     │ ◀──── delivery  id, messageId, eventType, timeoutMs,         │ as often as there are deliveries,
 *     │                 method, path?,                               │ several at a time
 *     │                 headers: [{name, value}], body (base64)      │
 *     │ response id, status, headers: [{name, value}],               │
 *     │          body (base64), truncated ─────────────────────────▶ │ in any order
 *     │ failure  id, kind, detail ─────────────────────────────────▶ │ kind: timeout, dns, connect, tls, protocol
 *     │                                                              │
 *     │ ◀──── ping every 15 s; the pong comes by itself ───────────▶ │
 * </pre>
 *
 * <p>{@code path} of a delivery is path and query, and stands for those of the URL that the client forwards to; an older
 * client, which knows neither it nor {@code method}, makes a POST to that URL. {@code body} of a response is its beginning, at most {@code keepResponseBytes}; {@code truncated} says that there
 * was more. Answers to a delivery that is not waited for any more are ignored.
 */
final class ListenFrames {
    /** The token is no longer valid or no longer enough. */
    static final short UNAUTHORIZED = 4401;
    /** The endpoint was deleted, or its application. */
    static final short DELETED = 4404;
    /** Nothing came for too long. */
    static final short SILENT = 4408;
    /** The hello breaks a rule; which one stands in the message before. */
    static final short INVALID = 4422;
    /** The server stops (RFC 6455, 7.4.1). */
    static final short GOING_AWAY = 1001;
    /** What came is none of the messages. */
    static final short PROTOCOL_ERROR = 1002;
    /** Not text. */
    static final short UNSUPPORTED = 1003;
    /** A message is longer than allowed. */
    static final short TOO_LONG = 1009;
    /** The server failed, or its database. */
    static final short FAILED = 1011;

    private static final int LEAST_STATUS = 200;
    private static final int MOST_STATUS = 999;
    private static final int MOST_FORWARD_TO = 500;
    private static final int MOST_DETAIL = 1_000;
    private static final int MOST_HEADERS = 500;

    private ListenFrames() {}

    // ---- to the client

    private record Ready(String type, String endpointId, String secret, int keepResponseBytes) {}

    private record Invalid(String type, List<Problem> detail) {}

    private record Delivery(
            String type,
            long id,
            String messageId,
            String eventType,
            long timeoutMs,
            String method,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String path,

            List<Header> headers,
            byte[] body) {}

    static byte[] ready(Endpoint endpoint, int keepResponseBytes) {
        return Json.write(new Ready("ready", endpoint.id(), endpoint.secret().reveal(), keepResponseBytes));
    }

    static byte[] invalid(List<Problem> problems) {
        return Json.write(new Invalid("invalid", problems));
    }

    static byte[] delivery(long id, Forward request) {
        return Json.write(new Delivery(
                "delivery",
                id,
                request.messageId(),
                request.eventType(),
                request.timeout().toMillis(),
                request.method(),
                request.path(),
                request.headers(),
                request.body()));
    }

    // ---- from the client

    /** What a client says. */
    sealed interface FromClient {
        /** The first message, as it should be. */
        record Hello(Wish wish) implements FromClient {}

        /** The first message, and what is wrong with it. */
        record WrongHello(List<Problem> problems) implements FromClient {}

        /** There was a response to a delivery. */
        record Response(long id, int status, List<Header> headers, byte[] body, boolean truncated)
                implements FromClient {}

        /** There was none. */
        record Failure(long id, Trouble trouble, String detail) implements FromClient {}

        /** None of the messages. */
        record Nonsense(String why) implements FromClient {}
    }

    static FromClient read(byte[] message) {
        return switch (Json.parse(message)) {
            case Json.Parsed.Wrong(Problem problem) -> new FromClient.Nonsense(problem.msg());
            case Json.Parsed.Value(JsonNode node) ->
                switch (node.path("type").asText()) {
                    case "hello" -> hello(node);
                    case "response" -> response(node);
                    case "failure" -> failure(node);
                    default -> new FromClient.Nonsense("type must be hello, response or failure");
                };
        };
    }

    private static FromClient hello(JsonNode node) {
        Fields fields = new Fields(node, false);
        String forwardTo = fields.text(
                "forwardTo",
                "",
                text -> text.length() > MOST_FORWARD_TO
                        ? "must have at most " + MOST_FORWARD_TO + " characters"
                        : null);
        Wish wish = new Wish(
                forwardTo.isEmpty() ? "Live forwarding" : "Live forwarding to " + forwardTo,
                fields.names("filterTypes", "eventTypes", null, Rules::eventTypes, Rules::subscription),
                fields.names("channels", "channels", null, Rules::channels, Rules::name),
                secret(fields));
        return fields.problems().isEmpty()
                ? new FromClient.Hello(wish)
                : new FromClient.WrongHello(List.copyOf(fields.problems()));
    }

    private static @Nullable SigningSecret secret(Fields fields) {
        String text = fields.optionalText("secret", null, ListenFrames::noSecret);
        return text == null || noSecret(text) != null ? null : SigningSecret.parse(text);
    }

    private static @Nullable String noSecret(String text) {
        try {
            SigningSecret.parse(text);
            return null;
        } catch (IllegalArgumentException e) {
            return "must be whsec_ and the base64 of 24 to 64 bytes; leave it out to have one made";
        }
    }

    private static FromClient response(JsonNode node) {
        JsonNode id = node.path("id");
        JsonNode status = node.path("status");
        if (!isNumber(id)
                || !isNumber(status)
                || status.longValue() < LEAST_STATUS
                || status.longValue() > MOST_STATUS) {
            return new FromClient.Nonsense("a response needs the id of its delivery and a status from 200 to 999");
        }
        JsonNode body = node.path("body");
        boolean empty = body instanceof MissingNode || body.isNull();
        if (!empty && !body.isTextual()) {
            return new FromClient.Nonsense("the body of a response must be base64");
        }
        JsonNode headers = node.path("headers");
        boolean none = headers instanceof MissingNode || headers.isNull();
        if (!none && !(headers.isArray() && headers.valueStream().allMatch(ListenFrames::isHeader))) {
            return new FromClient.Nonsense(
                    "the headers of a response must be a list of objects with a name and a value, both text");
        }
        try {
            return new FromClient.Response(
                    id.asLong(),
                    status.intValue(),
                    headers(headers),
                    empty ? new byte[0] : body.binaryValue(),
                    node.path("truncated").asBoolean());
        } catch (IOException e) {
            return new FromClient.Nonsense("the body of a response must be base64");
        }
    }

    /** A whole number, and none that is another one when it is cut to 64 bits. */
    private static boolean isNumber(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong();
    }

    private static boolean isHeader(JsonNode node) {
        return node.path("name").isTextual() && node.path("value").isTextual();
    }

    private static List<Header> headers(JsonNode list) {
        List<Header> headers = new ArrayList<>();
        for (JsonNode each : list) {
            if (headers.size() == MOST_HEADERS) {
                break;
            }
            headers.add(
                    new Header(each.path("name").asText(), each.path("value").asText()));
        }
        return headers;
    }

    private static FromClient failure(JsonNode node) {
        Trouble trouble = trouble(node.path("kind").asText());
        if (trouble == null || !isNumber(node.path("id"))) {
            return new FromClient.Nonsense(
                    "a failure needs the id of its delivery and a kind: timeout, dns, connect, tls or protocol");
        }
        String detail = node.path("detail").asText();
        return new FromClient.Failure(
                node.path("id").asLong(), trouble, detail.substring(0, Math.min(detail.length(), MOST_DETAIL)));
    }

    private static @Nullable Trouble trouble(String kind) {
        for (Trouble trouble : Trouble.values()) {
            if (trouble.name().toLowerCase(Locale.ROOT).equals(kind)) {
                return trouble;
            }
        }
        return null;
    }
}
