package io.posthorn.app;

import io.posthorn.dispatch.Dispatcher;
import io.posthorn.history.PgRetention;
import io.posthorn.history.Retention;
import io.posthorn.runtime.Notices;
import io.posthorn.store.Database;
import io.posthorn.store.Ownership;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.List;
import java.util.Set;

/** How long things are kept, and what follows from it. */
final class Keeping {
    private static final Duration LONGEST_DELAY = Duration.ofDays(90);

    private Keeping() {}

    /** How long after the first attempt the last one of the usual schedule may be. */
    static Duration longestRetries(List<Duration> schedule, double jitter) {
        long millis = schedule.stream().mapToLong(Duration::toMillis).sum();
        return Duration.ofMillis((long) Math.ceil(millis * (1 + jitter)));
    }

    /**
     * How far in the future a message may be sent: so that its retries, too, are over before its day is dropped, in whole
     * hours.
     */
    static Duration longestDelay(Config config) {
        Duration kept = config.retentionMessages().minus(longestRetries(config.retrySchedule(), config.retryJitter()));
        Duration most = kept.compareTo(LONGEST_DELAY) < 0 ? kept : LONGEST_DELAY;
        return Duration.ofHours(Math.max(0, most.toHours()));
    }

    /** What lets go of what is too old; not started. */
    static Retention retention(
            Config config,
            Database database,
            Ownership ownership,
            Clock clock,
            Dispatcher dispatcher,
            Notices notices,
            ServerMetrics metrics) {
        return new Retention(
                new PgRetention(
                        database.dataSource(),
                        () -> database.dedicated("posthorn-retention"),
                        database.partitions(),
                        ownership::fence),
                new Retention.Ages(config.retentionPayloads(), config.retentionAttempts(), config.retentionMessages()),
                clock,
                new Retention.Watcher() {
                    @Override
                    public void dropped(String table) {
                        metrics.dayDropped(table);
                    }

                    @Override
                    public void stripped() {
                        metrics.dayStripped();
                    }

                    @Override
                    public void expired(int endpointNo, Set<Long> seqs) {
                        metrics.expired(seqs.size());
                        dispatcher.withdrawn(endpointNo, seqs);
                    }

                    @Override
                    public void lost(int appNo, LocalDate day, long deliveries, long deadLetters) {
                        notices.messagesExpired(appNo, day, deliveries, deadLetters);
                    }
                });
    }
}
