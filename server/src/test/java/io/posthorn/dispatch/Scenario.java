package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Backlog;
import io.posthorn.history.EndpointTrouble;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Afterwards;
import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Some minutes in the life of a few endpoints, as chance will have it, in which everything happens to their lanes:
 * endpoints that fail, hang, refuse and ask to be left alone, crashes, a database that is away or slow, owners who change
 * their minds. What the lanes do is compared with {@link Promises}. The clock is the test's.
 */
final class Scenario {
    private static final int ENDPOINTS = 3;
    private static final int SHARD = 1;
    private static final int STEPS = 120;
    private static final long SECOND = 1_000_000;

    /** How an endpoint answers for a time. */
    private enum Mood {
        FINE,
        MIXED,
        FAILING,
        OVERLOADED,
        REFUSING
    }

    final List<String> log = new ArrayList<>();
    /** Whether it writes a log: most are never read. */
    private final boolean told;

    private final Random random;
    /** Owners decide about nothing but the order. */
    private final boolean orderOnly;

    private final FakeWorld world = new FakeWorld();
    private final DispatchSettings settings;
    private final Map<Integer, Promises> promises = new TreeMap<>();
    private final Map<Integer, Mood> moods = new HashMap<>();
    private final Set<FakeWorld.Request> hanging = new HashSet<>();
    private final List<Message> accepted = new ArrayList<>();
    /** What somebody discarded that was held. */
    private final Set<String> discarded = new HashSet<>();
    /** What is remembered of trouble on disk. */
    private Map<Integer, EndpointTrouble> remembered = Map.of();

    private SettledPositions positions = new SettledPositions();
    private long durableSettled;
    private LaneLoop loop;
    private boolean calm;

    Scenario(Random random, boolean orderOnly, boolean told) {
        this.told = told;
        this.random = random;
        this.orderOnly = orderOnly;
        this.settings = new DispatchSettings(
                3,
                8,
                Duration.ofSeconds(15),
                6,
                8_000,
                new RetrySchedule(
                        List.of(Duration.ofSeconds(5), Duration.ofMinutes(5)),
                        orderOnly ? 0 : 0.1,
                        Duration.ofMinutes(2),
                        random::nextDouble),
                17,
                false);
        this.loop = world.loop(settings);
        for (int no = 1; no <= ENDPOINTS; no++) {
            Endpoint endpoint = endpoint(no, false, false, policy(), rate(), "");
            world.endpoints.put(no, endpoint);
            promises.put(no, new Promises(no, settings, world, accepted, endpoint));
            moods.put(no, orderOnly ? Mood.MIXED : mood());
            log(() -> "endpoint " + endpoint.no() + " " + endpoint.delivery() + " rate " + endpoint.rateLimit());
        }
        world.watcher = this::begins;
        world.recorder = settlement -> {
            log(() -> "recorded " + settlement.seq() + "/" + settlement.endpointNo() + " " + settlement.verdict()
                    + " attempts " + settlement.attempts() + " base " + settlement.base()
                    + (settlement.aside() ? " aside" : ""));
            promised(settlement.endpointNo()).recorded(settlement);
        };
        world.keeper = trouble -> {
            log(() -> "keeps " + trouble);
            promised(trouble.endpointNo()).kept(trouble);
        };
    }

    private void log(Supplier<String> what) {
        if (told) {
            log.add(world.now / 1_000 + " " + what.get());
        }
    }

    private Promises promised(int no) {
        return requireNonNull(promises.get(no));
    }

    private boolean chance(int of) {
        return random.nextInt(of) == 0;
    }

    @SafeVarargs
    private <T> T any(T... choices) {
        return choices[random.nextInt(choices.length)];
    }

    // ---- what owners decide

    private static Endpoint endpoint(
            int no, boolean disabled, boolean paused, DeliveryPolicy policy, @Nullable Integer rate, String path) {
        return new Endpoint(
                no,
                1,
                "ep_" + no,
                null,
                "https://example.com/" + no + path,
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

    private @Nullable Integer rate() {
        return orderOnly || random.nextInt(3) > 0 ? null : 1 + random.nextInt(chance(2) ? 4 : 30);
    }

    private Mood mood() {
        return chance(2) ? any(Mood.FINE, Mood.MIXED) : any(Mood.values());
    }

    private Order order() {
        return new Order(
                orderOnly || !chance(3) ? any(Mode.values()) : Mode.UNORDERED,
                chance(4) ? "$.k" : null,
                chance(3) ? OnExhausted.HOLD : OnExhausted.SKIP);
    }

    private DeliveryPolicy policy() {
        DeliveryPolicy usual = DeliveryPolicy.DEFAULT;
        DeliveryPolicy.Circuit circuit = new DeliveryPolicy.Circuit(
                !orderOnly && !chance(4),
                chance(4) ? null : Integer.valueOf(1 + random.nextInt(4)),
                null,
                Duration.ofMillis(500 + random.nextInt(8_000)),
                Duration.ofSeconds(chance(2) ? 1 + random.nextInt(20) : 86_400),
                any(Afterwards.values()));
        return new DeliveryPolicy(
                order(),
                orderOnly ? usual.retry() : retry(),
                usual.timeout(),
                new DeliveryPolicy.Success(orderOnly || !chance(8) ? null : List.of("2xx", "400"), null, null),
                circuit,
                orderOnly
                        ? usual.concurrency()
                        : new DeliveryPolicy.Concurrency(
                                chance(3) ? Integer.valueOf(1 + random.nextInt(5)) : null, random.nextBoolean()),
                orderOnly
                        ? new DeliveryPolicy.Disabling(true, null, null)
                        : new DeliveryPolicy.Disabling(
                                !chance(4),
                                chance(6) ? Duration.ofSeconds(5 + random.nextInt(60)) : null,
                                chance(6) ? Integer.valueOf(2 + random.nextInt(8)) : null),
                usual.notification());
    }

    private DeliveryPolicy.Retry retry() {
        DeliveryPolicy.Exponential growing = chance(3)
                ? new DeliveryPolicy.Exponential(
                        Duration.ofMillis(100 + random.nextInt(3_000)), 1 + random.nextInt(3), Duration.ofSeconds(20))
                : null;
        List<Duration> schedule = null;
        if (growing == null && random.nextBoolean()) {
            schedule = new ArrayList<>();
            for (int i = random.nextInt(5); i >= 0; i--) {
                schedule.add(Duration.ofMillis(random.nextInt(10_000)));
            }
        }
        Duration age = chance(4) ? Duration.ofSeconds(1 + random.nextInt(60)) : null;
        return new DeliveryPolicy.Retry(
                schedule,
                growing,
                chance(4) ? Double.valueOf(random.nextDouble()) : null,
                chance(3) || (growing != null && age == null) ? Integer.valueOf(1 + random.nextInt(6)) : null,
                age,
                chance(5) ? List.of("5xx", "429") : null,
                !chance(8),
                !chance(8));
    }

    private static String path(Endpoint endpoint) {
        return endpoint.url().substring(("https://example.com/" + endpoint.no()).length());
    }

    private Endpoint present(int no) {
        return requireNonNull(world.endpoints.get(no));
    }

    private void changed(Endpoint endpoint) {
        world.endpoints.put(endpoint.no(), endpoint);
        promised(endpoint.no()).changed(endpoint, world.appPaused);
        loop.changed(endpoint);
    }

    private void decide(int no) {
        if (!world.endpoints.containsKey(no)) {
            return;
        }
        Endpoint was = present(no);
        boolean disabled = was.disabled();
        boolean paused = was.paused();
        DeliveryPolicy policy = was.delivery();
        Integer rate = was.rateLimit();
        String path = path(was);
        switch (random.nextInt(orderOnly ? 4 : 10)) {
            case 0, 1 -> paused = !paused;
            case 2, 3 -> policy = policy();
            case 4 -> disabled = !disabled;
            case 5 -> rate = rate();
            case 6 -> path = path + "x";
            case 7 -> {
                world.appPaused = !world.appPaused;
                log(() -> "application paused " + world.appPaused);
                List.copyOf(world.endpoints.values()).forEach(this::changed);
                return;
            }
            case 8 -> {
                if (chance(4)) {
                    remove(no);
                }
                return;
            }
            default -> disabled = false;
        }
        Endpoint now = endpoint(no, disabled, paused, policy, rate, path);
        log(() -> "endpoint " + no + " disabled " + now.disabled() + " paused " + now.paused() + " rate "
                + now.rateLimit() + " " + now.url() + " " + now.delivery());
        changed(now);
    }

    private void remove(int no) {
        log(() -> "deleted " + no);
        world.endpoints.remove(no);
        world.removed.add(no);
        promised(no).removed();
        loop.removed(no);
        world.deferrals.remove(no);
    }

    /** The endpoints that have disabled themselves are so in the catalog now. */
    private void disable() {
        List.copyOf(world.disabled.keySet()).forEach(no -> {
            world.disabled.remove(no);
            Endpoint was = world.endpoints.get(no);
            if (was != null && !was.disabled()) {
                log(() -> "disabled " + no);
                changed(endpoint(no, true, was.paused(), was.delivery(), was.rateLimit(), path(was)));
            }
        });
    }

    // ---- what happens

    void run() {
        for (int step = 0; step < STEPS; step++) {
            pass();
            step();
        }
        settleEverything();
        checkBooks();
    }

    private void pass() {
        world.now += orderOnly
                ? random.nextInt(2_000_000)
                : switch (random.nextInt(12)) {
                    case 0, 1, 2, 3, 4 -> random.nextInt(50_000);
                    case 5, 6, 7 -> random.nextInt(500_000);
                    case 8, 9, 10 -> random.nextInt(3_000_000);
                    default -> random.nextInt(20_000_000);
                };
        if (orderOnly ? chance(20) : chance(2)) {
            tick();
        }
    }

    private void step() {
        switch (random.nextInt(21)) {
            case 0, 1, 2, 3 -> accept(1 + random.nextInt(6));
            case 4, 5, 6, 7, 8, 9 -> answer();
            case 10, 11 -> commit();
            case 12, 13 -> read();
            case 14 -> world.full = !world.full && chance(2);
            case 15 -> ask();
            case 16 -> world.see();
            case 17 -> {
                if (chance(2)) {
                    decide(1 + random.nextInt(ENDPOINTS));
                }
                if (!orderOnly) {
                    moods.put(1 + random.nextInt(ENDPOINTS), mood());
                }
            }
            case 18 -> {
                if (chance(3)) {
                    discardOne();
                }
            }
            case 19 -> {
                disable();
                makeDue();
            }
            default -> {
                if (chance(5)) {
                    crash();
                }
            }
        }
    }

    private void tick() {
        loop.tick();
        int open = 0;
        for (Promises each : promises.values()) {
            open += each.circuitOpen() ? 1 : 0;
        }
        assertThat(loop.openCircuits()).as("open circuits").isEqualTo(open);
    }

    private void accept(int count) {
        for (int i = 0; i < count; i++) {
            List<Delivery> deliveries = new ArrayList<>();
            long seq = accepted.size() + 1L;
            String key = chance(6) ? null : "k" + random.nextInt(4);
            byte[] payload = ("{\"x\":[1,{}],\"k\":\"p" + random.nextInt(4) + "\"" + " ".repeat(80) + "}")
                    .getBytes(StandardCharsets.UTF_8);
            long deliverAt = orderOnly || !chance(8) ? 0 : world.now + random.nextInt(20_000_000);
            Message message = new Message(
                    1, seq, world.now, "msg_" + seq, "a.b", null, List.of(), List.of(), payload, 0, key, deliverAt);
            world.messages.put(seq, message);
            accepted.add(message);
            log(() -> "accepted " + seq + " " + key + " " + Promises.keyIn(payload)
                    + (deliverAt == 0 ? "" : " for " + deliverAt / 1_000));
            for (int no : world.endpoints.keySet()) {
                deliveries.add(new Delivery(message, no, 0, false));
            }
            positions.owe(SHARD, seq, message.createdAt, deliveries.size());
            promises.values().forEach(each -> each.offered(seq));
            loop.offer(deliveries);
        }
    }

    private void begins(FakeWorld.Request request) {
        log(() -> "begins " + request.message().seq + "/" + request.endpointNo());
        promised(request.endpointNo()).begins(request);
        if (!orderOnly && chance(30)) {
            hanging.add(request);
        }
    }

    private void answer() {
        if (!world.requests.isEmpty()) {
            answer(world.requests.get(random.nextInt(world.requests.size())));
        }
    }

    private void answer(FakeWorld.Request request) {
        boolean hangs = hanging.contains(request);
        if (hangs && world.now - request.startedAt() < settings.attemptTimeout().toNanos() / 1_000) {
            return;
        }
        Mood mood = moods.getOrDefault(request.endpointNo(), Mood.FINE);
        Outcome outcome = hangs ? failure(FailureKind.TIMEOUT) : calm ? response(200, null) : outcome(mood);
        log(() -> "answers " + request.message().seq + "/" + request.endpointNo() + " " + outcome);
        Promises promised = promised(request.endpointNo());
        promised.answers(request, outcome);
        world.finish(request, outcome);
        promised.answered();
        if (hangs) {
            hanging.remove(request);
        }
    }

    private Outcome outcome(Mood mood) {
        return switch (mood) {
            case FINE -> chance(15) ? any(response(500, null), failure(FailureKind.PROTOCOL)) : response(200, null);
            case MIXED ->
                switch (random.nextInt(8)) {
                    case 0, 1, 2, 3 -> response(200, null);
                    case 4, 5 -> response(500, null);
                    case 6 -> failure(FailureKind.TIMEOUT);
                    default -> failure(FailureKind.CONNECT);
                };
            case FAILING ->
                chance(20)
                        ? response(200, null)
                        : any(
                                response(500, null),
                                response(503, null),
                                response(302, null),
                                failure(FailureKind.CONNECT),
                                failure(FailureKind.PROTOCOL),
                                failure(FailureKind.DNS),
                                failure(FailureKind.TIMEOUT));
            case OVERLOADED ->
                chance(3)
                        ? response(200, null)
                        : response(any(429, 429, 503), chance(2) ? Integer.toString(random.nextInt(150)) : null);
            case REFUSING -> chance(3) ? response(200, null) : response(chance(6) ? 410 : 400, null);
        };
    }

    private static Outcome response(int code, @Nullable String retryAfter) {
        return new Outcome.Response(code, "", new byte[0], false, retryAfter);
    }

    private static Outcome failure(FailureKind kind) {
        return new Outcome.Failure(kind, kind.toString());
    }

    private void commit() {
        List<Settlement> all = List.copyOf(world.recorded);
        int count = calm || random.nextBoolean() ? all.size() : random.nextInt(all.size() + 1);
        List<Settlement> batch = all.subList(0, count);
        for (Settlement settlement : batch) {
            log(() -> "committed " + settlement.seq() + "/" + settlement.endpointNo() + " " + settlement.verdict()
                    + " row " + settlement.fromDeferral());
            promised(settlement.endpointNo()).committed(settlement);
        }
        world.commit(loop, count);
        for (Settlement settlement : batch) {
            if (!settlement.fromDeferral()) {
                positions.settle(SHARD, settlement.seq());
            }
        }
        if (random.nextBoolean()) { // positions are written now and then
            for (SettledPositions.Position position : positions.moved()) {
                durableSettled = position.seq();
            }
        }
        if (random.nextBoolean()) {
            remembered = new TreeMap<>(world.remembered);
        }
    }

    private void read() {
        world.databaseAway = !calm && chance(5);
        if (!calm) {
            log(() -> "reads" + (world.databaseAway ? ", away" : ""));
        }
        world.rekey();
        world.read();
    }

    private void makeDue() {
        for (int no : List.copyOf(world.well.keySet())) {
            log(() -> "retries of " + no + " are due");
            promised(no).dueAtOnce();
            world.makeDue(no);
        }
    }

    private void ask() {
        if (!accepted.isEmpty()) {
            long seq = 1L + random.nextInt(accepted.size());
            int no = 1 + random.nextInt(ENDPOINTS);
            Endpoint endpoint = world.endpoints.get(no);
            if (endpoint != null && !endpoint.disabled()) {
                log(() -> "asks for " + seq + "/" + no);
                if (world.isThere(seq, no)) {
                    promised(no).asked(seq);
                    assertThat(world.ask(loop, seq, no)).isTrue();
                }
            }
        }
    }

    /** As somebody does it who looks at the dead letters. */
    private void discardOne() {
        for (Map.Entry<Integer, TreeMap<Long, FakeWorld.Row>> rows : world.deferrals.entrySet()) {
            for (FakeWorld.Row row : List.copyOf(rows.getValue().values())) {
                if (row.reason() == DeferralReason.HELD) {
                    long seq = row.message().seq;
                    log(() -> "discards " + seq + "/" + rows.getKey());
                    rows.getValue().remove(seq);
                    discarded.add(seq + "/" + rows.getKey());
                    promised(rows.getKey()).discarded(seq);
                    loop.withdrawn(rows.getKey(), Set.of(seq));
                    return;
                }
            }
        }
    }

    /** As {@code kill -9}: what is not durable is gone. Or as it should be. Then what the server does at its start. */
    private void crash() {
        if (chance(3)) {
            stop();
        }
        log(() -> "crash, settled up to " + durableSettled + ", remembered " + remembered);
        world.forgetWhatIsUnderWay();
        world.full = false;
        world.databaseAway = false;
        hanging.clear();
        loop = new LaneLoop(settings, world, world, world.time, world.metrics);
        positions = new SettledPositions();
        positions.init(SHARD, durableSettled, 0, accepted.size());
        world.remembered.clear();
        world.remembered.putAll(remembered);
        world.remembered.keySet().removeAll(world.removed);
        promises.values().forEach(each -> each.offered(durableSettled));
        promises.forEach((no, promised) -> promised.crashed(world.remembered.get(no)));
        remembered.keySet().stream()
                .filter(world.remembered::containsKey)
                .forEach(no -> loop.remember(1, requireNonNull(world.remembered.get(no))));
        world.deferrals.forEach((no, rows) -> {
            if (!rows.isEmpty()) {
                loop.backlog(new Backlog.Summary(1, no, rows.size(), parked(rows), firstDue(rows)));
            }
        });
        recover();
    }

    private static long parked(Map<Long, FakeWorld.Row> rows) {
        return rows.values().stream()
                .filter(row -> row.reason() != DeferralReason.RETRY && !row.asked())
                .filter(row -> row.reason() != DeferralReason.HELD && row.reason() != DeferralReason.SCHEDULED)
                .count();
    }

    private static long firstDue(Map<Long, FakeWorld.Row> rows) {
        return rows.values().stream().mapToLong(FakeWorld.Row::dueAt).min().orElse(Backlog.NEVER);
    }

    private void stop() {
        log(() -> "stops");
        promises.values().forEach(Promises::stopping);
        loop.stop();
        List.copyOf(world.requests).stream()
                .filter(request -> random.nextBoolean())
                .forEach(this::answer);
        loop.giveUp();
        world.requests.clear();
        commit();
    }

    private void recover() {
        Set<String> done = new HashSet<>(discarded);
        for (Settlement settlement : world.committed) {
            if (settlement.attempt() != null) {
                done.add(settlement.seq() + "/" + settlement.endpointNo());
            }
        }
        world.deferrals.forEach((no, rows) -> rows.keySet().forEach(seq -> done.add(seq + "/" + no)));
        for (Message message : accepted.subList((int) durableSettled, accepted.size())) {
            List<Delivery> deliveries = new ArrayList<>();
            for (int no : world.endpoints.keySet()) {
                if (!done.contains(message.seq + "/" + no)) {
                    deliveries.add(new Delivery(message, no, 0, false));
                }
            }
            positions.owe(SHARD, message.seq, message.createdAt, deliveries.size());
            promises.values().forEach(each -> each.offered(message.seq));
            loop.offer(deliveries);
            if (chance(4)) {
                commit(); // the recorder does not wait for the end of recovery
                read();
            }
        }
        positions.release(SHARD);
        loop.recovered();
    }

    // ---- the end

    /** The endpoints are well and nobody changes anything any more: everything has to come to its end. */
    private void settleEverything() {
        log(() -> "calm");
        calm = true;
        world.full = false;
        world.appPaused = false;
        for (int round = 0; !isSettled(); round++) {
            assertThat(round)
                    .as("rounds until all is settled, rows " + world.deferrals)
                    .isLessThan(3_000);
            disable();
            for (Endpoint endpoint : List.copyOf(world.endpoints.values())) {
                if (round == 0 || endpoint.disabled() || endpoint.paused()) {
                    changed(endpoint(
                            endpoint.no(), false, false, endpoint.delivery(), endpoint.rateLimit(), path(endpoint)));
                }
            }
            world.now += 10 * SECOND;
            tick();
            makeDue();
            read();
            for (FakeWorld.Request request : List.copyOf(world.requests)) {
                answer(request);
            }
            while (world.requests.stream().anyMatch(request -> !hanging.contains(request))) {
                List.copyOf(world.requests).forEach(this::answer);
            }
            commit();
            discardOne();
        }
    }

    private boolean isSettled() {
        return world.requests.size() + world.recorded.size() + world.fetches.size() + world.rows() + loop.queued() == 0;
    }

    private void checkBooks() {
        Map<String, Integer> numbers = new HashMap<>();
        for (Settlement settlement : world.committed) {
            Attempt attempt = settlement.attempt();
            if (attempt != null) {
                String pair = settlement.seq() + "/" + settlement.endpointNo();
                int number = numbers.merge(pair, 1, Integer::sum);
                if (attempt.number() != number) {
                    throw new AssertionError(
                            "attempt " + number + " of " + pair + " has the number " + attempt.number());
                }
            }
        }
        promises.values().forEach(Promises::nothingIsLost);
        assertThat(positions.unsettled()).isZero();
        assertThat(loop.bytes() % OrderedLine.SHUT_WEIGHT)
                .as("memory but that of shut chains")
                .isZero();
    }
}
