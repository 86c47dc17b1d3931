package io.posthorn.wire;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.ScriptException;
import io.posthorn.runtime.Scripts;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Has the scripts of endpoints' owners make other requests of those that would be sent. Confined to one thread, since what
 * it keeps of scripts is.
 *
 * <p>A script is given {@code {method, path, headers, body, message, endpoint, application, attempt}}. It gives an object
 * with any of {@code method}, {@code path}, {@code headers}, {@code body} and {@code send}. What is not in it stays as it
 * was; headers are put on top of those that are there, and one that is null is taken away. {@code send: false} sends
 * nothing. The other members of what it was given may be in it too and mean nothing, so that a script can change its input
 * in place and give all of it back. Anything else is an error.
 */
public final class Transformer {
    /** What a request may ask for; a GET has no body that a signature could stand for. */
    static final Set<String> METHODS = Set.of("POST", "PUT", "PATCH", "DELETE");

    private static final int MOST_HEADERS = 50;
    private static final int MOST_HEADER_CHARACTERS = 16 << 10;
    private static final Set<String> NOT_THEIRS = Set.of(
            "connection",
            "content-length",
            "content-encoding",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");
    private static final List<String> NOT_THEIR_PREFIXES = List.of("proxy-", "svix-", "webhook-");

    private final Scripts scripts;

    /** What came of it. */
    public sealed interface Result {
        /** A request. */
        record Request(Draft draft) implements Result {}

        /** Nothing is to be sent. */
        record DoNotSend() implements Result {}
    }

    /** With the scripts of the thread. */
    public Transformer(Scripts scripts) {
        this.scripts = scripts;
    }

    /**
     * Makes another request.
     *
     * @param script JSONata
     * @param draft what would be sent
     * @param attempt 1 for the first
     * @throws ContentException if the script fails, or gives what no request can be made of, with the place
     */
    public Result apply(
            String script, Draft draft, Message message, Endpoint endpoint, Application application, int attempt)
            throws ContentException {
        String path = draft.path() == null ? pathOf(endpoint.url()) : draft.path();
        Object body = shown(draft.body());
        Map<String, @Nullable Object> input = new LinkedHashMap<>();
        input.put("method", draft.method());
        input.put("path", path);
        input.put("headers", draft.headers());
        input.put("body", body);
        input.put("message", Facts.of(message));
        input.put("endpoint", Facts.of(endpoint));
        input.put("application", Facts.of(application));
        input.put("attempt", Map.of("number", attempt, "isRetry", attempt > 1));
        Object given;
        try {
            given = scripts.get(script).evaluate(input, Map.of());
        } catch (ScriptException e) {
            throw new ContentException("transformation: " + e.getMessage());
        }
        if (!(given instanceof Map<?, ?> output)) {
            throw wrong("has to give an object");
        }
        for (Object name : output.keySet()) {
            if (!input.containsKey(name) && !"send".equals(name)) {
                throw wrong("gives " + name + ", which is none of method, path, headers, body and send");
            }
        }
        if (output.containsKey("send")) {
            if (!(output.get("send") instanceof Boolean send)) {
                throw wrong("gives a send that is neither true nor false");
            }
            if (!send) {
                return new Result.DoNotSend();
            }
        }
        String newPath = path(output, path);
        return new Result.Request(new Draft(
                method(output, draft.method()),
                newPath.equals(path) ? draft.path() : newPath,
                headers(output, draft.headers()),
                output.containsKey("body") && !Objects.equals(output.get("body"), body)
                        ? output.get("body")
                        : draft.body()));
    }

    private static ContentException wrong(String rule) {
        return new ContentException("transformation: " + rule);
    }

    private static @Nullable Object shown(@Nullable Object body) {
        return body instanceof byte[] bytes ? new String(bytes, StandardCharsets.UTF_8) : body;
    }

    /** Of the URL, with its query. */
    private static String pathOf(String url) {
        int host = url.indexOf("://");
        int slash = host < 0 ? -1 : url.indexOf('/', host + 3);
        int query = host < 0 ? -1 : url.indexOf('?', host + 3);
        int fragment = url.indexOf('#');
        int end = fragment < 0 ? url.length() : fragment;
        if (slash < 0 || (query >= 0 && query < slash)) {
            return query < 0 || query > end ? "/" : "/" + url.substring(query, end);
        }
        return slash > end ? "/" : url.substring(slash, end);
    }

    private static String method(Map<?, ?> output, String before) throws ContentException {
        Object given = output.get("method");
        if (!output.containsKey("method") || before.equals(given)) {
            return before;
        }
        if (!(given instanceof String method) || !METHODS.contains(method)) {
            throw wrong("gives a method that is none of POST, PUT, PATCH and DELETE");
        }
        return method;
    }

    private static String path(Map<?, ?> output, String before) throws ContentException {
        if (!output.containsKey("path")) {
            return before;
        }
        String path = output.get("path") instanceof String text ? text : "";
        String rule = ProfileParser.noPath(path);
        if (rule != null) {
            throw wrong("gives a path, which " + rule);
        }
        return path;
    }

    private static Map<String, String> headers(Map<?, ?> output, Map<String, String> before) throws ContentException {
        if (!output.containsKey("headers")) {
            return before;
        }
        if (!(output.get("headers") instanceof Map<?, ?> given)) {
            throw wrong("gives headers that are no object");
        }
        Map<String, String> headers = new LinkedHashMap<>(before);
        for (Map.Entry<?, ?> each : given.entrySet()) {
            String name = String.valueOf(each.getKey());
            String value = switch (each.getValue()) {
                case null -> null;
                case String text -> text;
                case Number number -> number.toString();
                case Boolean bool -> bool.toString();
                default -> throw wrong("gives the header " + name + " a value that is no text");
            };
            if (value != null && value.equals(before.get(name))) {
                continue;
            }
            String rule = rule(name, value);
            if (rule != null) {
                throw wrong("gives the header " + shortened(name) + ", " + rule);
            }
            headers.keySet().removeIf(name::equalsIgnoreCase);
            if (value != null) {
                headers.put(name, value);
            }
        }
        int characters = 0;
        for (Map.Entry<String, String> each : headers.entrySet()) {
            characters += each.getKey().length() + each.getValue().length();
        }
        if (headers.size() > MOST_HEADERS || characters > MOST_HEADER_CHARACTERS) {
            throw wrong("gives more than " + MOST_HEADERS + " headers or " + MOST_HEADER_CHARACTERS
                    + " characters in their names and values");
        }
        return headers;
    }

    private static @Nullable String rule(String name, @Nullable String value) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean token = (c >= 'a' && c <= 'z')
                    || (c >= 'A' && c <= 'Z')
                    || (c >= '0' && c <= '9')
                    || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
            if (!token) {
                return "whose name no header can have";
            }
        }
        String lower = name.toLowerCase(Locale.ROOT);
        if (name.isEmpty()
                || NOT_THEIRS.contains(lower)
                || NOT_THEIR_PREFIXES.stream().anyMatch(lower::startsWith)) {
            return "which the server sets itself";
        }
        for (int i = 0; value != null && i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                return "whose value has other than visible ASCII in it";
            }
        }
        return null;
    }

    private static String shortened(String name) {
        return name.length() > 100 ? name.substring(0, 100) + "…" : name;
    }
}
