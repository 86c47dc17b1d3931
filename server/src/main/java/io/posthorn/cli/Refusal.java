package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What the server's refusals mean, for people. */
final class Refusal {
    /** What is shown of an answer that is not of the API. */
    private static final int MOST_FOREIGN = 300;

    private Refusal() {}

    /** An answer that is not 2xx. */
    static String explain(ApiReply reply) {
        String said = detail(reply);
        return switch (reply.status()) {
            case 401 ->
                "the server does not accept the token (401): " + said
                        + "\nGive a valid one with --token, --token-file or POSTHORN_TOKEN.";
            case 403 -> "the token may not do this (403): " + said;
            case 404 -> "not found (404): " + said;
            case 409 -> "conflict (409): " + said;
            case 422 -> "the server refused the values (422):\n  " + said.replace("\n", "\n  ");
            case 429 -> "too much at a time (429): " + said + comeBack(reply);
            case 503 -> "the server is not available (503): " + said + comeBack(reply);
            default -> "the server answered " + reply.status() + ": " + said;
        };
    }

    /** The refusal of one message of a batch, in one line. */
    static String inOneLine(int status, JsonNode error) {
        return status + " " + String.join("; ", problems(error));
    }

    private static String comeBack(ApiReply reply) {
        Duration wait = reply.retryAfter();
        return wait == null ? "" : "\nIt can be tried again in " + wait.toSeconds() + " s.";
    }

    private static String detail(ApiReply reply) {
        List<String> problems = problems(reply.json());
        if (!problems.isEmpty()) {
            return String.join("\n", problems);
        }
        String text = Cells.oneLine(reply.text());
        if (text.isEmpty()) {
            return "no reason given";
        }
        return text.length() > MOST_FOREIGN ? text.substring(0, MOST_FOREIGN) + "…" : text;
    }

    private static List<String> problems(JsonNode body) {
        JsonNode detail = body.path("detail");
        List<String> problems = new ArrayList<>();
        if (detail.isTextual()) {
            problems.add(Cells.oneLine(detail.textValue()));
        }
        for (JsonNode problem : detail.isArray() ? detail : JsonText.object()) {
            List<String> place = new ArrayList<>();
            problem.path("loc").forEach(step -> place.add(step.asText()));
            if (place.size() > 1 && place.getFirst().equals("body")) {
                place.removeFirst(); // what the user gave as options is the body
            }
            problems.add(Cells.oneLine(
                    String.join(".", place) + ": " + problem.path("msg").asText()));
        }
        return problems;
    }
}
