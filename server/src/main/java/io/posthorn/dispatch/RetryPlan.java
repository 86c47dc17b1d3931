package io.posthorn.dispatch;

import io.posthorn.model.DeliveryPolicy;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * When an endpoint's deliveries are tried again: as its owner has decided, and where they have not, as the installation
 * does it. The waits are a list, or grow; a list ends with its last wait, however many attempts are allowed.
 */
final class RetryPlan {
    private static final long NEVER = Long.MAX_VALUE;
    /** In a round, whatever is given: waits of 10 ms that do not grow would be tens of thousands for each message. */
    private static final int MOST_ATTEMPTS = 100;

    private final RetrySchedule installation;
    private final List<Duration> delays;
    private final DeliveryPolicy.@Nullable Exponential exponential;
    private final double jitter;
    private final int mostAttempts;
    private final long mostAge;

    RetryPlan(RetrySchedule installation, DeliveryPolicy.Retry retry) {
        this.installation = installation;
        this.exponential = retry.exponential();
        List<Duration> own = retry.schedule();
        this.delays = own == null ? installation.delays() : own;
        Double ownJitter = retry.jitter();
        this.jitter = ownJitter == null ? installation.jitter() : ownJitter;
        Integer most = retry.maxAttempts();
        int wanted = most != null
                ? most
                : exponential == null || retry.maxAge() == null ? delays.size() + 1 : Integer.MAX_VALUE;
        this.mostAttempts = Math.min(wanted, MOST_ATTEMPTS);
        Duration age = retry.maxAge();
        this.mostAge = age == null ? NEVER : micros(age);
    }

    /**
     * When the next attempt is due.
     *
     * @param attempts made so far in this round, from 1
     * @param retryAfter what the endpoint asked for; zero if it did not
     * @param acceptedAt of the message, microseconds since 1970
     * @param now microseconds since 1970
     * @return microseconds since 1970; negative if there is no other attempt
     */
    long next(int attempts, Duration retryAfter, long acceptedAt, long now) {
        if (attempts >= mostAttempts || (exponential == null && attempts > delays.size())) {
            return -1;
        }
        double factor = 1 + jitter * (2 * installation.random().getAsDouble() - 1);
        long at = now + Math.max((long) (wait(attempts) * factor), bounded(retryAfter));
        return tooOld(acceptedAt, at) ? -1 : at;
    }

    /** What the endpoint asked for, as far as the installation allows it, microseconds. */
    long bounded(Duration retryAfter) {
        Duration most = installation.retryAfterMost();
        return micros(retryAfter.compareTo(most) > 0 ? most : retryAfter); // a date may be millennia away
    }

    /** Whether age has a say in it. */
    boolean hasMostAge() {
        return mostAge != NEVER;
    }

    /** Whether no attempt may begin any more at that time. */
    boolean tooOld(long acceptedAt, long at) {
        return mostAge != NEVER && at - acceptedAt > mostAge;
    }

    private double wait(int attempts) {
        DeliveryPolicy.Exponential growing = exponential;
        if (growing == null) {
            return micros(delays.get(attempts - 1));
        }
        double grown = micros(growing.initial()) * Math.pow(growing.factor(), attempts - 1.0);
        return Math.min(grown, (double) micros(growing.cap()));
    }

    private static long micros(Duration duration) {
        return duration.toNanos() / 1_000;
    }
}
