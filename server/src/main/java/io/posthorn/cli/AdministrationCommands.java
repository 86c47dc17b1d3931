package io.posthorn.cli;

import static io.posthorn.cli.Field.future;
import static io.posthorn.cli.Field.number;
import static io.posthorn.cli.Field.text;
import static io.posthorn.cli.Field.words;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code posthorn token}, {@code environment}, {@code task} and {@code audit}: running it. */
final class AdministrationCommands {
    private static final String TOKENS = "/token";
    private static final String ENVIRONMENTS = "/environment";
    private static final String ENVIRONMENT = ENVIRONMENTS + "/{ENVIRONMENT}";
    private static final String TASKS = "/background-task";

    private AdministrationCommands() {}

    static Group tokens() {
        return Group.of(
                "token",
                "Tokens: who may do what.",
                Verb.list(
                                TOKENS,
                                "Lists the tokens, without what is secret of them.",
                                Column.of("ID", "id"),
                                Column.of("NAME", "name"),
                                Column.of("ROLE", "role"),
                                Column.of("APP", "appId"),
                                Column.of("ENVIRONMENT", "environmentId"),
                                Column.of("EXPIRES", "expiresAt"),
                                Column.of("LAST USED", "lastUsedAt"))
                        .example("token list", ""),
                Verb.post("create", TOKENS, "Creates a token and prints it, this once.")
                        .body(
                                words("--name", "name", "Who has it.").needed(),
                                words("--role", "role", "administrator, publisher, viewer or application")
                                        .needed(),
                                text("--app", "appId", "The application that it may see; for the role application."),
                                future(
                                        "--expires",
                                        "expiresAt",
                                        "When it ends: a time, or 30d from now. Default: never."),
                                number("--rate-limit", "rateLimit", "Requests a second. Default: no limit."),
                                text(
                                        "--for-environment",
                                        "environment",
                                        "The environment that it is for. Default: the one worked in."))
                        .says(AdministrationCommands::created)
                        .example("token create --name billing --role publisher", "")
                        .example("token create --name portal --role application --app acme --expires 7d", "")
                        .example("token create --name ci --role publisher --json | jq -r .token > token", ""),
                Verb.delete("revoke", TOKENS + "/{TOKEN}", "Revokes a token: it is not accepted any more.")
                        .deleted("Revoked")
                        .example("token revoke tok_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""));
    }

    private static String created(JsonNode answer) {
        return "Token " + Cells.of(answer.path("id")) + " (" + Cells.of(answer.path("role")) + "), shown this once:\n"
                + Cells.of(answer.path("token"));
    }

    static Group environments() {
        return Group.of(
                "environment",
                "Environments: isolated from each other in one installation.",
                Verb.list(
                                ENVIRONMENTS,
                                "Lists the environments.",
                                Column.of("ID", "id"),
                                Column.of("NAME", "name"),
                                Column.of("CREATED", "createdAt"))
                        .example("environment list", ""),
                Verb.post("create", ENVIRONMENTS, "Creates an environment.")
                        .body(words("--name", "name", "Its name.").needed())
                        .example("environment create --name staging", ""),
                Verb.patch("rename", ENVIRONMENT, "Gives an environment another name.")
                        .body(words("--name", "name", "Its new name.").needed())
                        .example("environment rename staging --name testing", ""),
                Verb.patch("set-profile", ENVIRONMENT, "Gives all endpoints that have chosen none a profile.")
                        .body(text("--profile", "profile", "Its name. An empty value is for standard.")
                                .needed())
                        .example("environment set-profile staging --profile admin", ""),
                Verb.delete("delete", ENVIRONMENT, "Deletes an environment.")
                        .example("environment delete testing", ""));
    }

    static Group tasks() {
        return Group.of(
                "task",
                "Tasks: long work that the server does in the background, such as recovering.",
                Verb.list(
                                TASKS,
                                "Lists the tasks.",
                                Column.of("ID", "id"),
                                Column.of("TASK", "task"),
                                Column.of("STATUS", "status"),
                                Column.of("UPDATED", "updatedAt"))
                        .query(
                                text("--status", "status", "Only those of this status: running, finished, failed …"),
                                text("--task", "task", "Only those of this kind: endpoint.recover …"))
                        .example("task list --status running", ""),
                Verb.get("get", TASKS + "/{TASK}", "Shows a task.")
                        .example("task get qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""),
                Verb.post("pause", TASKS + "/{TASK}/pause", "Lets a task wait, with what it has not sent yet.")
                        .example("task pause qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""),
                Verb.post("resume", TASKS + "/{TASK}/resume", "Lets a task go on that was paused.")
                        .example("task resume qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""),
                Verb.post("cancel", TASKS + "/{TASK}/cancel", "Ends a task before it is done.")
                        .example("task cancel qtask_01K9ZQ2V5E8S7X3N4M6P0R1T2W", ""));
    }

    static Group audit() {
        return Group.of(
                "audit",
                "The audit log: who changed what.",
                Verb.list(
                                "/audit-log",
                                "Lists what was changed, the newest first.",
                                Column.of("TIME", "at"),
                                Column.of("TOKEN", "tokenName"),
                                Column.of("ROLE", "role"),
                                Column.of("ACTION", "action"),
                                Column.of("TARGET", "target"),
                                Column.of("APP", "appId"),
                                Column.of("DETAILS", "details"))
                        .query(
                                text("--action", "action", "Only this action."),
                                text("--token-id", "token_id", "Only what was done with this token."),
                                text("--app-id", "app_id", "Only what was done in this application, its id."),
                                text("--scope", "scope", "installation: changes that belong to no environment."))
                        .example("audit list --limit 100", "")
                        .example("audit list --token-id tok_01K9ZQ2V5E8S7X3N4M6P0R1T2W", "")
                        .example("audit list --all --json | jq -r '.[] | [.at, .tokenName, .action] | @tsv'", ""));
    }
}
