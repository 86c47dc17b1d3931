package io.posthorn.dispatch;

import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.Due;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything around one {@link LaneLoop}, with a clock that only the test moves: endpoints that answer when told, a
 * recorder that commits when told, and a backlog that is what was committed.
 */
final class FakeWorld implements LanePorts, Routes {
    /** A request that an endpoint has received and not answered. */
    record Request(int endpointNo, Message message, long startedAt, Consumer<Exchange> done) {}

    /** A row of {@code deferral}. */
    record Row(Message message, int attempts, long dueAt, DeferralReason reason) {}

    record Fetch(
            int endpointNo,
            long now,
            long[] claimed,
            int most,
            long mostBytes,
            Consumer<Backlog.@Nullable Fetched> done) {}

    long now = 1_000_000_000L;
    final Time time = () -> now;
    final Map<Integer, Endpoint> endpoints = new HashMap<>();
    final List<Request> requests = new ArrayList<>();
    final List<Settlement> recorded = new ArrayList<>();
    final List<Settlement> committed = new ArrayList<>();
    final Map<Integer, TreeMap<Long, Row>> deferrals = new HashMap<>();
    final List<Fetch> fetches = new ArrayList<>();
    final List<Integer> gone = new ArrayList<>();
    final Map<Long, Message> messages = new HashMap<>();
    boolean full;
    boolean databaseAway;
    int parked;

    final DispatchMetrics metrics = new DispatchMetrics() {
        @Override
        public void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros) {}

        @Override
        public void forgotten(long deliveries) {}

        @Override
        public void parked() {
            parked++;
        }
    };

    static DispatchSettings settings(int endpointInFlight, int inFlight, int laneQueue, long memoryBytes) {
        return new DispatchSettings(
                endpointInFlight,
                inFlight,
                Duration.ofSeconds(15),
                laneQueue,
                memoryBytes,
                new RetrySchedule(
                        List.of(Duration.ofSeconds(5), Duration.ofMinutes(5)), 0, Duration.ofHours(1), () -> 0.5),
                false);
    }

    LaneLoop loop(DispatchSettings settings) {
        return new LaneLoop(settings, this, this, time, metrics);
    }

    Endpoint endpoint(int no) {
        Endpoint endpoint = endpoint(no, false);
        endpoints.put(no, endpoint);
        return endpoint;
    }

    static Endpoint endpoint(int no, boolean disabled) {
        return new Endpoint(
                no,
                1,
                "ep_" + no,
                null,
                "https://example.com/" + no,
                "",
                null,
                null,
                disabled,
                null,
                null,
                Map.of(),
                new SigningSecret(new byte[32]),
                List.of(),
                List.of(),
                1,
                Instant.EPOCH,
                Instant.EPOCH);
    }

    Message message(long seq) {
        return messages.computeIfAbsent(
                seq, s -> new Message(1, s, now, "msg_" + s, "a.b", null, List.of(), List.of(), new byte[100]));
    }

    Delivery delivery(long seq, int endpointNo) {
        return new Delivery(message(seq), endpointNo, 0, false);
    }

    // ---- what the loop sees

    @Override
    public Route of(Endpoint endpoint) {
        return (message, done) -> requests.add(new Request(endpoint.no(), message, now, done));
    }

    @Override
    public void record(Settlement settlement) {
        recorded.add(settlement);
    }

    @Override
    public boolean full() {
        return full;
    }

    @Override
    public @Nullable Endpoint endpoint(int appNo, int endpointNo) {
        return endpoints.get(endpointNo);
    }

    @Override
    public void failed(Throwable why) {
        throw new AssertionError("the loop has failed", why);
    }

    @Override
    public void gone(int appNo, int endpointNo) {
        gone.add(endpointNo);
    }

    @Override
    public void fetch(
            int endpointNo,
            long at,
            long[] claimed,
            int most,
            long mostBytes,
            Consumer<Backlog.@Nullable Fetched> done) {
        fetches.add(new Fetch(endpointNo, at, claimed, most, mostBytes, done));
    }

    // ---- what the test does

    void answer(Request request, int code) {
        finish(request, new Outcome.Response(code, "", new byte[0], false, null));
    }

    void fail(Request request, FailureKind kind) {
        finish(request, new Outcome.Failure(kind, kind.toString()));
    }

    void finish(Request request, Outcome outcome) {
        requests.remove(request);
        request.done().accept(new Exchange(request.startedAt(), now - request.startedAt(), outcome));
    }

    /** What was recorded becomes durable, and the loop hears of it. */
    void commit(LaneLoop loop) {
        List<Settlement> batch = List.copyOf(recorded);
        recorded.clear();
        batch.forEach(this::apply);
        committed.addAll(batch);
        loop.committed(batch);
    }

    private void apply(Settlement settlement) {
        TreeMap<Long, Row> rows = deferrals.computeIfAbsent(settlement.endpointNo(), no -> new TreeMap<>());
        Message message = message(settlement.seq());
        switch (settlement.verdict()) {
            case Verdict.RetryAt(long dueAt) ->
                rows.put(settlement.seq(), new Row(message, settlement.attempts(), dueAt, DeferralReason.RETRY));
            case Verdict.Parked(long dueAt, DeferralReason reason) ->
                rows.put(settlement.seq(), new Row(message, settlement.attempts(), dueAt, reason));
            case Verdict.Delivered _, Verdict.Exhausted _, Verdict.Gone _, Verdict.Dropped _ ->
                rows.remove(settlement.seq());
        }
    }

    /** Answers the looks into the backlog from what is durable. */
    void read() {
        for (Fetch fetch : List.copyOf(fetches)) {
            fetches.remove(fetch);
            fetch.done().accept(databaseAway ? null : look(fetch));
        }
    }

    private Backlog.Fetched look(Fetch fetch) {
        List<Long> claimed = java.util.Arrays.stream(fetch.claimed()).boxed().toList();
        List<Row> rows = deferrals.getOrDefault(fetch.endpointNo(), new TreeMap<>()).values().stream()
                .filter(row -> !claimed.contains(row.message().seq))
                .sorted(java.util.Comparator.comparingLong(Row::dueAt).thenComparing(row -> row.message().seq))
                .toList();
        List<Row> due = rows.stream().filter(row -> row.dueAt() <= fetch.now()).toList();
        boolean more = due.size() > fetch.most();
        long next = more
                ? fetch.now()
                : rows.stream()
                        .filter(row -> row.dueAt() > fetch.now())
                        .mapToLong(Row::dueAt)
                        .min()
                        .orElse(Backlog.NEVER);
        return new Backlog.Fetched(
                due.stream()
                        .limit(fetch.most())
                        .map(row -> new Due(row.message(), row.attempts(), row.dueAt(), row.reason()))
                        .toList(),
                more,
                next,
                0);
    }

    int rows() {
        return deferrals.values().stream().mapToInt(TreeMap::size).sum();
    }

    long delivered() {
        return committed.stream()
                .filter(settlement -> settlement.verdict() instanceof Verdict.Delivered)
                .count();
    }
}
