package io.posthorn.dispatch;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.catalog.PolicyCodec;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.Due;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Everything around one {@link LaneLoop}, with a clock that only the test moves: endpoints that answer when told, a
 * recorder that commits when told, and a backlog that is what was committed.
 */
final class FakeWorld implements LanePorts, Routes {
    /** A request that an endpoint has received and not answered. */
    record Request(int endpointNo, Message message, long startedAt, Consumer<Exchange> done) {}

    /** A row of {@code deferral}. */
    record Row(
            Message message,
            int attempts,
            long dueAt,
            DeferralReason reason,
            int base,
            boolean manual,
            long keyHash,
            int keyVersion,
            boolean aside) {
        boolean asked() {
            return reason == DeferralReason.REPLAY;
        }

        /** The same, otherwise deferred. */
        Row at(int attempts, long dueAt, DeferralReason reason, int base, boolean manual, boolean aside) {
            return new Row(message, attempts, dueAt, reason, base, manual, keyHash, keyVersion, aside);
        }
    }

    record Rekeying(int endpointNo, int version, ToLongFunction<Message> key, Consumer<Boolean> done) {}

    record Fetch(
            int endpointNo,
            long now,
            long[] claimed,
            Backlog.@Nullable Ordered ordered,
            int most,
            long mostBytes,
            Consumer<Backlog.@Nullable Fetched> done) {}

    /** Of what may end because it has waited for long. */
    private static final Set<DeferralReason> EXPIRING = Set.of(
            DeferralReason.RETRY,
            DeferralReason.LANE_FULL,
            DeferralReason.STOPPED,
            DeferralReason.CIRCUIT,
            DeferralReason.ORDER);

    long now = 1_000_000_000L;
    final Time time = () -> now;
    final Map<Integer, Endpoint> endpoints = new HashMap<>();
    final List<Request> requests = new ArrayList<>();
    final List<Settlement> recorded = new ArrayList<>();
    final List<Settlement> committed = new ArrayList<>();
    final Map<Integer, TreeMap<Long, Row>> deferrals = new HashMap<>();
    final List<Fetch> fetches = new ArrayList<>();
    /** What looks have seen that have not come back yet. */
    private final IdentityHashMap<Fetch, Backlog.Fetched> seen = new IdentityHashMap<>();

    final List<Integer> gone = new ArrayList<>();
    /** Why endpoints were disabled. */
    final Map<Integer, String> disabled = new HashMap<>();
    /** Endpoints that are well again, and those who want to hear of it. */
    final Map<Integer, Runnable> well = new HashMap<>();

    final Map<Integer, EndpointTrouble> remembered = new HashMap<>();
    /** Endpoints that were deleted. */
    final Set<Integer> removed = new HashSet<>();

    int circuitsOpened;
    final Map<Long, Message> messages = new HashMap<>();
    /** Told of each request before it is there. */
    Consumer<Request> watcher = request -> {};
    /** Told of what is handed to the recorder. */
    Consumer<Settlement> recorder = settlement -> {};
    /** Told of what is kept of endpoints in trouble. */
    Consumer<EndpointTrouble> keeper = trouble -> {};

    final List<Rekeying> rekeyings = new ArrayList<>();
    /** Looks for what has waited for long. */
    private final List<Runnable> waitings = new ArrayList<>();

    boolean appPaused;
    boolean full;
    boolean databaseAway;
    int parked;

    final DispatchMetrics metrics = new DispatchMetrics() {
        @Override
        public void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros) {}

        @Override
        public void asked(long deliveries) {}

        @Override
        public void forgotten(long deliveries) {}

        @Override
        public void circuitOpened() {
            circuitsOpened++;
        }

        @Override
        public void unwanted() {}

        @Override
        public void superseded() {}

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
                17,
                false);
    }

    LaneLoop loop(DispatchSettings settings) {
        LaneLoop loop = new LaneLoop(settings, this, this, time, metrics);
        loop.recovered();
        return loop;
    }

    Endpoint endpoint(int no) {
        Endpoint endpoint = endpoint(no, false);
        endpoints.put(no, endpoint);
        return endpoint;
    }

    /**
     * An endpoint whose owner has decided something.
     *
     * @param policy as in the API, but with single quotes
     * @param rate requests a second; null for any number
     */
    Endpoint endpoint(int no, String policy, @Nullable Integer rate) {
        Endpoint endpoint = endpoint(no, false, policy(policy), rate);
        endpoints.put(no, endpoint);
        return endpoint;
    }

    /** The same endpoint, with another URL. */
    static Endpoint moved(Endpoint was) {
        return new Endpoint(
                was.no(),
                was.appNo(),
                was.id(),
                was.uid(),
                was.url() + "/elsewhere",
                was.description(),
                was.eventTypes(),
                was.channels(),
                was.disabled(),
                was.disabledReason(),
                was.rateLimit(),
                was.metadata(),
                was.secret(),
                was.oldSecrets(),
                was.headers(),
                was.version(),
                was.delivery(),
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                was.paused(),
                was.createdAt(),
                was.updatedAt());
    }

    /** A policy as in the API, but with single quotes. */
    static DeliveryPolicy policy(String json) {
        try {
            return PolicyCodec.read(
                    new ObjectMapper().readTree(json.replace('\'', '"')), DeliveryPolicy.DEFAULT, (path, rule) -> {
                        throw new IllegalArgumentException(path + " " + rule);
                    });
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    static Endpoint endpoint(int no, boolean disabled) {
        return endpoint(no, disabled, DeliveryPolicy.DEFAULT, false);
    }

    static Endpoint endpoint(int no, boolean disabled, DeliveryPolicy policy, @Nullable Integer rate) {
        return endpoint(no, disabled, policy, false, rate);
    }

    static Endpoint endpoint(int no, boolean disabled, DeliveryPolicy policy, boolean paused) {
        return endpoint(no, disabled, policy, paused, null);
    }

    private static Endpoint endpoint(
            int no, boolean disabled, DeliveryPolicy policy, boolean paused, @Nullable Integer rate) {
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
                rate,
                Map.of(),
                new SigningSecret(new byte[32]),
                List.of(),
                List.of(),
                1,
                policy,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                paused,
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
        return (message, attempt, done) -> {
            Request request = new Request(endpoint.no(), message, now, done);
            watcher.accept(request);
            requests.add(request);
        };
    }

    @Override
    public void record(Settlement settlement) {
        recorder.accept(settlement);
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
    public void circuitOpened(int appNo, int endpointNo, int failures, long probeAt) {}

    @Override
    public void disable(int endpointNo, String why, long failingSince) {
        gone.add(endpointNo);
        disabled.put(endpointNo, why);
    }

    @Override
    public void ask(int endpointNo, String expression, Outcome.Response response, Consumer<Expression.Answer> done) {
        done.accept(Expression.of(expression).ask(Assessors.input(response)));
    }

    @Override
    public void well(int endpointNo, Runnable done) {
        well.put(endpointNo, done);
    }

    @Override
    public void keep(List<EndpointTrouble> troubles, List<Integer> noMore) {
        troubles.forEach(trouble -> {
            keeper.accept(trouble);
            remembered.put(trouble.endpointNo(), trouble);
        });
        noMore.forEach(remembered::remove);
    }

    @Override
    public void waiting(
            int endpointNo,
            long acceptedUntil,
            long afterSeq,
            long[] claimed,
            int most,
            Consumer<@Nullable List<Backlog.Waiting>> done) {
        waitings.add(
                () -> done.accept(databaseAway ? null : waiting(endpointNo, acceptedUntil, afterSeq, claimed, most)));
    }

    private List<Backlog.Waiting> waiting(int endpointNo, long acceptedUntil, long afterSeq, long[] claimed, int most) {
        List<Long> out = Arrays.stream(claimed).boxed().toList();
        return deferrals.getOrDefault(endpointNo, new TreeMap<>()).values().stream()
                .filter(row -> row.message().seq > afterSeq && !out.contains(row.message().seq))
                .filter(row -> EXPIRING.contains(row.reason()))
                .filter(row -> row.message().createdAt <= acceptedUntil && !row.manual() && !row.aside())
                .limit(most)
                .map(row -> new Backlog.Waiting(
                        1,
                        row.message().seq,
                        row.message().createdAt,
                        row.attempts(),
                        row.base(),
                        row.keyHash(),
                        row.keyVersion()))
                .toList();
    }

    @Override
    public void fetch(
            int endpointNo,
            long at,
            long[] claimed,
            Backlog.@Nullable Ordered ordered,
            int most,
            long mostBytes,
            Consumer<Backlog.@Nullable Fetched> done) {
        fetches.add(new Fetch(endpointNo, at, claimed, ordered, most, mostBytes, done));
    }

    @Override
    public boolean paused(int appNo) {
        return appPaused;
    }

    @Override
    public void rekey(int endpointNo, int version, ToLongFunction<Message> key, Consumer<Boolean> done) {
        rekeyings.add(new Rekeying(endpointNo, version, key, done));
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
        commit(loop, recorded.size());
    }

    /** Only the first of them. */
    void commit(LaneLoop loop, int count) {
        List<Settlement> batch = List.copyOf(recorded.subList(0, count));
        recorded.subList(0, count).clear();
        batch.forEach(this::apply);
        committed.addAll(batch);
        loop.committed(batch);
    }

    private void apply(Settlement settlement) {
        if (removed.contains(settlement.endpointNo())) {
            return; // it is owed nothing
        }
        TreeMap<Long, Row> rows = deferrals.computeIfAbsent(settlement.endpointNo(), no -> new TreeMap<>());
        Message message = message(settlement.seq());
        switch (settlement.verdict()) {
            case Verdict.RetryAt(long dueAt) -> put(rows, settlement, message, dueAt, DeferralReason.RETRY);
            case Verdict.Parked(long dueAt, DeferralReason reason) -> put(rows, settlement, message, dueAt, reason);
            case Verdict.Exhausted _ -> {
                Row row = rows.get(settlement.seq());
                if (row != null && row.base() > settlement.base()) {
                    int attempts = settlement.attempts();
                    rows.put(
                            settlement.seq(),
                            row.at(attempts, row.dueAt(), row.reason(), attempts, row.manual(), row.aside()));
                } else {
                    rows.remove(settlement.seq());
                }
            }
            case Verdict.Held _ -> put(rows, settlement, message, Long.MAX_VALUE - 1, DeferralReason.HELD);
            case Verdict.Delivered _,
                    Verdict.Gone _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _ -> rows.remove(settlement.seq());
        }
    }

    /** As the database does it: a row with a higher base was asked for again meanwhile. */
    private static void put(
            Map<Long, Row> rows, Settlement settlement, Message message, long dueAt, DeferralReason reason) {
        Row row = rows.get(settlement.seq());
        Row plain = new Row(
                message,
                settlement.attempts(),
                dueAt,
                reason,
                settlement.base(),
                settlement.manual(),
                settlement.keyHash(),
                settlement.keyVersion(),
                settlement.aside());
        if (row == null) {
            rows.put(settlement.seq(), plain);
            return;
        }
        boolean askedMeanwhile = row.base() > settlement.base();
        rows.put(
                settlement.seq(),
                plain.at(
                        settlement.attempts(),
                        askedMeanwhile ? row.dueAt() : dueAt,
                        askedMeanwhile ? row.reason() : reason,
                        askedMeanwhile ? settlement.attempts() : settlement.base(),
                        row.manual(),
                        row.aside()));
    }

    /**
     * Somebody asks for a delivery again, as the database has it: what waits is due now, what has ended begins anew.
     *
     * @return false if its first attempt is still to be recorded
     */
    boolean ask(LaneLoop loop, long seq, int endpointNo) {
        if (!isThere(seq, endpointNo)) {
            return false;
        }
        TreeMap<Long, Row> rows = deferrals.computeIfAbsent(endpointNo, no -> new TreeMap<>());
        Row row = rows.get(seq);
        if (row == null) {
            int attempts = attempts(seq, endpointNo);
            rows.put(seq, new Row(message(seq), attempts, now, DeferralReason.REPLAY, attempts, true, 0, 0, true));
        } else {
            Endpoint endpoint = endpoints.get(endpointNo);
            boolean ordered =
                    endpoint != null && endpoint.delivery().order().mode().ordered();
            DeferralReason reason = row.reason() == DeferralReason.HELD
                    ? DeferralReason.RETRY
                    : row.attempts() == 0 || ordered ? row.reason() : DeferralReason.REPLAY;
            rows.put(
                    seq, row.at(row.attempts(), Math.min(row.dueAt(), now), reason, row.attempts(), true, row.aside()));
        }
        loop.asked(1, endpointNo, new long[] {seq});
        return true;
    }

    /** Whether a delivery can be asked for: it waits, and not for its time, or has been attempted. */
    boolean isThere(long seq, int endpointNo) {
        TreeMap<Long, Row> rows = deferrals.get(endpointNo);
        Row row = rows == null ? null : rows.get(seq);
        return row == null ? attempts(seq, endpointNo) > 0 : row.reason() != DeferralReason.SCHEDULED;
    }

    private int attempts(long seq, int endpointNo) {
        return committed.stream()
                .filter(settlement -> settlement.seq() == seq && settlement.endpointNo() == endpointNo)
                .filter(settlement -> settlement.attempt() != null)
                .mapToInt(Settlement::attempts)
                .max()
                .orElse(0);
    }

    /** The looks into the backlog see what is durable now; the loop hears of it later, by {@link #read}. */
    void see() {
        for (Fetch fetch : fetches) {
            seen.computeIfAbsent(fetch, this::look);
        }
    }

    /** Answers the looks into the backlog from what is durable, or was when they saw it. */
    void read() {
        for (Fetch fetch : List.copyOf(fetches)) {
            fetches.remove(fetch);
            Backlog.Fetched before = seen.remove(fetch);
            fetch.done().accept(databaseAway ? null : before == null ? look(fetch) : before);
        }
        while (!waitings.isEmpty()) {
            waitings.removeFirst().run();
        }
    }

    /** The process ends: nothing comes back to it. */
    void forgetWhatIsUnderWay() {
        requests.clear();
        recorded.clear();
        fetches.clear();
        rekeyings.clear();
        waitings.clear();
        well.clear();
        disabled.clear();
        seen.clear();
    }

    private Backlog.Fetched look(Fetch fetch) {
        Backlog.Ordered ordered = fetch.ordered();
        return ordered == null ? lookAtAll(fetch) : look(fetch, ordered);
    }

    /** In the order of acceptance; a quarter of the page is for what stands aside. */
    private Backlog.Fetched look(Fetch fetch, Backlog.Ordered ordered) {
        Set<Long> claimed = Arrays.stream(fetch.claimed()).boxed().collect(Collectors.toSet());
        Set<Long> shut = Arrays.stream(ordered.shut()).boxed().collect(Collectors.toSet());
        List<Row> rows = deferrals.getOrDefault(fetch.endpointNo(), new TreeMap<>()).values().stream()
                .filter(row -> !claimed.contains(row.message().seq))
                .toList();
        List<Row> plain = rows.stream()
                .filter(row -> !row.aside())
                .filter(row -> !ordered.nothing())
                .filter(row -> row.message().seq > ordered.after()
                        || row.reason() == DeferralReason.SCHEDULED
                        || (ordered.keyed() && row.reason() == DeferralReason.RETRY && row.keyHash() == 0))
                .filter(row -> row.reason() != DeferralReason.SCHEDULED || row.dueAt() <= fetch.now())
                .filter(row -> !ordered.keyed() || row.keyHash() != 0 || row.dueAt() <= fetch.now())
                .filter(row -> row.keyHash() == 0 || !shut.contains(row.keyHash()))
                .toList();
        List<Row> asked = rows.stream()
                .filter(row -> row.aside() && row.dueAt() <= fetch.now())
                .sorted(Comparator.comparingLong(Row::dueAt).thenComparing(row -> row.message().seq))
                .toList();
        int plainRead = Math.min(plain.size(), fetch.most() - Math.min(asked.size(), fetch.most() / 4));
        int askedRead = Math.min(asked.size(), fetch.most() - plainRead);
        boolean more = plain.size() > plainRead || asked.size() > askedRead;
        long next = more
                ? fetch.now()
                : rows.stream()
                        .filter(row -> row.dueAt() > fetch.now())
                        .mapToLong(Row::dueAt)
                        .min()
                        .orElse(Backlog.NEVER);
        return new Backlog.Fetched(
                Stream.concat(plain.stream().limit(plainRead), asked.stream().limit(askedRead))
                        .map(row -> due(row, ordered.latest() ? newer(fetch, row) : null))
                        .toList(),
                more,
                plain.size() > plainRead,
                next,
                0);
    }

    private @Nullable String newer(Fetch fetch, Row row) {
        return row.keyHash() == 0 || row.aside()
                ? null
                : deferrals
                        .getOrDefault(fetch.endpointNo(), new TreeMap<>())
                        .tailMap(row.message().seq, false)
                        .descendingMap()
                        .values()
                        .stream()
                        .filter(other -> other.keyHash() == row.keyHash() && !other.aside())
                        .filter(other -> other.reason() != DeferralReason.SCHEDULED || other.dueAt() <= fetch.now())
                        .map(other -> other.message().id)
                        .findFirst()
                        .orElse(null);
    }

    private static Due due(Row row, @Nullable String newer) {
        return new Due(
                row.message(), row.attempts(), row.dueAt(), row.reason(), row.base(), row.manual(), row.aside(), newer);
    }

    /** Puts the rows into another order, as the database does it. */
    void rekey() {
        for (Rekeying rekeying : List.copyOf(rekeyings)) {
            rekeyings.remove(rekeying);
            if (!databaseAway) {
                deferrals
                        .getOrDefault(rekeying.endpointNo(), new TreeMap<>())
                        .replaceAll((seq, row) -> new Row(
                                row.message(),
                                row.attempts(),
                                row.dueAt(),
                                row.reason(),
                                row.base(),
                                row.manual(),
                                row.keyVersion() == rekeying.version()
                                        ? row.keyHash()
                                        : rekeying.key().applyAsLong(row.message()),
                                rekeying.version(),
                                row.aside()));
            }
            rekeying.done().accept(!databaseAway);
        }
    }

    private Backlog.Fetched lookAtAll(Fetch fetch) {
        List<Long> claimed = Arrays.stream(fetch.claimed()).boxed().toList();
        List<Row> rows = deferrals.getOrDefault(fetch.endpointNo(), new TreeMap<>()).values().stream()
                .filter(row -> !claimed.contains(row.message().seq))
                .sorted(Comparator.comparing(Row::asked)
                        .thenComparingLong(Row::dueAt)
                        .thenComparing(row -> row.message().seq))
                .toList();
        List<Row> due = rows.stream().filter(row -> row.dueAt() <= fetch.now()).toList();
        int asked = (int) due.stream().filter(Row::asked).count();
        int plain = due.size() - asked;
        int plainRead = Math.min(plain, fetch.most() - Math.min(asked, fetch.most() / 4));
        int askedRead = Math.min(asked, fetch.most() - plainRead);
        boolean more = due.size() > fetch.most();
        long next = more
                ? fetch.now()
                : rows.stream()
                        .filter(row -> row.dueAt() > fetch.now())
                        .mapToLong(Row::dueAt)
                        .min()
                        .orElse(Backlog.NEVER);
        return new Backlog.Fetched(
                Stream.concat(
                                due.stream().limit(plainRead),
                                due.stream().skip(plain).limit(askedRead))
                        .map(row -> due(row, null))
                        .toList(),
                more,
                plain > plainRead,
                next,
                0);
    }

    /** The database has made retries due of an endpoint that is well again. */
    void makeDue(int endpointNo) {
        deferrals
                .getOrDefault(endpointNo, new TreeMap<>())
                .replaceAll((seq, row) -> row.reason() == DeferralReason.RETRY && row.dueAt() > now
                        ? row.at(row.attempts(), now, row.reason(), row.base(), row.manual(), row.aside())
                        : row);
        Runnable done = well.remove(endpointNo);
        if (done != null) {
            done.run();
        }
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
