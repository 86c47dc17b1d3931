package io.posthorn.app;

import io.posthorn.runtime.Durations;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The rules between settings. A rule with a setting that is not valid by itself is passed over. */
final class Consistency {
    private Consistency() {}

    /** What does not fit together. */
    static List<Problem> problems(Values values) {
        List<Problem> problems = new ArrayList<>();
        add(problems, queueTakesOneBody(values));
        add(problems, needsUrl(values, Settings.DATABASE_USER));
        add(problems, needsUrl(values, Settings.DATABASE_PASSWORD));
        add(problems, readable(values, Settings.EXTRA_CA));
        add(problems, notShorter(values, Settings.RETENTION_MESSAGES));
        add(problems, notShorter(values, Settings.RETENTION_ATTEMPTS));
        add(problems, outlivesRetries(values));
        return problems;
    }

    /** Otherwise a body that is allowed could never be accepted. */
    private static @Nullable Problem queueTakesOneBody(Values values) {
        Long queue = values.find(Settings.INTAKE_QUEUE_BYTES);
        Long body = values.find(Settings.MAX_BODY_BYTES);
        if (queue == null || body == null || queue >= body) {
            return null;
        }
        Setting<Long> setting =
                values.given(Settings.INTAKE_QUEUE_BYTES) ? Settings.INTAKE_QUEUE_BYTES : Settings.MAX_BODY_BYTES;
        return problem(
                values,
                setting,
                "intake-queue-bytes (%s) must be at least max-body-bytes (%s)"
                        .formatted(Sizes.show(queue), Sizes.show(body)));
    }

    private static @Nullable Problem needsUrl(Values values, Setting<?> setting) {
        return values.given(setting) && values.valid(Settings.DATABASE_URL) && !values.given(Settings.DATABASE_URL)
                ? problem(values, setting, "has no use without database-url; the embedded database has its own user")
                : null;
    }

    /**
     * A payload without its message is in nobody's reach; and a message that has its payload and not its attempts any
     * more would look as if it had never been delivered.
     */
    private static @Nullable Problem notShorter(Values values, Setting<Duration> setting) {
        Duration payloads = values.find(Settings.RETENTION_PAYLOADS);
        Duration other = values.find(setting);
        if (payloads == null || other == null || other.compareTo(payloads) >= 0) {
            return null;
        }
        Setting<Duration> blamed = values.given(setting) ? setting : Settings.RETENTION_PAYLOADS;
        return problem(
                values,
                blamed,
                "%s (%s) must be at least retention-payloads (%s)"
                        .formatted(setting.key(), Durations.show(other), Durations.show(payloads)));
    }

    /** Otherwise a message would be gone before the schedule is through with it. */
    private static @Nullable Problem outlivesRetries(Values values) {
        Duration payloads = values.find(Settings.RETENTION_PAYLOADS);
        List<Duration> schedule = values.find(Settings.RETRY_SCHEDULE);
        Double jitter = values.find(Settings.RETRY_JITTER);
        if (payloads == null || schedule == null || jitter == null) {
            return null;
        }
        Duration longest = Keeping.longestRetries(schedule, jitter);
        Setting<?> blamed =
                values.given(Settings.RETENTION_PAYLOADS) ? Settings.RETENTION_PAYLOADS : Settings.RETRY_SCHEDULE;
        return payloads.compareTo(longest) >= 0
                ? null
                : problem(
                        values,
                        blamed,
                        "retention-payloads (%s) must be at least as long as retry-schedule with its jitter may take, %s"
                                .formatted(
                                        Durations.show(payloads),
                                        Durations.show(Duration.ofMinutes(longest.toMinutes() + 1))));
    }

    private static @Nullable Problem readable(Values values, Setting<Path> setting) {
        Path path = values.find(setting);
        return path == null || (Files.isRegularFile(path) && Files.isReadable(path))
                ? null
                : problem(values, setting, "must be a file that can be read");
    }

    private static <T> Problem problem(Values values, Setting<T> setting, String rule) {
        T value = values.get(setting);
        return new Problem(setting.key() + " = " + setting.kind().show(value), values.origin(setting), rule);
    }

    private static void add(List<Problem> problems, @Nullable Problem problem) {
        if (problem != null) {
            problems.add(problem);
        }
    }
}
