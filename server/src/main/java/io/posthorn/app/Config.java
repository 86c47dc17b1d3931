package io.posthorn.app;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Every setting, valid. What each means, its bounds and its default stand in {@link Settings} and in
 * {@code docs/configuration.md}; the components are named like the keys and stand in the same order. Sizes are bytes.
 *
 * @param host address to listen on
 * @param port port to listen on; 0 for any free one
 * @param publicUrl where people reach the server, without a slash at its end; null for its own host and port
 * @param dataDir folder of the embedded database and of generated keys
 * @param adminToken bearer token of the administrator; null to make one
 * @param secretKey base64 of the 32 bytes that encrypt signing secrets; null to make one
 * @param secretKeyPrevious earlier ones, with commas between them; null for none
 * @param logLevel how much the log says
 * @param eventLoops threads that accept and deliver; 0 for one for each processor
 * @param shutdownGrace how long an orderly stop waits
 * @param databaseUrl an external database, {@code postgresql://…} or {@code jdbc:postgresql://…}, perhaps with
 *     credentials in it; null for the embedded one
 * @param databaseUser its user
 * @param databasePassword the user's password
 * @param databasePoolSize most connections
 * @param embeddedPort port of the embedded database; 0 for any free one
 * @param databaseMaxSize above it, no new messages are accepted; 0 for no bound
 * @param maxBodyBytes largest body of a request
 * @param intakeQueueMessages most messages that wait for their commit
 * @param intakeQueueBytes most bytes that wait for their commit
 * @param requestDeadline longest that a request to the API may take
 * @param tokenRateLimit most requests a second with a token that has no limit of its own; 0 for any number
 * @param endpointLimit most active endpoints of an application that has no limit of its own
 * @param allowHttp deliver to http too
 * @param allowNetwork networks in CIDR notation to deliver to although they are not public
 * @param extraCa PEM file of further certificate authorities
 * @param endpointInFlight most requests under way to one endpoint
 * @param inFlight most requests under way in all
 * @param attemptTimeout longest that an attempt may take
 * @param connectTimeout longest that connecting may take
 * @param responseKeepBytes how much of a response's body is kept
 * @param laneQueue most deliveries in memory for one endpoint
 * @param memoryQueueBytes most bytes of payload in memory for all endpoints
 * @param svixHeaders send the {@code svix-} header names too
 * @param secretOverlap how long a secret goes on signing after it was rotated
 * @param recordLinkLifetime how long the link of a thin payload leads to its record
 * @param retrySchedule the delay after each failed attempt but the last; the first attempt is immediate
 * @param retryJitter each delay is multiplied by 1 ± this
 * @param retryAfterMax longest delay that a receiver can ask for
 * @param operationalApplication uid of the application that gets operational webhooks
 * @param backlogThreshold deliveries that wait for an endpoint, from which on the operator is told
 * @param smtpUrl URL of the mail server, perhaps with credentials in it; null for no mail
 * @param smtpFrom who mails are from; null for {@code posthorn@} the mail server's host
 * @param smtpStarttls whether an {@code smtp} server is spoken to after STARTTLS only
 * @param notificationDomains mail domains that owners of endpoints may name; empty for any
 * @param retentionPayloads how long payloads are kept
 * @param retentionAttempts how long attempts are kept
 * @param retentionMessages how long messages are kept
 */
public record Config(
        String host,
        int port,
        @Nullable String publicUrl,
        Path dataDir,
        @Nullable Secret adminToken,
        @Nullable Secret secretKey,
        @Nullable Secret secretKeyPrevious,
        LogLevel logLevel,
        int eventLoops,
        Duration shutdownGrace,
        @Nullable String databaseUrl,
        @Nullable String databaseUser,
        @Nullable Secret databasePassword,
        int databasePoolSize,
        int embeddedPort,
        long databaseMaxSize,
        long maxBodyBytes,
        int intakeQueueMessages,
        long intakeQueueBytes,
        Duration requestDeadline,
        int tokenRateLimit,
        int endpointLimit,
        boolean allowHttp,
        List<String> allowNetwork,
        @Nullable Path extraCa,
        int endpointInFlight,
        int inFlight,
        Duration attemptTimeout,
        Duration connectTimeout,
        long responseKeepBytes,
        int laneQueue,
        long memoryQueueBytes,
        boolean svixHeaders,
        Duration secretOverlap,
        Duration recordLinkLifetime,
        List<Duration> retrySchedule,
        double retryJitter,
        Duration retryAfterMax,
        String operationalApplication,
        int backlogThreshold,
        @Nullable Secret smtpUrl,
        @Nullable String smtpFrom,
        boolean smtpStarttls,
        List<String> notificationDomains,
        Duration retentionPayloads,
        Duration retentionAttempts,
        Duration retentionMessages) {

    /**
     * The defaults with some settings changed: for programs that bring their own, such as the demo and tests.
     *
     * @param settings key, as in the file, to its text; a list with commas
     * @throws IllegalArgumentException with every problem, if one of them is not valid
     */
    public static Config of(Map<String, String> settings) {
        List<Given> given = settings.entrySet().stream()
                .map(entry -> new Given(entry.getKey(), entry.getValue(), new Origin.Flag("--" + entry.getKey())))
                .toList();
        return switch (Resolution.of(given, List.of())) {
            case Loaded.Valid valid -> valid.config();
            case Loaded.Invalid invalid -> throw new IllegalArgumentException(invalid.message());
        };
    }

    /** Every setting's name and value, without passwords: a URL may hold one. */
    @Override
    public String toString() {
        return "Config[host=%s, port=%d, dataDir=%s, database=%s]"
                .formatted(host, port, dataDir, databaseUrl == null ? "embedded" : "external");
    }
}
