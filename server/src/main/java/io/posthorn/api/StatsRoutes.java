package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.history.Counts;
import io.posthorn.history.DeliveryStatus;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How much happened: attempts and messages over time, for charts, and the deliveries to an endpoint. */
final class StatsRoutes implements RouteModule {
    private static final String APP = "/api/v1/app/:app";
    private static final Map<String, Integer> BUCKETS = new LinkedHashMap<>();
    private static final int MOST_BUCKETS = 1_500;
    private static final long DAY = Duration.ofDays(1).toMillis() * 1_000;
    /** What clients expect where they do not say since when. */
    private static final long FOUR_WEEKS = 28 * DAY;

    static {
        BUCKETS.put("1m", 60);
        BUCKETS.put("5m", 300);
        BUCKETS.put("1h", 3_600);
        BUCKETS.put("1d", 86_400);
    }

    private final HistoryReads reads;
    private final Time time;

    StatsRoutes(HistoryReads reads, Time time) {
        this.reads = reads;
        this.time = time;
    }

    /**
     * Counts over time.
     *
     * @param bucket 1m, 5m, 1h or 1d
     * @param after nothing earlier is counted
     * @param before nothing of then or later is counted
     * @param data one for each bucket, the oldest first, without gaps
     */
    record ChartOut<T>(String bucket, Instant after, Instant before, List<T> data) {}

    /**
     * The attempts of a bucket.
     *
     * @param at where it begins
     * @param delivered that succeeded
     * @param failed all others
     * @param exhausted those of the failed after which nothing more was tried
     * @param averageMillis how long they took; null if there were none
     */
    record AttemptsOut(
            Instant at,
            long delivered,
            long failed,
            long exhausted,
            @Nullable Double averageMillis) {
        static AttemptsOut of(Counts.OfAttempts counts) {
            return new AttemptsOut(
                    Time.instant(counts.at()),
                    counts.delivered(),
                    counts.failed(),
                    counts.exhausted(),
                    Math.round(counts.averageMicros()) / 1_000.0);
        }
    }

    /** The messages of a bucket that begins {@code at}. */
    record MessagesOut(Instant at, long accepted) {}

    /** Deliveries to an endpoint by where they stand; the names are the clients'. */
    record DeliveriesOut(long success, long pending, long sending, long fail, long canceled) {}

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(APP + "/stats/attempt", Access.READ, reads.inApp(this::attempts)),
                Operation.get(APP + "/stats/message", Access.READ, reads.inApp(this::messages)),
                Operation.get(APP + "/endpoint/:endpoint/stats", Access.READ, reads.inApp(this::deliveries)));
    }

    private Answer attempts(Call call, AppView view) {
        String bucket = bucket(call.query());
        Counts.Span span = span(call.query(), bucket);
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return reads.endpoints(
                call,
                view,
                endpointNos -> chart(
                        bucket,
                        span,
                        reads.history().countAttempts(endpointNos, span),
                        Counts.OfAttempts::at,
                        AttemptsOut::of,
                        at -> new AttemptsOut(Time.instant(at), 0, 0, 0, null)));
    }

    private Answer messages(Call call, AppView view) {
        String bucket = bucket(call.query());
        Counts.Span span = span(call.query(), bucket);
        List<String> eventTypes = HistoryQuery.names(call.query(), "event_types");
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return chart(
                bucket,
                span,
                reads.history().countMessages(view.application().no(), eventTypes, reads.withheld(call, view), span),
                Counts.OfMessages::at,
                counts -> new MessagesOut(Time.instant(counts.at()), counts.accepted()),
                at -> new MessagesOut(Time.instant(at), 0));
    }

    private Answer deliveries(Call call, AppView view) {
        return reads.endpoint(call, view, endpoint -> {
            long until = HistoryQuery.time(call.query(), "until", time.micros());
            long since = HistoryQuery.time(call.query(), "since", Math.max(0, until - FOUR_WEEKS));
            if (since >= until) {
                call.query().refuse("since", "must be earlier than until");
            }
            return call.query().problems().isEmpty()
                    ? Answer.json(200, shown(reads.history().countDeliveries(endpoint, since, until)))
                    : Answer.invalid(call.query().problems());
        });
    }

    private static DeliveriesOut shown(Counts.OfDeliveries counts) {
        return new DeliveriesOut(
                counts.success(),
                counts.pending(),
                counts.sending(),
                counts.fail(),
                counts.of(DeliveryStatus.CANCELED));
    }

    private static String bucket(Query query) {
        String bucket = query.text("bucket");
        if (bucket == null) {
            return "1h";
        }
        if (!BUCKETS.containsKey(bucket)) {
            query.refuse("bucket", "must be one of " + String.join(", ", BUCKETS.keySet()));
            return "1h";
        }
        return bucket;
    }

    private Counts.Span span(Query query, String bucket) {
        int seconds = BUCKETS.getOrDefault(bucket, 3_600);
        long before = HistoryQuery.time(query, "before", time.micros());
        long after = HistoryQuery.time(query, "after", Math.max(0, before - DAY));
        Counts.Span span = new Counts.Span(after, before, seconds);
        if (after >= before) {
            query.refuse("after", "must be earlier than before");
        } else if (starts(span).size() > MOST_BUCKETS) {
            query.refuse("bucket", "must be so long that there are at most " + MOST_BUCKETS + " of them");
        }
        return span;
    }

    /** Where its buckets begin, as long as they are not too many. */
    private static List<Long> starts(Counts.Span span) {
        long length = span.seconds() * 1_000_000L;
        List<Long> starts = new ArrayList<>();
        for (long at = Math.floorDiv(span.from(), length) * length;
                at < span.to() && starts.size() <= MOST_BUCKETS;
                at += length) {
            starts.add(at);
        }
        return starts;
    }

    private static <C, T> Answer chart(
            String bucket,
            Counts.Span span,
            List<C> counts,
            ToLongFunction<C> at,
            Function<C, T> shown,
            LongFunction<T> empty) {
        Map<Long, C> found = counts.stream().collect(Collectors.toMap(at::applyAsLong, each -> each));
        List<T> data = starts(span).stream()
                .map(start -> {
                    C count = found.get(start);
                    return count == null ? empty.apply(start) : shown.apply(count);
                })
                .toList();
        return Answer.json(200, new ChartOut<>(bucket, Time.instant(span.from()), Time.instant(span.to()), data));
    }
}
