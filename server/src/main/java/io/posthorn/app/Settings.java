package io.posthorn.app;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;

import io.posthorn.catalog.Endpoints;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The table of settings. Everything else about configuration follows from it; a new setting begins here. */
public final class Settings {
    private static final long KIB = 1L << 10;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;

    private static final Duration MOST_RETENTION = ofDays(3_650);

    private static final String SERVER = "Server";
    private static final String DATABASE = "Database";
    private static final String ACCEPTING = "Accepting messages";
    private static final String REACHING = "Which receivers may be reached";
    private static final String DELIVERING = "Delivering";
    private static final String RETRYING = "Retrying";
    private static final String TELLING = "Telling the operator and the owners";
    private static final String KEEPING = "How long what is kept";

    static final Setting<String> HOST =
            new Setting<>("host", Kinds.word(255), "0.0.0.0", SERVER, "The address to listen on.");
    static final Setting<Integer> PORT = new Setting<>(
            "port", Kinds.number(0, 65_535), "8071", SERVER, "The port to listen on; 0 for any free one.");
    static final Setting<String> PUBLIC_URL = new Setting<>(
            "public-url",
            NetworkKinds.site(),
            null,
            SERVER,
            "Where people reach this server, for links to it. Without it, its own host and port.");
    static final Setting<Path> DATA_DIR = new Setting<>(
            "data-dir",
            Kinds.path(),
            "./posthorn-data",
            SERVER,
            "The folder of the embedded database and of generated keys. One server at a time can use it.");
    static final Setting<Secret> ADMIN_TOKEN = new Setting<>(
            "admin-token",
            Kinds.token(1, 256),
            null,
            SERVER,
            "The bearer token of the API's administrator. Without it one is made at the first start and printed that once.");
    static final Setting<Secret> SECRET_KEY = new Setting<>(
            "secret-key",
            Kinds.key(32),
            null,
            SERVER,
            "Encrypts the signing secrets in the database. Without it the server makes one and keeps it in `data-dir`.");
    static final Setting<Secret> SECRET_KEY_PREVIOUS = new Setting<>(
            "secret-key-previous",
            Kinds.keys(32, 10),
            null,
            SERVER,
            "Earlier values of `secret-key`, with commas between them. What they encrypted is encrypted anew after the"
                    + " start; the log says when they are not needed any more.");
    static final Setting<LogLevel> LOG_LEVEL =
            new Setting<>("log-level", Kinds.level(), "info", SERVER, "How much is written to standard error.");
    static final Setting<Integer> EVENT_LOOPS = new Setting<>(
            "event-loops",
            Kinds.number(0, 256),
            "0",
            SERVER,
            "Threads that accept and deliver; 0 for one for each processor.");
    static final Setting<Duration> SHUTDOWN_GRACE = new Setting<>(
            "shutdown-grace",
            Kinds.duration(ofSeconds(0), ofMinutes(10)),
            "30s",
            SERVER,
            "How long an orderly stop waits for requests under way. What is not finished then is deferred.");

    static final Setting<String> DATABASE_URL = new Setting<>(
            "database-url",
            NetworkKinds.database(),
            null,
            DATABASE,
            "A PostgreSQL database, 15 or later. Without it the embedded one in `data-dir` is started.");
    static final Setting<String> DATABASE_USER = new Setting<>(
            "database-user", Kinds.word(63), null, DATABASE, "The user of the database at `database-url`.");
    static final Setting<Secret> DATABASE_PASSWORD =
            new Setting<>("database-password", Kinds.password(), null, DATABASE, "The password of `database-user`.");
    static final Setting<Integer> DATABASE_POOL_SIZE = new Setting<>(
            "database-pool-size", Kinds.number(2, 100), "8", DATABASE, "Most connections to the database.");
    static final Setting<Integer> EMBEDDED_PORT = new Setting<>(
            "embedded-port",
            Kinds.number(0, 65_535),
            "0",
            DATABASE,
            "The port of the embedded database, on 127.0.0.1 only; 0 for any free one.");
    static final Setting<Long> DATABASE_MAX_SIZE = new Setting<>(
            "database-max-size",
            Kinds.size(0, 1L << 50),
            "0",
            DATABASE,
            "Above this size of the database (the embedded one with its write-ahead log) no new messages are accepted;"
                    + " what is there is delivered. A warning comes at 80 %. 0 for no bound.");

    static final Setting<Long> MAX_BODY_BYTES = new Setting<>(
            "max-body-bytes",
            Kinds.size(KIB, 64 * MIB),
            "1MiB",
            ACCEPTING,
            "The largest body of a request; 413 above.");
    static final Setting<Integer> INTAKE_QUEUE_MESSAGES = new Setting<>(
            "intake-queue-messages",
            Kinds.number(1, 1_000_000),
            "10000",
            ACCEPTING,
            "Most messages that wait for their commit; above, publishers are told to come back.");
    static final Setting<Long> INTAKE_QUEUE_BYTES = new Setting<>(
            "intake-queue-bytes",
            Kinds.size(KIB, 16 * GIB),
            "64MiB",
            ACCEPTING,
            "Most bytes of payload that wait for their commit; above, publishers are told to come back.");
    static final Setting<Duration> REQUEST_DEADLINE = new Setting<>(
            "request-deadline",
            Kinds.duration(ofMillis(100), ofMinutes(10)),
            "30s",
            ACCEPTING,
            "The longest that a request to the API may take; 503 then.");

    static final Setting<Integer> TOKEN_RATE_LIMIT = new Setting<>(
            "token-rate-limit",
            Kinds.number(0, 100_000),
            "0",
            ACCEPTING,
            "Most requests a second with one token, unless the token has a limit of its own; 0 for any number.");

    static final Setting<Integer> ENDPOINT_LIMIT = new Setting<>(
            "endpoint-limit",
            Kinds.number(1, Endpoints.MOST),
            "50",
            ACCEPTING,
            "Most active endpoints of an application that has no `endpointLimit` of its own, which an administrator sets.");

    static final Setting<Boolean> ALLOW_HTTP = new Setting<>(
            "allow-http", Kinds.truth(), "false", REACHING, "Deliver to http URLs too, not only to https.");
    static final Setting<List<String>> ALLOW_NETWORK = new Setting<>(
            "allow-network",
            Kinds.list(NetworkKinds.cidr(), 100),
            "",
            REACHING,
            "Networks to deliver to although they are not public.");
    static final Setting<Path> EXTRA_CA = new Setting<>(
            "extra-ca",
            Kinds.path(),
            null,
            REACHING,
            "A PEM file of certificate authorities to trust beside those of the Java runtime.");

    static final Setting<Integer> ENDPOINT_IN_FLIGHT = new Setting<>(
            "endpoint-in-flight", Kinds.number(1, 1_000), "50", DELIVERING, "Most requests under way to one endpoint.");
    static final Setting<Integer> IN_FLIGHT =
            new Setting<>("in-flight", Kinds.number(1, 65_536), "4096", DELIVERING, "Most requests under way in all.");
    static final Setting<Duration> ATTEMPT_TIMEOUT = new Setting<>(
            "attempt-timeout",
            Kinds.duration(ofMillis(100), ofMinutes(5)),
            "15s",
            DELIVERING,
            "The longest that an attempt may take, from the name lookup to the last byte of the response.");
    static final Setting<Duration> CONNECT_TIMEOUT = new Setting<>(
            "connect-timeout",
            Kinds.duration(ofMillis(10), ofMinutes(5)),
            "5s",
            DELIVERING,
            "The longest that connecting may take, within `attempt-timeout`.");
    static final Setting<Long> RESPONSE_KEEP_BYTES = new Setting<>(
            "response-keep-bytes",
            Kinds.size(0, MIB),
            "16KiB",
            DELIVERING,
            "How much of a response's body is kept with its attempt.");
    static final Setting<Integer> LANE_QUEUE = new Setting<>(
            "lane-queue",
            Kinds.number(1, 1_000_000),
            "1000",
            DELIVERING,
            "Most deliveries in memory for one endpoint; more wait in the database.");
    static final Setting<Long> MEMORY_QUEUE_BYTES = new Setting<>(
            "memory-queue-bytes",
            Kinds.size(MIB, 64 * GIB),
            "96MiB",
            DELIVERING,
            "Most bytes of payload in memory for all endpoints; more wait in the database.");
    static final Setting<Boolean> SVIX_HEADERS = new Setting<>(
            "svix-headers",
            Kinds.truth(),
            "false",
            DELIVERING,
            "Send the `svix-` names of the signature headers beside the `webhook-` ones.");
    static final Setting<Duration> SECRET_OVERLAP = new Setting<>(
            "secret-overlap",
            Kinds.duration(ofSeconds(0), ofDays(30)),
            "24h",
            DELIVERING,
            "How long a signing secret goes on signing beside the new one after a rotation that does not say it.");

    static final Setting<Duration> RECORD_LINK_LIFETIME = new Setting<>(
            "record-link-lifetime",
            Kinds.duration(ofMinutes(1), ofDays(30)),
            "24h",
            DELIVERING,
            "How long the link of a thin payload leads to its record, from each attempt on.");

    static final Setting<List<Duration>> RETRY_SCHEDULE = new Setting<>(
            "retry-schedule",
            Kinds.list(Kinds.duration(ofMillis(10), ofDays(30)), 50),
            "5s,5m,30m,2h,5h,10h,14h,20h,24h",
            RETRYING,
            "How long after each failed attempt the next one starts. The first is immediate; after the last there is"
                    + " none.");
    static final Setting<Double> RETRY_JITTER = new Setting<>(
            "retry-jitter",
            Kinds.fraction(0, 1),
            "0.1",
            RETRYING,
            "Each delay is multiplied by a random number between 1 − this and 1 + this.");
    static final Setting<Duration> RETRY_AFTER_MAX = new Setting<>(
            "retry-after-max",
            Kinds.duration(ofSeconds(0), ofDays(30)),
            "24h",
            RETRYING,
            "The longest delay that a receiver can ask for with `Retry-After`.");

    static final Setting<String> OPERATIONAL_APPLICATION = new Setting<>(
            "operational-application",
            NotifyKinds.uid(),
            "posthorn-operations",
            TELLING,
            "The uid of the application that gets operational webhooks, in each environment that has it.");
    static final Setting<Integer> BACKLOG_THRESHOLD = new Setting<>(
            "backlog-threshold",
            Kinds.number(1, 1_000_000_000),
            "10000",
            TELLING,
            "Deliveries that wait for one endpoint; from so many on there is an operational webhook.");
    static final Setting<Secret> SMTP_URL = new Setting<>(
            "smtp-url",
            NotifyKinds.mailServer(),
            null,
            TELLING,
            "The mail server, such as `smtp://user:password@mail.example.com:587`, or with `smtps`. Without it nothing"
                    + " is mailed.");
    static final Setting<String> SMTP_FROM = new Setting<>(
            "smtp-from",
            NotifyKinds.mailAddress(),
            null,
            TELLING,
            "Who mails are from. Without it, `posthorn@` and the host of the mail server.");
    static final Setting<Boolean> SMTP_STARTTLS = new Setting<>(
            "smtp-starttls",
            Kinds.truth(),
            "true",
            TELLING,
            "Speak to an `smtp://` server only after STARTTLS. Otherwise everything goes in the clear.");
    static final Setting<List<String>> NOTIFICATION_DOMAINS = new Setting<>(
            "notification-domains",
            Kinds.list(NotifyKinds.mailDomain(), 1_000),
            "",
            TELLING,
            "Domains of the e-mail addresses that owners of endpoints may name, such as `example.com`; none for any.");

    static final Setting<Duration> RETENTION_PAYLOADS = new Setting<>(
            "retention-payloads",
            Kinds.duration(ofDays(1), MOST_RETENTION),
            "30d",
            KEEPING,
            "How long the payloads of messages are kept. What still waits to be delivered keeps its own.");
    static final Setting<Duration> RETENTION_ATTEMPTS = new Setting<>(
            "retention-attempts",
            Kinds.duration(ofDays(1), MOST_RETENTION),
            "90d",
            KEEPING,
            "How long attempts are kept, with what was answered. Not shorter than `retention-payloads`.");
    static final Setting<Duration> RETENTION_MESSAGES = new Setting<>(
            "retention-messages",
            Kinds.duration(ofDays(1), MOST_RETENTION),
            "90d",
            KEEPING,
            "How long messages are kept. Not shorter than `retention-payloads`. What still waits to be delivered ends then.");

    /** All of them, in the order in which people see them. */
    public static final List<Setting<?>> ALL = List.of(
            HOST,
            PORT,
            PUBLIC_URL,
            DATA_DIR,
            ADMIN_TOKEN,
            SECRET_KEY,
            SECRET_KEY_PREVIOUS,
            LOG_LEVEL,
            EVENT_LOOPS,
            SHUTDOWN_GRACE,
            DATABASE_URL,
            DATABASE_USER,
            DATABASE_PASSWORD,
            DATABASE_POOL_SIZE,
            EMBEDDED_PORT,
            DATABASE_MAX_SIZE,
            MAX_BODY_BYTES,
            INTAKE_QUEUE_MESSAGES,
            INTAKE_QUEUE_BYTES,
            REQUEST_DEADLINE,
            TOKEN_RATE_LIMIT,
            ENDPOINT_LIMIT,
            ALLOW_HTTP,
            ALLOW_NETWORK,
            EXTRA_CA,
            ENDPOINT_IN_FLIGHT,
            IN_FLIGHT,
            ATTEMPT_TIMEOUT,
            CONNECT_TIMEOUT,
            RESPONSE_KEEP_BYTES,
            LANE_QUEUE,
            MEMORY_QUEUE_BYTES,
            SVIX_HEADERS,
            SECRET_OVERLAP,
            RECORD_LINK_LIFETIME,
            RETRY_SCHEDULE,
            RETRY_JITTER,
            RETRY_AFTER_MAX,
            OPERATIONAL_APPLICATION,
            BACKLOG_THRESHOLD,
            SMTP_URL,
            SMTP_FROM,
            SMTP_STARTTLS,
            NOTIFICATION_DOMAINS,
            RETENTION_PAYLOADS,
            RETENTION_ATTEMPTS,
            RETENTION_MESSAGES);

    private Settings() {}
}
