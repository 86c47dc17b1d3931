package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.FailureKind;
import io.posthorn.history.Backlog;
import io.posthorn.history.SettledPositions;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Random histories of one event loop: endpoints that fail, hang and are disabled, commits that come late, a database
 * that goes away, a recorder that is full, deliveries that are asked for again in any state, and crashes at any moment
 * with recovery as the server does it. Whatever happens, every accepted message ends for every endpoint exactly once in
 * the books, and once more at most for each time it was asked for; its attempts are numbered without a gap and none comes
 * before its time, and no bound is ever exceeded.
 */
class LaneSimulationTest {
    private static final int SCENARIOS = 1_000;
    private static final int ENDPOINTS = 4;
    private static final int SHARD = 1;
    /** The schedule has two retries. */
    private static final int MOST_IN_ROUND = 3;

    private static final DispatchSettings SETTINGS = FakeWorld.settings(3, 8, 6, 5_000);

    @Test
    @Requirement({"A12", "D24", "B38"})
    void whateverHappensEveryDeliveryEndsOnce() {
        long seed = Long.getLong("posthorn.seed", System.nanoTime());
        for (int i = 0; i < SCENARIOS; i++) {
            long scenario = seed + i;
            try {
                new Scenario(new Random(scenario)).run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("scenario failed; repeat it with -Dposthorn.seed=" + scenario, e);
            }
        }
    }

    private static final class Scenario {
        private final Random random;
        private final FakeWorld world = new FakeWorld();
        private final Map<Integer, Boolean> disabled = new HashMap<>();
        private final List<Message> accepted = new ArrayList<>();
        /** Which deliveries were asked for again, and how much had been committed of all by then. */
        private final Map<String, List<Integer>> asked = new HashMap<>();

        private SettledPositions positions = new SettledPositions();
        private long durableSettled;
        private LaneLoop loop = world.loop(SETTINGS);
        private boolean calm;

        Scenario(Random random) {
            this.random = random;
            for (int no = 1; no <= ENDPOINTS; no++) {
                world.endpoint(no);
                disabled.put(no, false);
            }
        }

        void run() {
            for (int step = 0; step < 150; step++) {
                world.now += random.nextInt(2_000_000);
                step();
                check();
            }
            settleEverything();
            checkBooks();
        }

        private void step() {
            switch (random.nextInt(14)) {
                case 0, 1, 2 -> accept(1 + random.nextInt(8));
                case 3, 4, 5 -> answer();
                case 6, 7 -> commit();
                case 8 -> read();
                case 9 -> loop.tick();
                case 10 -> trouble();
                case 11 -> ask();
                case 12 -> world.see();
                default -> {
                    if (random.nextInt(6) == 0) {
                        crash();
                    }
                }
            }
        }

        /** Somebody asks for a delivery again, whatever its state. */
        private void ask() {
            if (!accepted.isEmpty()) {
                long seq = 1L + random.nextInt(accepted.size());
                int no = 1 + random.nextInt(ENDPOINTS);
                int before = world.committed.size();
                if (world.ask(loop, seq, no)) {
                    asked.computeIfAbsent(seq + "/" + no, pair -> new ArrayList<>())
                            .add(before);
                }
            }
        }

        private void accept(int count) {
            List<Delivery> deliveries = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Message message = world.message(accepted.size() + 1L);
                accepted.add(message);
                positions.owe(SHARD, message.seq, message.createdAt, ENDPOINTS);
                for (int no = 1; no <= ENDPOINTS; no++) {
                    deliveries.add(new Delivery(message, no, 0, false));
                }
            }
            loop.offer(deliveries);
        }

        private void answer() {
            if (world.requests.isEmpty()) {
                return;
            }
            FakeWorld.Request request = world.requests.get(random.nextInt(world.requests.size()));
            switch (calm ? 0 : random.nextInt(8)) {
                case 0, 1, 2, 3 -> world.answer(request, 200);
                case 4 -> world.answer(request, 500);
                case 5 -> world.answer(request, 429);
                case 6 -> world.fail(request, FailureKind.TIMEOUT);
                default -> world.fail(request, FailureKind.CONNECT);
            }
        }

        private void commit() {
            List<Settlement> batch = List.copyOf(world.recorded);
            world.commit(loop);
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
            world.read();
        }

        private void trouble() {
            if (random.nextBoolean()) {
                world.full = !world.full;
            } else {
                int no = 1 + random.nextInt(ENDPOINTS);
                change(no, !disabled.getOrDefault(no, false));
            }
        }

        private void change(int no, boolean off) {
            disabled.put(no, off);
            world.endpoints.put(no, FakeWorld.endpoint(no, off));
            loop.changed(world.endpoints.get(no));
        }

        /** As {@code kill -9}: what is not durable is gone. Then what the server does at its start. */
        private void crash() {
            world.forgetWhatIsUnderWay();
            world.full = false;
            loop = world.loop(SETTINGS);
            positions = new SettledPositions();
            positions.init(SHARD, durableSettled, 0, accepted.size());
            world.deferrals.forEach((no, rows) -> {
                if (!rows.isEmpty()) {
                    loop.backlog(new Backlog.Summary(1, no, rows.size(), parked(rows), firstDue(rows)));
                }
            });
            Set<String> done = new HashSet<>();
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
                loop.offer(deliveries);
            }
            positions.release(SHARD);
        }

        private static long parked(Map<Long, FakeWorld.Row> rows) {
            return rows.values().stream()
                    .filter(row -> row.reason() != DeferralReason.RETRY && !row.asked())
                    .count();
        }

        private static long firstDue(Map<Long, FakeWorld.Row> rows) {
            return rows.values().stream().mapToLong(FakeWorld.Row::dueAt).min().orElse(Backlog.NEVER);
        }

        private void check() {
            Map<Integer, Integer> each = new HashMap<>();
            for (FakeWorld.Request request : world.requests) {
                assertThat(each.merge(request.endpointNo(), 1, Integer::sum)).isLessThanOrEqualTo(3);
            }
            assertThat(world.requests.size()).isLessThanOrEqualTo(8).isEqualTo(loop.inFlight());
            // A look into the backlog may bring at least one delivery, whatever its size.
            assertThat(loop.bytes()).isLessThanOrEqualTo(5_000 + 6 * 500 * ENDPOINTS);
        }

        private void settleEverything() {
            calm = true;
            world.full = false;
            for (int no = 1; no <= ENDPOINTS; no++) {
                change(no, false);
            }
            for (int round = 0;
                    world.requests.size() + world.recorded.size() + world.fetches.size() + world.rows() > 0;
                    round++) {
                assertThat(round).as("rounds until all is settled").isLessThan(5_000);
                world.now += 10_000_000;
                loop.tick();
                read();
                while (!world.requests.isEmpty()) {
                    answer();
                }
                commit();
            }
        }

        private void checkBooks() {
            Map<String, List<Integer>> pairs = new HashMap<>();
            for (int i = 0; i < world.committed.size(); i++) {
                Settlement settlement = world.committed.get(i);
                pairs.computeIfAbsent(settlement.seq() + "/" + settlement.endpointNo(), pair -> new ArrayList<>())
                        .add(i);
            }
            assertThat(pairs).hasSize(accepted.size() * ENDPOINTS);
            pairs.forEach((pair, places) -> checkPair(pair, places, asked.getOrDefault(pair, List.of())));
            assertThat(positions.unsettled()).isZero();
        }

        /** The numbers go on without a gap, whatever was asked for, and each round ends once. */
        private void checkPair(String pair, List<Integer> places, List<Integer> asked) {
            int number = 0;
            int rounds = 0;
            long notBefore = 0;
            int attemptsSinceAsked = 0;
            int done = 0;
            int base = 0;
            for (int place : places) {
                Settlement settlement = world.committed.get(place);
                int askedBefore = (int) asked.stream().filter(at -> at <= place).count();
                if (askedBefore > done) {
                    done = askedBefore;
                    attemptsSinceAsked = 0;
                }
                Attempt attempt = settlement.attempt();
                if (attempt != null) {
                    attemptsSinceAsked++;
                    notBefore = settlement.base() == base ? notBefore : 0; // another round waits for nothing
                    base = settlement.base();
                    assertThat(attempt.number()).as(pair).isEqualTo(++number);
                    assertThat(attempt.startedAt()).as(pair).isGreaterThanOrEqualTo(notBefore);
                    assertThat(number - settlement.base()).as(pair).isBetween(1, MOST_IN_ROUND);
                }
                switch (settlement.verdict()) {
                    case Verdict.RetryAt(long dueAt) -> notBefore = dueAt;
                    case Verdict.Delivered _, Verdict.Exhausted _, Verdict.Held _ -> rounds++;
                    case Verdict.Gone _,
                            Verdict.Parked _,
                            Verdict.Superseded _,
                            Verdict.Unrepeated _,
                            Verdict.Cancelled _,
                            Verdict.Dropped _ -> {}
                }
            }
            assertThat(rounds).as(pair).isBetween(1, 1 + asked.size());
            assertThat(world.committed.get(places.getLast()).verdict()).as(pair).isNotInstanceOf(Verdict.RetryAt.class);
            if (!asked.isEmpty()) {
                assertThat(attemptsSinceAsked)
                        .as(pair + " since it was last asked for")
                        .isPositive();
            }
        }
    }
}
