package io.posthorn.cli;

import static io.posthorn.cli.Field.choice;
import static io.posthorn.cli.Field.flag;
import static io.posthorn.cli.Field.json;
import static io.posthorn.cli.Field.past;
import static io.posthorn.cli.Field.text;
import static io.posthorn.cli.Field.texts;
import static io.posthorn.cli.Field.words;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code posthorn message}, {@code attempt} and {@code dead-letter}: what was sent, and what came of it. */
final class HistoryCommands {
    private static final String MESSAGES = "/app/{--app}/msg";
    private static final String MESSAGE = MESSAGES + "/{MESSAGE}";
    private static final String ATTEMPTS = "/app/{--app}/attempt";
    private static final String ATTEMPT = MESSAGES + "/{--message}/attempt/{ATTEMPT}";
    private static final String DEAD_LETTERS = "/app/{--app}/dead-letter";
    private static final String NO_CONTENT = "with_content=false";

    private static final Field TYPES = texts("--event-type", "event_types", "Only of this type, once for each.");
    private static final Field CHANNEL = text("--channel", "channel", "Only of this channel.");
    private static final Field TAG = text("--tag", "tag", "Only with this tag.");
    private static final Field AFTER = past("--after", "after", "Only later ones: a time, or 2h, 3d ago.");
    private static final Field BEFORE = past("--before", "before", "Only earlier ones.");
    private static final Field CONTENT =
            flag("--with-content", "with_content", "Whether payloads are shown; only --json shows them in a list.");

    private static final Field REASON =
            words("--reason", "reason", "Only what ended like this: exhausted, rejected, gone, expired or held.");
    private static final Field ITEMS =
            json("--items", "items", "A list of messageId and endpointId, at most 250; what the list shows will do.");

    private HistoryCommands() {}

    static Group messages() {
        return Group.of(
                "message",
                "Messages: what was sent to an application.",
                Verb.list(
                                MESSAGES,
                                "Lists or searches the messages of an application, the newest first.",
                                Column.of("ID", "id"),
                                Column.of("EVENT TYPE", "eventType"),
                                Column.of("EVENT ID", "eventId"),
                                Column.of("CHANNELS", "channels"),
                                Column.of("TAGS", "tags"),
                                Column.of("TIME", "timestamp"))
                        .query(
                                TYPES,
                                TAG,
                                CHANNEL,
                                text("--event-id", "event_id", "Only the one with this event id."),
                                AFTER,
                                BEFORE,
                                text(
                                        "--payload-path",
                                        "payload_path",
                                        "Where in the payload --payload-value has to stand, such as $.customer.id"),
                                text("--payload-value", "payload_value", "What has to stand at --payload-path."),
                                CONTENT)
                        .tableQuery(NO_CONTENT)
                        .example("message list --app acme --event-type invoice.paid --after 2h", "")
                        .example("message list --app acme --payload-path '$.customer.id' --payload-value cus_7", ""),
                Verb.get("get", MESSAGE, "Shows a message with its payload.")
                        .query(CONTENT)
                        .example("message get --app acme msg_01K9ZQ2V5E8S7X3N4M6P0R1T2W", "")
                        .example("message get --app acme order-17 --json | jq .payload", "by its event id"),
                Verb.list(
                                MESSAGE + "/endpoint",
                                "Lists where a message went, with the state of each delivery.",
                                Column.of("ENDPOINT", "id"),
                                Column.of("URL", "url"),
                                Column.of("STATE", "statusText"),
                                Column.of("NEXT ATTEMPT", "nextAttempt"))
                        .named("deliveries")
                        .example("message deliveries --app acme order-17", ""),
                Verb.post(
                                "cancel",
                                MESSAGE + "/cancel",
                                "Cancels a message that was to be sent later, where its sending has not begun.")
                        .says(answer ->
                                "Cancelled at " + answer.path("cancelled").asInt() + " endpoints; at "
                                        + answer.path("begun").asInt() + " it had gone already.")
                        .example("message cancel --app acme order-17", ""),
                Verb.delete(
                                "delete-content",
                                MESSAGE + "/content",
                                "Deletes the payload of a message; that it was sent is kept.")
                        .says(answer -> "The payload is deleted.")
                        .example("message delete-content --app acme order-17", ""));
    }

    static Group attempts() {
        return Group.of(
                "attempt",
                "Attempts: every try to deliver a message to an endpoint.",
                Verb.list(
                                ATTEMPTS,
                                "Lists the attempts of an application, an endpoint or a message, the newest first.",
                                Column.of("ID", "id"),
                                Column.of("MESSAGE", "msgId"),
                                Column.of("ENDPOINT", "endpointId"),
                                Column.of("NUMBER", "attemptNumber"),
                                Column.of("STATUS", "statusText"),
                                Column.of("OUTCOME", "outcome"),
                                new Column("CODE", HistoryCommands::code),
                                new Column("NEXT", HistoryCommands::next),
                                Column.of("MS", "responseDurationMs"),
                                Column.of("TIME", "timestamp"))
                        .option("--endpoint", "Only those with this endpoint, its id or uid.")
                        .option("--message", "Only those of this message, its id or event id.")
                        .path(HistoryCommands::attemptsOf)
                        .query(
                                choice(
                                        "--status",
                                        "status",
                                        "success, pending, fail, sending or canceled; or 0, 1, 2, 3, 4 in this order.",
                                        "success=0",
                                        "pending=1",
                                        "fail=2",
                                        "sending=3",
                                        "canceled=4"),
                                choice(
                                        "--status-code-class",
                                        "status_code_class",
                                        "1xx, 2xx, 3xx, 4xx or 5xx (or 1 to 5, or 100 to 500); none (or 0) for no"
                                                + " response.",
                                        "1xx=100",
                                        "2xx=200",
                                        "3xx=300",
                                        "4xx=400",
                                        "5xx=500",
                                        "none=0",
                                        "1=100",
                                        "2=200",
                                        "3=300",
                                        "4=400",
                                        "5=500"),
                                TYPES,
                                CHANNEL,
                                TAG,
                                AFTER,
                                BEFORE,
                                CONTENT)
                        .tableQuery(NO_CONTENT)
                        .example("attempt list --app acme", "")
                        .example("attempt list --app acme --endpoint main --status fail --after 1d", "what failed")
                        .example("attempt list --app acme --message order-17", ""),
                Verb.get("get", ATTEMPT, "Shows an attempt with the response.")
                        .example("attempt get --app acme --message order-17 atmpt_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""),
                Verb.post(
                                "resend",
                                MESSAGES + "/{--message}/endpoint/{--endpoint}/resend",
                                "Sends a message to an endpoint again.")
                        .says(answer -> "It is being sent again.")
                        .example("attempt resend --app acme --message order-17 --endpoint main", ""),
                Verb.delete(
                                "delete-content",
                                ATTEMPT + "/content",
                                "Deletes the response of an attempt; that it was made is kept.")
                        .says(answer -> "The response is deleted.")
                        .example(
                                "attempt delete-content --app acme --message order-17 atmpt_01K9ZQ2V5E8S7X3N4M6P0R1T2W",
                                ""));
    }

    static Group deadLetters() {
        return Group.of(
                "dead-letter",
                "Dead letters: deliveries that ended without success.",
                Verb.list(
                                DEAD_LETTERS,
                                "Lists what ended without success and was not delivered or discarded since.",
                                Column.of("MESSAGE", "messageId"),
                                Column.of("ENDPOINT", "endpointId"),
                                Column.of("EVENT TYPE", "eventType"),
                                Column.of("REASON", "reason"),
                                Column.of("ATTEMPTS", "attempts"),
                                Column.of("OUTCOME", "outcome"),
                                new Column("CODE", HistoryCommands::code),
                                Column.of("REDELIVERING", "redelivering"),
                                Column.of("ENDED", "diedAt"))
                        .query(
                                text("--endpoint", "endpoint_id", "Only those of this endpoint, its id or uid."),
                                TYPES,
                                REASON,
                                past("--since", "since", "Only what ended from then on: a time, or 2h, 3d ago."),
                                past("--until", "until", "Only what ended before."))
                        .example("dead-letter list --app acme", "")
                        .example("dead-letter list --app acme --endpoint main --reason exhausted --since 1d", ""),
                Verb.post("replay", DEAD_LETTERS + "/replay-all", "Delivers dead letters of an endpoint again.")
                        .body(deadLetterFields())
                        .example("dead-letter replay --app acme --endpoint main", "")
                        .example("dead-letter replay --app acme --endpoint main --event-type invoice.paid", "")
                        .example(
                                "task wait $(posthorn dead-letter replay --app acme --endpoint main --json | jq -r .id)",
                                "and wait for the end"),
                Verb.post(
                                "discard",
                                DEAD_LETTERS + "/discard-all",
                                "Takes dead letters of an endpoint from the list for good, at most 10,000 at a time.")
                        .body(deadLetterFields())
                        .example("dead-letter discard --app acme --endpoint main --until 30d", "")
                        .example("dead-letter discard --app acme --endpoint main --reason gone", ""),
                Verb.post("replay-one", DEAD_LETTERS + "/replay", "Delivers dead letters that are named again.")
                        .body(ITEMS.needed())
                        .example(
                                "dead-letter replay-one --app acme --items"
                                        + " '[{\"messageId\":\"msg_01k9zq2v5e8s7x3n4m6p0r1t2w\",\"endpointId\":\"main\"}]'",
                                ""),
                Verb.post(
                                "discard-one",
                                DEAD_LETTERS + "/discard",
                                "Takes dead letters that are named from the list for good.")
                        .body(ITEMS.needed())
                        .example(
                                "dead-letter discard-one --app acme --items"
                                        + " '[{\"messageId\":\"msg_01k9zq2v5e8s7x3n4m6p0r1t2w\",\"endpointId\":\"main\"}]'",
                                ""));
    }

    private static Field[] deadLetterFields() {
        return new Field[] {
            words("--endpoint", "endpointId", "The endpoint, its id or uid.").needed(),
            texts("--event-type", "eventTypes", "Only of this type, once for each."),
            REASON,
            past("--since", "since", "Only what ended from then on: a time, or 2h, 3d ago."),
            past("--until", "until", "Only what ended before."),
        };
    }

    /** The code of the response; there is none without a response. */
    private static String code(JsonNode attempt) {
        return attempt.path("responseStatusCode").asInt() == 0 ? "-" : Cells.of(attempt.path("responseStatusCode"));
    }

    /** When it is tried again, or that it is not although it failed. */
    private static String next(JsonNode attempt) {
        return attempt.path("exhausted").asBoolean() ? "exhausted" : Cells.of(attempt.path("nextAttemptAt"));
    }

    private static String attemptsOf(Values values) {
        if (values.has("--endpoint") && values.has("--message")) {
            throw values.wrong("either --endpoint or --message, not both");
        }
        if (values.has("--endpoint")) {
            return ATTEMPTS + "/endpoint/{--endpoint}";
        }
        return values.has("--message") ? ATTEMPTS + "/msg/{--message}" : ATTEMPTS;
    }
}
