package io.posthorn.api;

import io.posthorn.intake.AcceptResult;
import io.posthorn.intake.ParsedMessage;
import io.posthorn.model.Message;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a batch: 200 with one entry for each message, in their order, {@code {"status": 202, "message": …}} or
 * {@code {"status": 4xx, "error": …}}. Used on one event loop.
 */
final class BatchAnswer {
    private final HttpServerRequest request;
    private final boolean content;
    private final @Nullable Buffer[] entries;
    private int open;

    BatchAnswer(HttpServerRequest request, int size, boolean content) {
        this.request = request;
        this.content = content;
        this.entries = new Buffer[size];
        this.open = size;
    }

    void invalid(int index, List<ParsedMessage.Problem> problems) {
        entries[index] = error(422, Errors.invalidBody(problems));
        open--;
    }

    /** One message is decided; the last one sends the answer. */
    void result(int index, AcceptResult result) {
        entries[index] = switch (result) {
            case AcceptResult.Accepted(Message message) -> accepted(message);
            case AcceptResult.Repeated(Message message) -> accepted(message);
            case AcceptResult.EventIdTaken(String firstId) ->
                error(409, Errors.conflictBody("eventId is taken by message " + firstId, firstId));
            case AcceptResult.Refused(List<ParsedMessage.Problem> problems) -> error(422, Errors.invalidBody(problems));
            case AcceptResult.KeyReused _ -> error(422, Errors.body("invalid", "idempotency key reused"));
            case AcceptResult.Unavailable _ -> error(503, Errors.unavailableBody());
            case AcceptResult.Failed _ -> error(500, Errors.internalBody());
        };
        if (--open == 0) {
            send();
        }
    }

    private Buffer accepted(Message message) {
        Buffer entry = Buffer.buffer("{\"status\":202,\"message\":");
        MessageJson.write(entry, message, content);
        return entry.appendByte((byte) '}');
    }

    private static Buffer error(int status, Buffer error) {
        return Buffer.buffer("{\"status\":" + status + ",\"error\":")
                .appendBuffer(error)
                .appendByte((byte) '}');
    }

    void send() {
        HttpServerResponse response = request.response();
        if (response.closed() || response.ended()) {
            return;
        }
        Buffer body = Buffer.buffer("{\"data\":[");
        for (int i = 0; i < entries.length; i++) {
            Buffer entry = entries[i];
            if (entry == null) {
                throw new IllegalStateException("message " + i + " of the batch is undecided");
            }
            if (i > 0) {
                body.appendByte((byte) ',');
            }
            body.appendBuffer(entry);
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, "application/json");
        response.end(body.appendString("]}"));
    }
}
