package io.posthorn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends one message, or one for each line. */
@Command(
        name = "send",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description = "Sends a message to an application, or one for each line of a file or of standard input.",
        footer = {
            "%nThe payload is delivered byte for byte as it is given here.",
            "%nWith --lines each line is a message, {\"eventType\", \"payload\", \"eventId\", \"channels\", \"tags\"},",
            "or a payload if there is --event-type. Without --event-type a file is always taken so. Lines go in batches,",
            "several at a time: --in-flight 1 keeps their order. What the server cannot take at the moment is sent",
            "again. An eventId makes it safe to send a file twice: what is there already is counted as a duplicate.",
            "%nWith --sync the subscribers are asked at once, and what they say is shown: one message, no lines.",
            "%nExit codes: 0 everything was sent (or was there already); 1 something was refused, or with --sync it is",
            "not to go on; 3 no server.",
            "%nExamples",
            "  posthorn send --app acme --event-type invoice.paid '{\"id\": \"inv_1\"}'",
            "  posthorn send --app acme --event-type invoice.paid --event-id inv_1 --file invoice.json",
            "  posthorn send --app acme --event-type trial.ended --deliver-at 14d '{\"id\": \"usr_1\"}'",
            "  posthorn send --app acme --event-type order.before --sync --decision veto --deadline 3s '{\"id\": \"ord_1\"}'",
            "  cat events.jsonl | posthorn send --app acme --continue-on-error -",
            "  posthorn send --app acme --event-type user.created --lines --file users.jsonl",
        })
final class SendCommand implements Callable<Integer> {
    private static final int MOST = 64 << 20;

    private final Surroundings surroundings;

    @Mixin
    private final RemoteOptions remote = new RemoteOptions();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec command;

    @Option(
            names = "--app",
            paramLabel = "APP",
            description = "The application, its id or uid. Default: " + PathParts.APP_VARIABLE)
    private @Nullable String app;

    @Option(names = "--event-type", paramLabel = "TYPE", description = "What it is about.")
    private @Nullable String eventType;

    @Option(
            names = "--event-id",
            paramLabel = "ID",
            description = "Your own id; a second message with it is refused as a duplicate.")
    private @Nullable String eventId;

    @Option(names = "--channel", paramLabel = "CHANNEL", description = "A channel, once for each.")
    private List<String> channels = new ArrayList<>();

    @Option(names = "--tag", paramLabel = "TAG", description = "A tag, once for each.")
    private List<String> tags = new ArrayList<>();

    @Option(
            names = "--ordering-key",
            paramLabel = "KEY",
            description = "What it is in order by, at endpoints that have an order by key.")
    private @Nullable String orderingKey;

    @Option(names = "--deliver-at", paramLabel = "TIME", description = "Not sent before: a time, or 2h, 3d from now.")
    private @Nullable String deliverAt;

    @Option(names = "--sync", description = "Ask the subscribers now, and wait for what they say.")
    private boolean sync;

    @Option(
            names = "--decision",
            paramLabel = "RULE",
            description = "With --sync: whose answers count, first, all, merge or veto. Default: first")
    private @Nullable String decision;

    @Option(
            names = "--deadline",
            paramLabel = "DURATION",
            description = "With --sync: how long to wait at most, 100ms to 30s. Default: 5s")
    private @Nullable String deadline;

    @Option(
            names = "--merge",
            paramLabel = "JSONATA",
            description = "With --decision merge: what makes one content of the answers.")
    private @Nullable String merge;

    @Option(
            names = "--failure",
            paramLabel = "open|closed",
            description = "With --sync: whether to go on if subscribers fail. Default: open")
    private @Nullable String failure;

    @Option(names = "--file", paramLabel = "FILE", description = "Read it from a file; - is standard input.")
    private @Nullable String file;

    @Option(names = "--lines", description = "One message or payload in each line.")
    private boolean lines;

    @Option(names = "--continue-on-error", description = "With lines: go on after a line that was refused.")
    private boolean goOn;

    @Option(
            names = "--in-flight",
            paramLabel = "NUMBER",
            description = "With lines: how many requests at a time, 1 to 16. Default: 4")
    private int inFlight = 4;

    @Option(
            names = "--give-up-after",
            paramLabel = "DURATION",
            description = "With lines: how long a batch is tried that the server cannot take. Default: 5m")
    private String giveUpAfter = "5m";

    @Parameters(arity = "0..1", paramLabel = "DATA", description = "The payload, JSON; - is standard input.")
    private @Nullable String data;

    SendCommand(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    @Override
    public Integer call() throws RemoteFailure, InterruptedException {
        if (data != null && file != null) {
            throw wrong("either DATA or --file, not both", null);
        }
        String source = file != null ? file : Inputs.STANDARD.equals(data) ? Inputs.STANDARD : null;
        if (source == null && data == null) {
            throw wrong("what is to be sent? DATA, --file FILE, or - for standard input", null);
        }
        if (inFlight < 1 || inFlight > 16) {
            throw wrong("--in-flight must be 1 to 16", null);
        }
        boolean many = lines || (source != null && eventType == null);
        if (!many && eventType == null) {
            throw wrong("--event-type is needed", null);
        }
        if (many && eventId != null) {
            throw wrong("--event-id is for one message; with lines, each has its own eventId", null);
        }
        if (many && orderingKey != null) {
            throw wrong("--ordering-key is for one message; with lines, each has its own orderingKey", null);
        }
        if (many && deliverAt != null) {
            throw wrong("--deliver-at is for one message; with lines, each has its own deliverAt", null);
        }
        if (many && eventType == null && !(channels.isEmpty() && tags.isEmpty())) {
            throw wrong("--channel and --tag go with --event-type; otherwise each line has its own", null);
        }
        if (sync && (many || deliverAt != null)) {
            throw wrong("--sync is for one message, sent now", null);
        }
        if (!sync && (decision != null || deadline != null || merge != null || failure != null)) {
            throw wrong("--decision, --deadline, --merge and --failure go with --sync", null);
        }
        String path = "/app/" + ApiClient.encode(appId()) + "/msg";
        try (ApiClient api = remote.connect(surroundings, command.commandLine())) {
            if (sync) {
                return asked(api, path + "/sync", payload(source));
            }
            if (!many) {
                return one(api, path, payload(source));
            }
            Duration patience = patience();
            return source == null
                    ? lines(api, path, patience, new ByteArrayInputStream(bytes(data)), "DATA")
                    : file(api, path, patience, source);
        }
    }

    private byte[] payload(@Nullable String source) throws RemoteFailure {
        byte[] payload = source == null ? bytes(data) : Inputs.read(surroundings, source, MOST);
        String wrong = JsonText.wrong(payload, false);
        if (wrong != null) {
            throw new RemoteFailure(ExitCodes.USAGE, "the payload " + wrong);
        }
        return payload;
    }

    private int one(ApiClient api, String path, byte[] payload) throws RemoteFailure, InterruptedException {
        JsonNode answer = api.json(ApiClient.Call.of(
                "POST", path + (remote.json() ? "" : "?with_content=false"), Envelope.of(head(), payload)));
        if (remote.json()) {
            new Printer(surroundings, command.commandLine()).json(answer);
        } else {
            surroundings.out().println("Accepted " + Cells.of(answer.path("id")) + ".");
        }
        return ExitCodes.OK;
    }

    private int asked(ApiClient api, String path, byte[] payload) throws RemoteFailure, InterruptedException {
        ObjectNode head = head();
        ObjectNode how = head.putObject("sync");
        put(how, "decision", decision);
        put(how, "deadline", deadline);
        put(how, "merge", merge);
        put(how, "failure", failure);
        JsonNode answer = api.json(ApiClient.Call.of("POST", path, Envelope.of(head, payload)));
        if (remote.json()) {
            new Printer(surroundings, command.commandLine()).json(answer);
        } else {
            show(answer);
        }
        return answer.at("/decision/proceed").booleanValue() ? ExitCodes.OK : ExitCodes.FAILURE;
    }

    private static void put(ObjectNode object, String name, @Nullable String value) {
        if (value != null) {
            object.put(name, value);
        }
    }

    private void show(JsonNode answer) {
        JsonNode decided = answer.path("decision");
        JsonNode reason = decided.path("reason");
        surroundings
                .out()
                .println(Cells.of(answer.path("id"))
                        + (decided.path("proceed").booleanValue() ? " goes on" : " does not go on")
                        + (reason.isTextual() ? ": " + Cells.of(reason) : "."));
        for (JsonNode result : answer.path("results")) {
            JsonNode uid = result.path("endpointUid");
            JsonNode error = result.path("error");
            surroundings
                    .out()
                    .println("  " + Cells.of(uid.isTextual() ? uid : result.path("endpointId")) + "  "
                            + Cells.of(result.path("status"))
                            + (error.isTextual() ? ": " + Cells.of(error) : ""));
        }
        if (decided.path("changed").booleanValue()) {
            surroundings.out().println(Cells.oneLine(decided.path("content").toString()));
        }
    }

    private int file(ApiClient api, String path, Duration patience, String source)
            throws RemoteFailure, InterruptedException {
        try (InputStream in = Inputs.open(surroundings, source)) {
            return lines(api, path, patience, in, Inputs.shown(source));
        } catch (IOException e) {
            throw Inputs.unreadable(source, e);
        }
    }

    private int lines(ApiClient api, String path, Duration patience, InputStream in, String name)
            throws RemoteFailure, InterruptedException {
        SendTally tally = new SendTally(surroundings, System::nanoTime);
        LineSender sender = new LineSender(
                api, path + "/batch?with_content=false", tally, patience, inFlight, goOn, ApiClient.Pause.SLEEP);
        try {
            sender.run(new LineReader(in, eventType == null ? null : head()));
        } catch (IOException e) {
            throw Inputs.unreadable(name, e);
        } finally {
            tally.conclude(remote.json());
        }
        return tally.refused() == 0 ? ExitCodes.OK : ExitCodes.FAILURE;
    }

    /** The message without its payload. */
    private ObjectNode head() {
        ObjectNode head = JsonText.object().put("eventType", eventType);
        if (eventId != null) {
            head.put("eventId", eventId);
        }
        if (orderingKey != null) {
            head.put("orderingKey", orderingKey);
        }
        if (deliverAt != null) {
            head.put("deliverAt", deliverAt(deliverAt));
        }
        if (!channels.isEmpty()) {
            channels.forEach(head.putArray("channels")::add);
        }
        if (!tags.isEmpty()) {
            tags.forEach(head.putArray("tags")::add);
        }
        return head;
    }

    private String appId() {
        String found = app == null ? surroundings.environment().getOrDefault(PathParts.APP_VARIABLE, "") : app;
        if (found.isEmpty()) {
            throw wrong("--app (or " + PathParts.APP_VARIABLE + ") is needed", null);
        }
        return found;
    }

    private String deliverAt(String text) {
        try {
            return Times.time(text, Instant.now(), true).toString();
        } catch (IllegalArgumentException e) {
            throw wrong("--deliver-at " + e.getMessage(), e);
        }
    }

    private Duration patience() {
        try {
            return Times.duration(giveUpAfter);
        } catch (IllegalArgumentException e) {
            throw wrong("--give-up-after " + e.getMessage(), e);
        }
    }

    private static byte[] bytes(@Nullable String text) {
        return text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
    }

    private ParameterException wrong(String message, @Nullable Throwable cause) {
        return new ParameterException(command.commandLine(), message, cause);
    }
}
