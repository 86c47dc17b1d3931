package io.posthorn.cli;

import static io.posthorn.cli.Field.flag;
import static io.posthorn.cli.Field.headers;
import static io.posthorn.cli.Field.json;
import static io.posthorn.cli.Field.number;
import static io.posthorn.cli.Field.pairs;
import static io.posthorn.cli.Field.past;
import static io.posthorn.cli.Field.text;
import static io.posthorn.cli.Field.texts;
import static io.posthorn.cli.Field.words;

/** {@code posthorn app}, {@code endpoint} and {@code event-type}: what messages are sent to and what they are. */
final class CatalogCommands {
    private static final String EMPTY = " An empty value takes it away.";
    private static final Field UID = text("--uid", "uid", "Your own id for it: letters, digits, - _ .");
    private static final Field METADATA =
            pairs("--metadata", "metadata", "What you want to keep with it; all of it, once for each.");
    private static final Field RATE = number("--rate-limit", "rateLimit", "Messages a second." + EMPTY);

    private static final Field PAUSED = flag("--paused", "paused", "Whether nothing is sent to its endpoints for now.");
    private static final Field LIMIT =
            number("--endpoint-limit", "endpointLimit", "Most endpoints that are not disabled." + EMPTY);

    private static final Field SCOPES =
            texts("--scope", "scopes", "A scope that it has, once for each; it may be told of nothing else." + EMPTY);

    private static final String APPS = "/app";
    private static final String APP = "/app/{APP}";
    private static final String ENDPOINTS = "/app/{--app}/endpoint";
    private static final String ENDPOINT = ENDPOINTS + "/{ENDPOINT}";
    private static final String TYPES = "/event-type";
    private static final String TYPE = TYPES + "/{EVENT_TYPE}";

    private static final String PROFILES = "/profile";
    private static final String PROFILE = PROFILES + "/{PROFILE}";

    private CatalogCommands() {}

    static Group apps() {
        return Group.of(
                "app",
                "Applications: the customers that messages are sent to.",
                Verb.list(
                                APPS,
                                "Lists the applications.",
                                Column.of("ID", "id"),
                                Column.of("UID", "uid"),
                                Column.of("NAME", "name"),
                                Column.of("RATE LIMIT", "rateLimit"),
                                Column.of("CREATED", "createdAt"))
                        .query(flag(
                                "--with-endpoints",
                                "exclude_apps_with_no_endpoints",
                                "Only those that have endpoints."))
                        .example("app list", "")
                        .example("app list --all --json | jq -r '.[].id'", "the ids of all"),
                Verb.get("get", APP, "Shows an application.").example("app get acme", ""),
                Verb.post("create", APPS, "Creates an application.")
                        .body(
                                words("--name", "name", "What people call it.").needed(),
                                UID,
                                RATE,
                                METADATA,
                                PAUSED,
                                LIMIT,
                                SCOPES)
                        .query(flag(
                                "--get-if-exists",
                                "get_if_exists",
                                "Whether one that has the uid already is shown instead."))
                        .example("app create --name Acme --uid acme", "")
                        .example("app create --name Acme --uid acme --metadata plan=gold --metadata region=eu", ""),
                Verb.patch("update", APP, "Changes what is given of an application, and nothing else.")
                        .body(
                                words("--name", "name", "What people call it."),
                                text("--uid", "uid", "Your own id for it." + EMPTY),
                                RATE,
                                METADATA,
                                PAUSED,
                                LIMIT,
                                SCOPES)
                        .example("app update acme --name 'Acme Ltd.'", "")
                        .example("app update acme --rate-limit=", "without a limit again"),
                Verb.delete("delete", APP, "Deletes an application with its endpoints.")
                        .example("app delete acme", ""));
    }

    static Group endpoints() {
        return Group.of(
                "endpoint",
                "Endpoints: where an application receives its messages.",
                Verb.list(
                                ENDPOINTS,
                                "Lists the endpoints of an application.",
                                Column.of("ID", "id"),
                                Column.of("UID", "uid"),
                                Column.of("URL", "url"),
                                Column.of("EVENT TYPES", "filterTypes"),
                                Column.of("CHANNELS", "channels"),
                                Column.of("DISABLED", "disabled"),
                                Column.of("CREATED", "createdAt"))
                        .example("endpoint list --app acme", ""),
                Verb.get("get", ENDPOINT, "Shows an endpoint.").example("endpoint get --app acme main", ""),
                Verb.post("create", ENDPOINTS, "Creates an endpoint.")
                        .body(
                                words("--url", "url", "Where requests are sent, https.")
                                        .needed(),
                                UID)
                        .body(endpointFields())
                        .example("endpoint create --app acme --url https://acme.example/hooks", "")
                        .example(
                                "endpoint create --app acme --url https://acme.example/hooks --event-type invoice.paid"
                                        + " --event-type invoice.void",
                                ""),
                Verb.patch("update", ENDPOINT, "Changes what is given of an endpoint, and nothing else.")
                        .body(
                                words("--url", "url", "Where requests are sent, https."),
                                text("--uid", "uid", "Your own id for it." + EMPTY))
                        .body(endpointFields())
                        .example("endpoint update --app acme main --disabled true", "")
                        .example("endpoint update --app acme main --paused true", "")
                        .example("endpoint update --app acme main --order fifoByKey --order-key '$.customer.id'", "")
                        .example(
                                "endpoint update --app acme main --delivery '{\"retry\": {\"schedule\": [\"30s\", \"1m\"]}}'",
                                "")
                        .example("endpoint update --app acme main --event-type=", "all event types again")
                        .example("endpoint update --app acme main --profile admin", "")
                        .example("endpoint update --app acme main --filter '{\"jsonata\": \"amount > 100\"}'", "")
                        .example(
                                "endpoint update --app acme main --authentication @credentials.json",
                                "not in the history"),
                Verb.delete("delete", ENDPOINT, "Deletes an endpoint.").example("endpoint delete --app acme main", ""),
                Verb.get("secret", ENDPOINT + "/secret", "Shows the signing secret of an endpoint.")
                        .says(answer -> answer.path("key").asText())
                        .example("endpoint secret --app acme main", ""),
                Verb.post(
                                "rotate-secret",
                                ENDPOINT + "/secret/rotate",
                                "Gives an endpoint a new signing secret; the old one is signed with too for a while.")
                        .body(
                                text("--secret", "key", "The new one, whsec_ and base64. Default: one is made."),
                                number(
                                        "--grace-seconds",
                                        "gracePeriodSeconds",
                                        "How long the old one is signed with too."))
                        .says(answer -> "The endpoint has a new secret; posthorn endpoint secret shows it.")
                        .example("endpoint rotate-secret --app acme main", "")
                        .example("endpoint rotate-secret --app acme main --grace-seconds 0", "at once: it leaked"),
                Verb.get("headers", ENDPOINT + "/headers", "Shows the headers that an endpoint's requests get.")
                        .example("endpoint headers --app acme main", ""),
                Verb.patch("set-headers", ENDPOINT + "/headers", "Changes the headers that an endpoint's requests get.")
                        .body(
                                headers(
                                        "--header",
                                        "headers",
                                        "A header to set, once for each; 'NAME: VALUE' is possible, too."),
                                texts("--remove", "deleteHeaders", "The name of a header to remove, once for each."))
                        .says(answer -> "The headers are changed.")
                        .example("endpoint set-headers --app acme main --header X-Tenant=7 --remove X-Old", ""),
                Verb.get("health", ENDPOINT + "/health", "Shows how an endpoint is doing at this moment.")
                        .example("endpoint health --app acme main", ""),
                Verb.get("stats", ENDPOINT + "/stats", "Counts the deliveries of an endpoint by their state.")
                        .query(
                                past("--since", "since", "Only those from then on: a time, or 2h, 3d ago."),
                                past("--until", "until", "Only those until then."))
                        .example("endpoint stats --app acme main --since 1d", "since yesterday"),
                Verb.post("recover", ENDPOINT + "/recover", "Sends again what an endpoint did not get.")
                        .body(
                                past("--since", "since", "What failed from then on: a time, or 2h, 3d ago.")
                                        .needed(),
                                past("--until", "until", "What failed until then. Default: now."))
                        .example("endpoint recover --app acme main --since 2h", "")
                        .example(
                                "task wait $(posthorn endpoint recover --app acme main --since 2h --json | jq -r .id)",
                                "and wait for the end"),
                Verb.post(
                                "replay-missing",
                                ENDPOINT + "/replay-missing",
                                "Sends what an endpoint would have got and was never sent to it.")
                        .body(
                                past("--since", "since", "Messages from then on: a time, or 2h, 3d ago.")
                                        .needed(),
                                past("--until", "until", "Messages until then. Default: now."))
                        .example("endpoint replay-missing --app acme main --since 3d", ""),
                Verb.post("bulk-replay", ENDPOINT + "/bulk-replay", "Sends everything of a time to an endpoint again.")
                        .body(
                                past("--since", "since", "Messages from then on: a time, or 2h, 3d ago.")
                                        .needed(),
                                past("--until", "until", "Messages until then. Default: now."),
                                texts("--event-type", "eventTypes", "Only of this type, once for each."),
                                text("--channel", "channel", "Only of this channel."),
                                text("--tag", "tag", "Only with this tag."),
                                words(
                                        "--status",
                                        "status",
                                        "Only what is delivered, failed or missing (never sent). Default: all."))
                        .example("endpoint bulk-replay --app acme main --since 3d", "")
                        .example("endpoint bulk-replay --app acme new --since 30d --status missing", ""),
                Verb.post(
                                "send-example",
                                ENDPOINT + "/send-example",
                                "Sends an example of an event type to an endpoint.")
                        .body(words("--event-type", "eventType", "The event type.")
                                .needed())
                        .example("endpoint send-example --app acme main --event-type invoice.paid", ""),
                Verb.post(
                                "try",
                                ENDPOINT + "/transform/try",
                                "Shows what would be sent of a message, and sends nothing.")
                        .body(
                                words("--message", "messageId", "The message, by its id or its publisher's.")
                                        .needed(),
                                words(
                                        "--transformation",
                                        "transformation",
                                        "JSONata in the place of the endpoint's own."),
                                words("--profile", "profile", "A profile in the place of the endpoint's own."))
                        .example("endpoint try --app acme main --message inv-42", ""));
    }

    private static Field[] endpointFields() {
        return new Field[] {
            texts(
                    "--event-type",
                    "filterTypes",
                    "An event type that it wants, once for each; user.* for all below, group:NAME for a group. Default: all."),
            texts("--channel", "channels", "A channel that it wants, once for each. Default: all."),
            words("--description", "description", "What it is for."),
            flag("--disabled", "disabled", "Whether it gets nothing."),
            flag("--paused", "paused", "Whether its deliveries wait."),
            text("--profile", "profile", "How its requests are made: a profile's name." + EMPTY),
            json("--config", "config", "What its profile may send along, any JSON; it is shown to nobody." + EMPTY),
            json("--filter", "filter", "Which messages it wants beside that; see docs/transformations.md." + EMPTY),
            text("--transformation", "transformation", "JSONata from the request to the one that is sent." + EMPTY),
            text("--payload", "payload", "full, or thin for type and id with a link." + EMPTY),
            text("--payload-version", "payloadVersion", "The version of the payload that it was written for." + EMPTY),
            json(
                    "--authentication",
                    "authentication",
                    "How Posthorn proves to it who is sending, beside the signature; see docs/authentication.md."
                            + EMPTY),
            json("--tls", "tls", "A client certificate, a private CA or pinned keys." + EMPTY),
            json("--delivery", "delivery", "What is decided about its deliveries; see docs/delivery.md." + EMPTY),
            words("--order", "delivery.order.mode", "unordered, fifo, fifoByKey or latestByKey."),
            text(
                    "--order-key",
                    "delivery.order.key",
                    "Where the key stands in the payload, such as $.customer.id." + EMPTY),
            words(
                    "--on-exhausted",
                    "delivery.order.onExhausted",
                    "Whether those behind an exhausted one go on: skip or hold."),
            RATE,
            text("--secret", "secret", "The signing secret, whsec_ and base64. Default: one is made."),
            METADATA,
        };
    }

    static Group eventTypes() {
        return Group.of(
                "event-type",
                "Event types: what messages are about.",
                Verb.list(
                                TYPES,
                                "Lists the event types.",
                                Column.of("NAME", "name"),
                                Column.of("GROUP", "groupName"),
                                Column.of("ARCHIVED", "archived"),
                                Column.of("DEPRECATED", "deprecated"),
                                Column.of("DESCRIPTION", "description"))
                        .query(
                                flag("--include-archived", "include_archived", "Whether archived ones are shown."),
                                flag("--with-content", "with_content", "Whether schemas are shown, with --json."))
                        .example("event-type list", ""),
                Verb.get("get", TYPE, "Shows an event type.").example("event-type get invoice.paid", ""),
                Verb.post("create", TYPES, "Creates an event type.")
                        .body(
                                words("--name", "name", "Its name, such as invoice.paid.")
                                        .needed(),
                                words("--description", "description", "What it means.")
                                        .needed())
                        .body(typeFields())
                        .example("event-type create --name invoice.paid --description 'An invoice was paid.'", "")
                        .example(
                                "event-type create --name invoice.paid --description 'Paid.' --schemas @schemas.json",
                                "with JSON Schemas by version"),
                Verb.patch("update", TYPE, "Changes what is given of an event type, and nothing else.")
                        .body(words("--description", "description", "What it means."))
                        .body(typeFields())
                        .example("event-type update invoice.paid --deprecated true", ""),
                Verb.delete("delete", TYPE, "Archives an event type; with --expunge true it is removed.")
                        .query(flag("--expunge", "expunge", "Whether it is removed."))
                        .example("event-type delete invoice.paid", "")
                        .example("event-type delete invoice.paid --expunge true", ""),
                Verb.list(
                                "/catalogue",
                                "Lists the catalogues that come with the server; event-type import takes them.",
                                Column.of("NAME", "name"),
                                Column.of("DESCRIPTION", "description"),
                                Column.of("EVENT TYPES", "eventTypes"))
                        .named("catalogues")
                        .example("event-type catalogues", ""));
    }

    private static Field[] typeFields() {
        return new Field[] {
            text("--group", "groupName", "The group that it is shown in." + EMPTY),
            flag("--archived", "archived", "Whether it is hidden."),
            flag("--deprecated", "deprecated", "Whether it should no longer be used."),
            json("--schemas", "schemas", "An object from version to JSON Schema." + EMPTY),
            json("--example", "example", "A payload." + EMPTY),
            texts("--scope", "scopes", "A scope that an application needs, once for each." + EMPTY),
            flag("--sync", "sync", "Whether it is for synchronous calls only."),
            words(
                    "--schema-mode",
                    "schemaMode",
                    "What happens to a payload that breaks its schema: off, warn, reject."),
            text("--current-version", "version", "The version that publishers send. Default: the newest." + EMPTY),
            json(
                    "--downgrades",
                    "downgrades",
                    "An object from version to JSONata that makes the version before it." + EMPTY),
        };
    }

    static Group profiles() {
        return Group.of(
                "profile",
                "Profiles: how messages become requests.",
                Verb.list(
                                PROFILES,
                                "Lists the profiles, the built-in ones among them.",
                                Column.of("NAME", "name"),
                                Column.of("BUILT-IN", "builtin"),
                                Column.of("DESCRIPTION", "description"),
                                Column.of("UPDATED", "updatedAt"))
                        .example("profile list", ""),
                Verb.get("get", PROFILE, "Shows a profile.")
                        .says(answer -> answer.path("source").asText())
                        .example("profile get admin > mine.yaml", "a built-in one to begin with"),
                Verb.delete("delete", PROFILE, "Deletes a profile that no endpoint has.")
                        .example("profile delete acme", ""));
    }
}
