package io.posthorn.api;

import io.posthorn.intake.ParsedMessage;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Writes answers, errors above all, in the documented shapes. Called on the event loop of the request. */
public final class Errors {
    /** The body of an error. */
    record Body(String code, String detail) {}

    /** The body of a conflict with a thing that has an id. */
    record Conflict(String code, String detail, String id) {}

    private static final int RETRY_SECONDS = 1;
    static final Answer UNAUTHORIZED = Answer.error(
            401,
            "authentication_failed",
            "this needs a valid token in the header `Authorization: Bearer …`",
            Map.of("www-authenticate", "Bearer"));
    static final Answer BUSY = Answer.error(
            429,
            "busy",
            "more messages arrive than can be stored just now; send this one again",
            Answer.retryAfter(RETRY_SECONDS));
    static final Answer UNAVAILABLE =
            Answer.unavailable("the database does not answer just now; send this again", RETRY_SECONDS);
    static final Answer BAD_ENCODING =
            Answer.error(400, "bad_request", "the path or the query is not properly encoded");
    static final Answer INTERNAL =
            Answer.error(500, "internal_error", "something failed that should not; the server's log has the details");

    private Errors() {}

    /** Writes an answer, unless the connection is gone or another one has been written. */
    public static void write(HttpServerRequest request, Answer answer) {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended() || response.headWritten()) {
            return;
        }
        response.setStatusCode(answer.status());
        answer.headers().forEach(response::putHeader);
        if (answer.contentType() == null) {
            response.end();
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, answer.contentType());
        if (request.method().equals(HttpMethod.HEAD)) {
            response.putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(answer.body().length));
            response.end();
        } else {
            response.end(Buffer.buffer(answer.body()));
        }
    }

    /** {@code {code, detail}}. */
    public static void write(HttpServerRequest request, int status, String code, String detail) {
        write(request, Answer.error(status, code, detail));
    }

    /** 401. */
    public static void unauthorized(HttpServerRequest request) {
        write(request, UNAUTHORIZED);
    }

    /** 404. */
    public static void notFound(HttpServerRequest request, String detail) {
        write(request, 404, "not_found", detail);
    }

    /** 409, with the id of what stands against it. */
    public static void conflict(HttpServerRequest request, String detail, String id) {
        write(
                request,
                new Answer(409, Answer.JSON_TYPE, conflictBody(detail, id).getBytes(), Map.of()));
    }

    /** 409: another message has the event id. */
    static Answer eventIdTaken(String firstId) {
        return new Answer(
                409,
                Answer.JSON_TYPE,
                conflictBody("eventId is taken by message " + firstId, firstId).getBytes(),
                Map.of());
    }

    /** 422, for all that is wrong with the body. */
    static Answer invalid(List<ParsedMessage.Problem> problems) {
        return Answer.invalid(inBody(problems));
    }

    /** 422, for one place. */
    public static void invalid(HttpServerRequest request, List<String> loc, String msg, String type) {
        write(request, Answer.invalid(List.of(new Problem(List.copyOf(loc), msg, type))));
    }

    /** 422, for all that is wrong with the body. */
    public static void invalid(HttpServerRequest request, List<ParsedMessage.Problem> problems) {
        write(request, Answer.invalid(inBody(problems)));
    }

    /** 429 with Retry-After. */
    public static void busy(HttpServerRequest request) {
        write(request, BUSY);
    }

    /** 500. */
    public static void internal(HttpServerRequest request) {
        write(request, INTERNAL);
    }

    /** 503 with Retry-After. */
    public static void unavailable(HttpServerRequest request) {
        write(request, UNAVAILABLE);
    }

    // ---- bodies alone, for answers to many at once

    static Buffer body(String code, String detail) {
        return Buffer.buffer(Json.write(new Body(code, detail)));
    }

    static Buffer conflictBody(String detail, String id) {
        return Buffer.buffer(Json.write(new Conflict("conflict", detail, id)));
    }

    static Buffer invalidBody(List<ParsedMessage.Problem> problems) {
        return Buffer.buffer(Answer.invalid(inBody(problems)).body());
    }

    static Buffer unavailableBody() {
        return Buffer.buffer(UNAVAILABLE.body());
    }

    static Buffer internalBody() {
        return Buffer.buffer(INTERNAL.body());
    }

    private static List<Problem> inBody(List<ParsedMessage.Problem> problems) {
        List<Problem> located = new ArrayList<>(problems.size());
        for (ParsedMessage.Problem problem : problems) {
            List<Object> loc = new ArrayList<>();
            loc.add("body");
            loc.addAll(problem.path());
            located.add(new Problem(List.copyOf(loc), problem.rule(), problem.type()));
        }
        return located;
    }
}
