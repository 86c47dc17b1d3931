package io.posthorn.app;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.posthorn.dispatch.DispatchMetrics;
import io.posthorn.history.RecorderMetrics;
import io.posthorn.history.Settlement;
import io.posthorn.intake.IntakeMetrics;
import io.posthorn.intake.PayloadChecks;
import io.posthorn.model.Attempt;
import io.posthorn.model.Verdict;
import io.posthorn.notify.NotifyMetrics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/** All metrics of the server, for Prometheus. */
final class ServerMetrics
        implements IntakeMetrics,
                RecorderMetrics,
                DispatchMetrics,
                NotifyMetrics,
                PayloadChecks.Watcher,
                AutoCloseable {
    private static final Duration[] BUCKETS = {
        Duration.ofMillis(1),
        Duration.ofMillis(2),
        Duration.ofMillis(5),
        Duration.ofMillis(10),
        Duration.ofMillis(25),
        Duration.ofMillis(50),
        Duration.ofMillis(100),
        Duration.ofMillis(250),
        Duration.ofMillis(500),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(15),
        Duration.ofMinutes(1),
        Duration.ofMinutes(10),
        Duration.ofHours(1)
    };

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics gc = new JvmGcMetrics();

    private final Counter accepted =
            counter("posthorn.messages.accepted", "Messages accepted: committed and answered 202");
    private final Counter refused =
            counter("posthorn.messages.refused", "Messages answered 429 because too many waited for their commit");
    private final Counter payloadsRefused =
            counter("posthorn.payloads.refused", "Messages refused because their payload breaks its schema");
    private final Counter payloadsBroken =
            counter("posthorn.payloads.broken", "Messages accepted although their payload breaks its schema");
    private final Counter unavailable =
            counter("posthorn.messages.unavailable", "Messages answered 503 because the database was away or full");
    private final Counter delivered = counter(
            "posthorn.deliveries.delivered", "Deliveries that succeeded, counted when their attempt is committed");
    private final Counter failed = counter("posthorn.attempts.failed", "Attempts that did not succeed");
    private final Counter superseded =
            counter("posthorn.deliveries.superseded", "Deliveries that ended because a newer one had the same key");
    private final Counter unwanted = counter(
            "posthorn.deliveries.unwanted",
            "Deliveries that ended because their endpoint's filter or transformation did not want them");
    private final Counter deferred =
            counter("posthorn.deliveries.deferred", "Times a delivery was put off: scheduled for a retry, or parked");
    private final Counter exhausted =
            counter("posthorn.deliveries.exhausted", "Deliveries that ended without success: exhausted or gone");
    private final Counter circuits = counter("posthorn.circuits.opened", "Times the circuit of an endpoint has opened");
    private final Counter operationalEvents = counter(
            "posthorn.operational.events", "Operational webhooks accepted as messages of an operational application");
    private final Counter mailsSent = counter("posthorn.mails.sent", "Mails that the mail server has taken");
    private final Counter mailsFailed =
            counter("posthorn.mails.failed", "Times a mail could not be sent; it is tried again");
    private final Counter mailsGivenUp =
            counter("posthorn.mails.given.up", "Mails that could not be sent for a day, or were refused for good");
    private final Counter mailsLeftOut = counter(
            "posthorn.mails.left.out", "Mails that were not tried: too many within an hour, or to other domains");
    private final Counter stripped =
            counter("posthorn.retention.stripped.days", "Days of messages whose payloads were removed for their age");
    private final Counter expired = counter(
            "posthorn.deliveries.expired", "Deliveries that still waited when their messages had become too old");
    private final Timer intakeCommit = timer("posthorn.intake.commit", "Commits of accepted messages");
    private final DistributionSummary intakeBatch = DistributionSummary.builder("posthorn.intake.commit.messages")
            .description("Messages in one commit")
            .register(registry);
    private final Timer historyCommit = timer("posthorn.history.commit", "Commits of outcomes");
    private final DistributionSummary historyBatch = DistributionSummary.builder("posthorn.history.commit.outcomes")
            .description("Outcomes in one commit")
            .register(registry);
    private final Counter historyFailed =
            counter("posthorn.history.commit.failed", "Commits of outcomes that failed and were tried again");
    private final Timer attempt = timer("posthorn.attempt", "How long attempts took");
    private final Timer delivery =
            timer("posthorn.delivery", "From a message's acceptance to the end of its successful attempt");

    /** Counted and not asked for: {@code count(*)} of a million rows is no thing to do at every scrape. */
    private final AtomicLong backlog = new AtomicLong();

    ServerMetrics() {
        gauge("posthorn.deliveries.backlog", "Deliveries that wait in the database", backlog::get);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        gc.bindTo(registry);
    }

    /** A figure that is asked for when somebody looks. */
    void gauge(String name, String description, Supplier<Number> figure) {
        Gauge.builder(name, figure).description(description).register(registry);
    }

    /** A day of a table was dropped for its age. */
    void dayDropped(String table) {
        Counter.builder("posthorn.retention.dropped.days")
                .description("Days of a table that were dropped because they were too old")
                .tag("table", table)
                .register(registry)
                .increment();
    }

    /** A day of messages has lost its payloads for its age. */
    void dayStripped() {
        stripped.increment();
    }

    /** So many deliveries that waited have ended with their messages, for their age. */
    void expired(long deliveries) {
        expired.increment((double) deliveries);
        forgotten(deliveries);
    }

    /** What Prometheus reads. */
    String scrape() {
        return registry.scrape();
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(registry);
    }

    private Timer timer(String name, String description) {
        return Timer.builder(name)
                .description(description)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    @Override
    public void messagesCommitted(int messages, long nanos) {
        accepted.increment(messages);
        intakeBatch.record(messages);
        intakeCommit.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void messagesRefused(int messages) {
        refused.increment(messages);
    }

    @Override
    public void payloadBroken(boolean wasRefused) {
        (wasRefused ? payloadsRefused : payloadsBroken).increment();
    }

    @Override
    public void messagesUnavailable(int messages) {
        unavailable.increment(messages);
    }

    @Override
    public void outcomesCommitted(List<Settlement> outcomes, int backlogChange, long nanos) {
        int successes = 0;
        for (Settlement settlement : outcomes) {
            successes += settlement.verdict() instanceof Verdict.Delivered ? 1 : 0;
        }
        delivered.increment(successes);
        backlog.addAndGet(backlogChange);
        historyBatch.record(outcomes.size());
        historyCommit.record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void eventSent() {
        operationalEvents.increment();
    }

    @Override
    public void mailSent() {
        mailsSent.increment();
    }

    @Override
    public void mailFailed() {
        mailsFailed.increment();
    }

    @Override
    public void mailsGivenUp(int mails) {
        mailsGivenUp.increment(mails);
    }

    @Override
    public void mailsLeftOut(int mails) {
        mailsLeftOut.increment(mails);
    }

    /** How many deliveries wait in the database. */
    long backlog() {
        return backlog.get();
    }

    /** So many deliveries were found in the database at the start. */
    void backlogFound(long deliveries) {
        backlog.addAndGet(deliveries);
    }

    @Override
    public void asked(long deliveries) {
        backlog.addAndGet(deliveries);
    }

    @Override
    public void forgotten(long deliveries) {
        backlog.addAndGet(-deliveries);
    }

    @Override
    public void outcomesFailed() {
        historyFailed.increment();
    }

    @Override
    public void attempted(Attempt made, Verdict verdict, long sinceAcceptedMicros) {
        attempt.record(made.durationMicros(), TimeUnit.MICROSECONDS);
        switch (verdict) {
            case Verdict.Delivered _ -> {
                delivery.record(Math.max(0, sinceAcceptedMicros), TimeUnit.MICROSECONDS);
            }
            case Verdict.RetryAt _ -> {
                failed.increment();
                deferred.increment();
            }
            case Verdict.Exhausted _, Verdict.Held _, Verdict.Gone _ -> {
                failed.increment();
                exhausted.increment();
            }
            case Verdict.Unrepeated _ -> failed.increment();
            case Verdict.Parked _, Verdict.Superseded _, Verdict.Cancelled _, Verdict.Dropped _ -> {}
        }
    }

    @Override
    public void circuitOpened() {
        circuits.increment();
    }

    @Override
    public void superseded() {
        superseded.increment();
    }

    @Override
    public void unwanted() {
        unwanted.increment();
    }

    @Override
    public void parked() {
        deferred.increment();
    }

    @Override
    public void close() {
        gc.close();
        registry.close();
    }
}
