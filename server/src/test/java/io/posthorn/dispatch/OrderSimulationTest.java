package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.FailureKind;
import io.posthorn.history.Backlog;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * A model of what the orders promise, beside lanes that everything happens to: hostile endpoints, crashes, a database
 * that goes away or is slow, changes of the order, pauses, redelivery. The clock is the test's.
 */
final class OrderSimulationTest {
    private static final int SCENARIOS = Integer.getInteger("posthorn.scenarios", 10_000);
    private static final int ENDPOINTS = 3;
    private static final int SHARD = 1;
    /** As long as the longest wait of the retry schedule, microseconds. */
    private static final long LAST_RETRY = 300_000_000;

    private static final DispatchSettings SETTINGS = FakeWorld.settings(3, 8, 6, 8_000);

    @Test
    @Requirement({"A15", "B42", "B43", "D24"})
    void theOrderIsKeptWhateverHappens() {
        long seed = Long.getLong("posthorn.seed", System.nanoTime());
        for (int i = 0; i < SCENARIOS; i++) {
            long scenario = seed + i;
            Scenario run = new Scenario(new Random(scenario));
            try {
                run.run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(
                        "scenario failed; repeat it with -Dposthorn.seed=" + scenario + " -Dposthorn.scenarios=1\n"
                                + String.join("\n", run.log),
                        e);
            }
        }
    }

    private static final class Scenario {
        private final Random random;
        private final FakeWorld world = new FakeWorld();
        private final Map<Integer, DeliveryPolicy> policies = new HashMap<>();
        private final Map<Integer, Boolean> paused = new HashMap<>();
        private final List<Message> accepted = new ArrayList<>();
        /** What somebody discarded that was held. */
        private final Set<String> discarded = new HashSet<>();

        private final Deque<String> log = new ArrayDeque<>();
        private SettledPositions positions = new SettledPositions();
        private long durableSettled;
        /** The lanes know of the messages up to this number. */
        private long offered;

        private LaneLoop loop = world.loop(SETTINGS);
        private boolean calm;

        Scenario(Random random) {
            this.random = random;
            for (int no = 1; no <= ENDPOINTS; no++) {
                policies.put(no, policy());
                paused.put(no, false);
                world.endpoints.put(no, FakeWorld.endpoint(no, false, policyOf(no), false));
            }
            world.watcher = this::begins;
        }

        private void log(String what) {
            if (log.size() > 400) {
                log.removeFirst();
            }
            log.add(world.now / 1_000 + " " + what);
        }

        private DeliveryPolicy policy() {
            DeliveryPolicy usual = DeliveryPolicy.DEFAULT;
            Mode[] modes = Mode.values();
            Order order = new Order(
                    modes[random.nextInt(modes.length)],
                    random.nextInt(4) == 0 ? "$.k" : null,
                    random.nextInt(3) == 0 ? OnExhausted.HOLD : OnExhausted.SKIP);
            return new DeliveryPolicy(
                    order,
                    usual.retry(),
                    usual.timeout(),
                    usual.success(),
                    new DeliveryPolicy.Circuit(
                            false,
                            null,
                            null,
                            usual.circuit().probeAfter(),
                            usual.circuit().keepFor(),
                            usual.circuit().afterwards()),
                    usual.concurrency(),
                    new DeliveryPolicy.Disabling(true, null, null),
                    usual.notification());
        }

        private DeliveryPolicy policyOf(int no) {
            return requireNonNull(policies.get(no));
        }

        void run() {
            for (int step = 0; step < 120; step++) {
                // now and then so much that last attempts are made, too
                world.now += random.nextInt(12) == 0 ? LAST_RETRY : random.nextInt(2_000_000);
                step();
            }
            settleEverything();
            checkBooks();
        }

        private void step() {
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3 -> accept(1 + random.nextInt(6));
                case 4, 5, 6, 7, 8 -> answer();
                case 9, 10 -> commit();
                case 11, 12 -> read();
                case 13 -> loop.tick();
                case 14 -> world.full = !world.full;
                case 15 -> ask();
                case 16 -> world.see();
                case 17 -> {
                    if (random.nextInt(3) == 0) {
                        reorder();
                    }
                }
                case 18 -> {
                    if (random.nextInt(3) == 0) {
                        int no = 1 + random.nextInt(ENDPOINTS);
                        pause(no, !paused.getOrDefault(no, false));
                    }
                    if (random.nextInt(3) == 0) {
                        discardOne();
                    }
                }
                default -> {
                    if (random.nextInt(4) == 0) {
                        crash();
                    }
                }
            }
        }

        private void accept(int count) {
            for (int i = 0; i < count; i++) {
                List<Delivery> deliveries = new ArrayList<>();
                long seq = accepted.size() + 1L;
                String key = random.nextInt(6) == 0 ? null : "k" + random.nextInt(4);
                byte[] payload = ("{\"x\":[1,{}],\"k\":\"p" + random.nextInt(4) + "\"" + " ".repeat(80) + "}")
                        .getBytes(StandardCharsets.UTF_8);
                Message message = new Message(
                        1, seq, world.now, "msg_" + seq, "a.b", null, List.of(), List.of(), payload, 0, key, 0);
                world.messages.put(seq, message);
                accepted.add(message);
                log("accepted " + seq + " " + key + " " + keyIn(payload));
                positions.owe(SHARD, seq, message.createdAt, ENDPOINTS);
                for (int no = 1; no <= ENDPOINTS; no++) {
                    deliveries.add(new Delivery(message, no, 0, false));
                }
                offered = seq;
                loop.offer(deliveries);
            }
        }

        private static String keyIn(byte[] payload) {
            String text = new String(payload, StandardCharsets.UTF_8);
            int at = text.indexOf("\"k\":\"") + 5;
            return text.substring(at, at + 2);
        }

        private void answer() {
            if (world.requests.isEmpty()) {
                return;
            }
            FakeWorld.Request request = world.requests.get(random.nextInt(world.requests.size()));
            int what = calm ? 0 : random.nextInt(8);
            log("answers " + request.message().seq + "/" + request.endpointNo() + " " + what);
            int before = world.recorded.size();
            switch (what) {
                case 0, 1, 2, 3 -> world.answer(request, 200);
                case 4, 5 -> world.answer(request, 500);
                case 6 -> world.fail(request, FailureKind.TIMEOUT);
                default -> world.fail(request, FailureKind.CONNECT);
            }
            ends(request, world.recorded.subList(before, world.recorded.size()));
        }

        /** A request has ended: what has run out of attempts is over only if its owner lets the others pass. */
        private void ends(FakeWorld.Request request, List<Settlement> recorded) {
            Order order = policyOf(request.endpointNo()).order();
            boolean holds = order.onExhausted() == OnExhausted.HOLD
                    && (order.mode() == Mode.FIFO || order.mode() == Mode.FIFO_BY_KEY)
                    && keyOf(request.message(), order) != null;
            for (Settlement settlement : recorded) {
                if (holds
                        && settlement.seq() == request.message().seq
                        && settlement.endpointNo() == request.endpointNo()
                        && !settlement.aside()) {
                    assertThat(settlement.verdict())
                            .as(settlement.seq() + "/" + settlement.endpointNo() + " " + order)
                            .isNotInstanceOf(Verdict.Exhausted.class);
                }
            }
        }

        private void commit() {
            List<Settlement> all = List.copyOf(world.recorded);
            int count = calm || random.nextBoolean() ? all.size() : random.nextInt(all.size() + 1);
            List<Settlement> batch = all.subList(0, count);
            batch.forEach(settlement -> log("committed " + settlement.seq() + "/" + settlement.endpointNo() + " "
                    + settlement.verdict() + " attempts " + settlement.attempts() + " row "
                    + settlement.fromDeferral()));
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
        }

        private void read() {
            world.databaseAway = !calm && random.nextInt(5) == 0;
            log("reads" + (world.databaseAway ? ", away" : ""));
            world.rekey();
            world.read();
        }

        private void ask() {
            if (!accepted.isEmpty()) {
                long seq = 1L + random.nextInt(accepted.size());
                int no = 1 + random.nextInt(ENDPOINTS);
                if (world.ask(loop, seq, no)) {
                    log("asked for " + seq + "/" + no);
                }
            }
        }

        private void reorder() {
            int no = 1 + random.nextInt(ENDPOINTS);
            policies.put(no, policy());
            log("order of " + no + " " + policyOf(no).order());
            changed(no);
        }

        private void pause(int no, boolean now) {
            log("paused " + no + " " + now);
            paused.put(no, now);
            changed(no);
        }

        private void changed(int no) {
            world.endpoints.put(no, FakeWorld.endpoint(no, false, policyOf(no), Boolean.TRUE.equals(paused.get(no))));
            loop.changed(requireNonNull(world.endpoints.get(no)));
        }

        /** As somebody does it who looks at the dead letters. */
        private void discardOne() {
            for (Map.Entry<Integer, TreeMap<Long, FakeWorld.Row>> rows : world.deferrals.entrySet()) {
                for (FakeWorld.Row row : List.copyOf(rows.getValue().values())) {
                    if (row.reason() == DeferralReason.HELD) {
                        long seq = row.message().seq;
                        log("discards " + seq + "/" + rows.getKey());
                        rows.getValue().remove(seq);
                        discarded.add(seq + "/" + rows.getKey());
                        loop.withdrawn(rows.getKey(), Set.of(seq));
                        return;
                    }
                }
            }
        }

        /** As {@code kill -9}: what is not durable is gone. Then what the server does at its start. */
        private void crash() {
            log("crash, settled up to " + durableSettled);
            world.forgetWhatIsUnderWay();
            world.full = false;
            loop = new LaneLoop(SETTINGS, world, world, world.time, world.metrics);
            positions = new SettledPositions();
            positions.init(SHARD, durableSettled, 0, accepted.size());
            world.deferrals.forEach((no, rows) -> {
                if (!rows.isEmpty()) {
                    long parked = rows.values().stream()
                            .filter(row -> row.reason() != DeferralReason.RETRY && !row.asked())
                            .count();
                    long first = rows.values().stream()
                            .mapToLong(FakeWorld.Row::dueAt)
                            .min()
                            .orElse(Backlog.NEVER);
                    loop.backlog(new Backlog.Summary(1, no, rows.size(), parked, first));
                }
            });
            offered = durableSettled;
            Set<String> done = new HashSet<>(discarded);
            for (Settlement settlement : world.committed) {
                if (settlement.attempt() != null) {
                    done.add(settlement.seq() + "/" + settlement.endpointNo());
                }
            }
            world.deferrals.forEach((no, rows) -> rows.keySet().forEach(seq -> done.add(seq + "/" + no)));
            for (Message message : accepted.subList((int) durableSettled, accepted.size())) {
                List<Delivery> deliveries = new ArrayList<>();
                for (int no = 1; no <= ENDPOINTS; no++) {
                    if (!done.contains(message.seq + "/" + no)) {
                        deliveries.add(new Delivery(message, no, 0, false));
                    }
                }
                positions.owe(SHARD, message.seq, message.createdAt, deliveries.size());
                offered = message.seq;
                loop.offer(deliveries);
                if (random.nextInt(4) == 0) {
                    commit(); // the recorder does not wait for the end of recovery
                    read();
                }
            }
            positions.release(SHARD);
            loop.recovered();
        }

        // ---- the model

        /** Everything that has been decided about the deliveries of an endpoint, in the order in which it was. */
        private Map<Long, Verdict> ends(int no) {
            Map<Long, Verdict> ends = new HashMap<>();
            for (List<Settlement> all : List.of(world.committed, world.recorded)) {
                for (Settlement settlement : all) {
                    if (settlement.endpointNo() == no
                            && (settlement.attempt() != null || settlement.verdict() instanceof Verdict.Dropped)) {
                        // once ended, a redelivery that fails does not bring it back into the order
                        if (!ended(ends.get(settlement.seq()))) {
                            ends.put(settlement.seq(), settlement.verdict());
                        }
                    }
                }
            }
            return ends;
        }

        private static boolean ended(@Nullable Verdict verdict) {
            return switch (verdict) {
                case null -> false;
                case Verdict.Delivered _,
                        Verdict.Exhausted _,
                        Verdict.Gone _,
                        Verdict.Superseded _,
                        Verdict.Cancelled _,
                        Verdict.Dropped _ -> true;
                case Verdict.RetryAt _, Verdict.Held _, Verdict.Parked _ -> false;
            };
        }

        private @Nullable String keyOf(Message message, Order order) {
            if (order.mode() == Mode.FIFO) {
                return "all";
            }
            return order.key() == null ? message.orderingKey : keyIn(message.payload);
        }

        /** A request begins: may it? */
        private void begins(FakeWorld.Request request) {
            int no = request.endpointNo();
            Message message = request.message();
            log("begins " + message.seq + "/" + no);
            assertThat(paused.get(no)).as("paused").isFalse();
            Order order = policyOf(no).order();
            String key = keyOf(message, order);
            if (!order.mode().ordered() || key == null) {
                return;
            }
            String what = message.seq + "/" + no + " " + order;
            for (FakeWorld.Request other : world.requests) {
                assertThat(other.endpointNo() == no && Objects.equals(key, keyOf(other.message(), order)))
                        .as(what + " begins beside " + other.message().seq)
                        .isFalse();
            }
            Map<Long, Verdict> ends = ends(no);
            if (ended(ends.get(message.seq))) {
                return; // asked for again: it does not stand in the order
            }
            for (Message other : accepted.subList(0, (int) offered)) {
                if (!Objects.equals(key, keyOf(other, order)) || discarded.contains(other.seq + "/" + no)) {
                    continue;
                }
                if (other.seq < message.seq && order.mode() != Mode.LATEST_BY_KEY) {
                    assertThat(ended(ends.get(other.seq)))
                            .as(what + " begins before " + other.seq + " has ended")
                            .isTrue();
                }
                if (other.seq > message.seq && order.mode() == Mode.LATEST_BY_KEY) {
                    assertThat(ended(ends.get(other.seq)))
                            .as(what + " begins although " + other.seq + " is newer")
                            .isTrue();
                }
            }
        }

        private void settleEverything() {
            calm = true;
            world.full = false;
            for (int no = 1; no <= ENDPOINTS; no++) {
                pause(no, false);
            }
            for (int round = 0;
                    world.requests.size() + world.recorded.size() + world.fetches.size() + world.rows() > 0;
                    round++) {
                assertThat(round)
                        .as("rounds until all is settled, rows " + world.deferrals)
                        .isLessThan(3_000);
                world.now += 10_000_000;
                loop.tick();
                read();
                while (!world.requests.isEmpty()) {
                    answer();
                }
                commit();
                discardOne();
            }
        }

        private void checkBooks() {
            for (int no = 1; no <= ENDPOINTS; no++) {
                Map<Long, Verdict> ends = ends(no);
                Map<Long, Integer> numbers = new HashMap<>();
                for (Settlement settlement : world.committed) {
                    Attempt attempt = settlement.attempt();
                    if (settlement.endpointNo() == no && attempt != null) {
                        assertThat(attempt.number())
                                .as("attempts of " + settlement.seq() + "/" + no)
                                .isEqualTo(numbers.merge(settlement.seq(), 1, Integer::sum));
                    }
                }
                for (Message message : accepted) {
                    assertThat(ended(ends.get(message.seq)) || discarded.contains(message.seq + "/" + no))
                            .as(message.seq + "/" + no + " has ended")
                            .isTrue();
                }
            }
            assertThat(positions.unsettled()).isZero();
        }
    }
}
