package io.posthorn.api;

import io.posthorn.catalog.Result;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a request is answered with. Complete when it is made, so that the event loop has only to write it.
 *
 * @param status of HTTP
 * @param contentType null without a body
 * @param body empty for none; nobody writes to it
 * @param headers besides the content's type and length
 */
public record Answer(int status, @Nullable String contentType, byte[] body, Map<String, String> headers) {
    static final String JSON_TYPE = "application/json";
    private static final Map<String, String> NO_HEADERS = Map.of();

    /** Content; nothing keeps a copy of it on the way. */
    public static Answer json(int status, Object content) {
        return new Answer(status, JSON_TYPE, Json.write(content), Map.of("cache-control", "no-store"));
    }

    /** Text in UTF-8. */
    public static Answer text(int status, String contentType, String text) {
        return new Answer(status, contentType, text.getBytes(StandardCharsets.UTF_8), NO_HEADERS);
    }

    /** 204. */
    public static Answer empty() {
        return new Answer(204, null, new byte[0], NO_HEADERS);
    }

    /** An error: {@code {code, detail}}. */
    public static Answer error(int status, String code, String detail) {
        return error(status, code, detail, NO_HEADERS);
    }

    static Answer error(int status, String code, String detail, Map<String, String> headers) {
        return new Answer(status, JSON_TYPE, Json.write(new Errors.Body(code, detail)), headers);
    }

    /** 404. */
    public static Answer notFound(String what) {
        return error(404, "not_found", "there is no such " + what);
    }

    /** 422: {@code {detail:[{loc, msg, type}]}}. */
    public static Answer invalid(List<Problem> problems) {
        return new Answer(422, JSON_TYPE, Json.write(Map.of("detail", problems)), NO_HEADERS);
    }

    /** 503: not now, but after so many seconds. */
    public static Answer unavailable(String detail, int retryAfterSeconds) {
        return error(503, "unavailable", detail, retryAfter(retryAfterSeconds));
    }

    static Map<String, String> retryAfter(int seconds) {
        return Map.of("retry-after", Integer.toString(seconds));
    }

    /** What became of a change. */
    static <T> Answer of(Result<T> result, Function<T, Object> shown) {
        return switch (result) {
            case Result.Created<T>(T value) -> json(201, shown.apply(value));
            case Result.Updated<T>(T value) -> json(200, shown.apply(value));
            case Result.Existing<T>(T value) -> json(200, shown.apply(value));
            case Result.Deleted<T> gone -> empty();
            case Result.Conflict<T>(String field, String detail) -> error(409, "conflict", detail);
            case Result.Limited<T>(String detail) -> error(409, "limit", detail);
            case Result.TooMany<T>(String detail, int seconds) ->
                error(429, "rate_limited", detail, retryAfter(seconds));
            case Result.Broken<T>(List<String> path, String rule) ->
                invalid(List.of(new Problem(
                        Stream.<Object>concat(Stream.of("body"), path.stream()).toList(), rule, "value_error")));
            case Result.NotFound<T>(String what) -> notFound(what);
        };
    }
}
