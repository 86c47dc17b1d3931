package io.posthorn.dispatch;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.history.Settlement;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class LaneLoopTest {
    private static final long SECOND = 1_000_000;

    private final FakeWorld world = new FakeWorld();
    private final LaneLoop loop = world.loop(FakeWorld.settings(5, 100, 20, 1 << 20));

    private void offer(int endpointNo, long from, long to) {
        loop.offer(LongStream.rangeClosed(from, to)
                .mapToObj(seq -> world.delivery(seq, endpointNo))
                .toList());
    }

    private void answerAll(int code) {
        while (!world.requests.isEmpty()) {
            world.answer(world.requests.getFirst(), code);
        }
    }

    @Test
    void sendsInOrderWithAtMostSoManyInFlight() {
        world.endpoint(1);
        offer(1, 1, 12);

        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(1L, 2L, 3L, 4L, 5L);
        world.answer(world.requests.get(2), 204);
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(1L, 2L, 4L, 5L, 6L);
        answerAll(200);
        assertThat(world.recorded).hasSize(12).allMatch(s -> s.verdict() instanceof Verdict.Delivered);
        assertThat(loop.inFlight()).isZero();
        assertThat(loop.bytes()).isZero();
    }

    private long underWay(int endpointNo) {
        return world.requests.stream()
                .filter(request -> request.endpointNo() == endpointNo)
                .count();
    }

    @Test
    void oneLaneGetsAQuarterOfAllAndMoreOnlyWhileHalfIsFree() {
        LaneLoop wide = world.loop(FakeWorld.settings(1_000, 40, 1_000, 1 << 20));
        for (int endpoint = 1; endpoint <= 3; endpoint++) {
            world.endpoint(endpoint);
        }
        wide.offer(LongStream.rangeClosed(1, 60)
                .mapToObj(seq -> world.delivery(seq, 1))
                .toList());
        assertThat(underWay(1)).as("alone").isEqualTo(20);
        wide.offer(LongStream.rangeClosed(101, 160)
                .mapToObj(seq -> world.delivery(seq, 2))
                .toList());
        assertThat(underWay(2)).isEqualTo(10);
        for (int i = 0; i < 15; i++) {
            world.requests.stream()
                    .filter(request -> request.endpointNo() == 1)
                    .findFirst()
                    .ifPresent(request -> world.answer(request, 200));
        }
        assertThat(underWay(1)).as("proven, and beyond its quarter").isEqualTo(10);
        wide.offer(LongStream.rangeClosed(201, 260)
                .mapToObj(seq -> world.delivery(seq, 3))
                .toList());
        assertThat(underWay(3)).isEqualTo(10);
        answerAll(200);
        world.commit(wide);
        assertThat(world.recorded).isEmpty();
        assertThat(wide.inFlight()).isZero();
        assertThat(wide.bytes()).isZero();
    }

    @Test
    void oneLaneGetsAQuarterOfTheMemoryAndMoreOnlyWhileHalfIsFree() {
        long weight = world.delivery(1, 1).weight();
        LaneLoop narrow = world.loop(FakeWorld.settings(1, 100, 1_000, 40 * weight));
        world.endpoint(1);
        world.endpoint(2);
        narrow.offer(LongStream.rangeClosed(1, 100)
                .mapToObj(seq -> world.delivery(seq, 1))
                .toList());
        assertThat(narrow.bytes()).isEqualTo(20 * weight);
        narrow.offer(LongStream.rangeClosed(101, 200)
                .mapToObj(seq -> world.delivery(seq, 2))
                .toList());
        assertThat(narrow.bytes()).isEqualTo(30 * weight);
        for (int i = 0; i < 200; i++) {
            world.commit(narrow);
            world.now += SECOND;
            narrow.tick();
            world.read();
            answerAll(200);
        }
        world.commit(narrow);
        assertThat(world.rows()).isZero();
        assertThat(narrow.bytes()).isZero();
    }

    @Test
    @Requirement({"B24", "D24"})
    void everyNon2xxIsTriedAgainAsTheScheduleSaysAndEndsVisibly() {
        world.endpoint(1);
        offer(1, 1, 1);
        world.answer(world.requests.getFirst(), 302);
        world.commit(loop);

        assertThat(world.committed)
                .extracting(Settlement::verdict)
                .containsExactly(new Verdict.RetryAt(world.now + 5 * SECOND));
        world.now += 5 * SECOND - 1;
        loop.tick();
        world.read();
        assertThat(world.requests).isEmpty();

        world.now += 1;
        loop.tick();
        world.read();
        assertThat(world.requests).hasSize(1);
        world.fail(world.requests.getFirst(), FailureKind.TIMEOUT);
        world.commit(loop);
        world.now += 300 * SECOND;
        loop.tick();
        world.read();
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);

        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.Exhausted());
        assertThat(world.committed)
                .extracting(s -> s.attempt() == null ? null : s.attempt().number())
                .containsExactly(1, 2, 3);
        assertThat(world.committed.get(1).attempt())
                .isNotNull()
                .extracting(Attempt::status)
                .isEqualTo(AttemptStatus.TIMEOUT);
        assertThat(world.rows()).isZero();
    }

    private Message later(long seq, long deliverAt) {
        Message message = new Message(
                1, seq, world.now, "msg_" + seq, "a.b", null, List.of(), List.of(), new byte[100], 0, null, deliverAt);
        world.messages.put(seq, message);
        return message;
    }

    private static Set<Integer> held(LaneLoop loop, Message message, boolean settled) {
        Set<Integer> begun = new HashSet<>();
        assertThat(loop.hold(List.of(1, 2, 99), message, begun)).isEqualTo(settled);
        return begun;
    }

    @Test
    void whatIsToBeSentLaterWaitsAndHoldsNobodyUp() {
        world.endpoint(1);
        later(1, world.now + 60 * SECOND);
        later(2, world.now);
        offer(1, 1, 3);
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(2L, 3L);
        assertThat(world.recorded)
                .extracting(Settlement::verdict)
                .containsExactly(new Verdict.Parked(world.now + 60 * SECOND, DeferralReason.SCHEDULED));
        world.commit(loop);
        answerAll(200);
        offer(1, 4, 4);
        assertThat(world.requests).as("not behind").hasSize(1);
        answerAll(200);

        world.now += 60 * SECOND - 1;
        loop.tick();
        world.read();
        assertThat(world.requests).isEmpty();
        world.now += 1;
        loop.tick();
        world.read();
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(1L);
        answerAll(200);
        world.commit(loop);
        assertThat(world.rows()).isZero();
    }

    @Test
    void whatIsToBeSentLaterKeepsItsTimeWhenTheServerStops() {
        world.endpoint(1);
        loop.stop();
        later(1, world.now + 60 * SECOND);
        offer(1, 1, 1);
        assertThat(world.recorded)
                .extracting(Settlement::verdict)
                .containsExactly(new Verdict.Parked(world.now + 60 * SECOND, DeferralReason.SCHEDULED));
    }

    /** While it is held it does not begin; let go, it does. */
    @Test
    void whatIsHeldDoesNotBegin() {
        world.endpoint(1);
        Message message = later(1, world.now + SECOND);
        offer(1, 1, 1);
        assertThat(held(loop, message, false)).as("on its way to the disk").isEmpty();
        loop.release(List.of(1), message);
        world.commit(loop);
        assertThat(held(loop, message, true)).isEmpty();
        assertThat(held(loop, message, true)).as("twice at a time").isEmpty();

        world.now += SECOND;
        loop.tick();
        world.read();
        assertThat(world.requests).isEmpty();
        loop.release(List.of(1), message);
        assertThat(world.requests).isEmpty();
        loop.release(List.of(1), message);
        assertThat(world.requests).hasSize(1);
        assertThat(held(loop, message, true)).as("it has begun").containsExactly(1);
    }

    /** A look that began before the cancellation was committed brings what is gone since. */
    @Test
    void whatWasCancelledDuringALookDoesNotBegin() {
        world.endpoint(1);
        Message message = later(1, world.now + SECOND);
        offer(1, 1, 1);
        world.commit(loop);
        world.now += SECOND;
        loop.tick();
        world.see();
        assertThat(held(loop, message, true)).isEmpty();
        requireNonNull(world.deferrals.get(1)).remove(1L);
        loop.withdrawn(1, Set.of(1L));
        loop.release(List.of(1), message);
        world.read();
        loop.tick();
        world.read();
        assertThat(world.requests).isEmpty();
        assertThat(loop.bytes()).isZero();
    }

    /** What waits in memory for its turn has not begun. */
    @Test
    void whatWaitsForItsTurnIsHeldToo() {
        LaneLoop narrow = world.loop(FakeWorld.settings(1, 1, 20, 1 << 20));
        world.endpoint(1);
        Message message = later(1, world.now + SECOND);
        narrow.offer(List.of(world.delivery(1, 1)));
        world.commit(narrow);
        narrow.offer(List.of(world.delivery(2, 1)));
        world.now += SECOND;
        narrow.tick();
        world.read();
        assertThat(narrow.queued()).isEqualTo(1);
        assertThat(held(narrow, message, true)).isEmpty();
        answerAll(200);
        assertThat(world.requests).isEmpty();
        narrow.release(List.of(1), message);
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(1L);
    }

    /** Cancelled while it waits in memory: it goes nowhere, and those behind it do. */
    @Test
    void whatIsCancelledLeavesTheMemory() {
        LaneLoop narrow = world.loop(FakeWorld.settings(1, 1, 20, 1 << 20));
        world.endpoint(1);
        Message message = later(1, world.now + SECOND);
        narrow.offer(List.of(world.delivery(1, 1)));
        world.commit(narrow);
        narrow.offer(List.of(world.delivery(2, 1)));
        world.now += SECOND;
        narrow.tick();
        world.read();
        narrow.offer(List.of(world.delivery(3, 1)));
        assertThat(held(narrow, message, true)).isEmpty();
        requireNonNull(world.deferrals.get(1)).remove(1L);
        narrow.withdrawn(1, Set.of(1L));
        narrow.release(List.of(1), message);
        answerAll(200);
        assertThat(world.recorded).extracting(Settlement::seq).containsExactly(2L, 3L);
        world.read();
        assertThat(narrow.bytes()).isZero();
    }

    @Test
    void retryAfterIsHonouredWithinBounds() {
        world.endpoint(1);
        offer(1, 1, 2);
        world.finish(world.requests.getFirst(), new Outcome.Response(503, "", new byte[0], false, "120"));
        world.finish(world.requests.getFirst(), new Outcome.Response(429, "", new byte[0], false, "999999999"));

        assertThat(world.recorded)
                .extracting(Settlement::verdict)
                .containsExactly(
                        new Verdict.RetryAt(world.now + 120 * SECOND), new Verdict.RetryAt(world.now + 3_600 * SECOND));
    }

    @Test
    void a410DisablesTheEndpointAndKeepsWhatWaits() {
        world.endpoint(1);
        offer(1, 1, 8);
        world.answer(world.requests.getFirst(), 410);

        assertThat(world.gone).containsExactly(1);
        assertThat(world.recorded)
                .extracting(Settlement::verdict)
                .filteredOn(v -> v instanceof Verdict.Parked)
                .hasSize(3)
                .allMatch(v -> ((Verdict.Parked) v).reason() == DeferralReason.DISABLED);
        assertThat(world.recorded).extracting(Settlement::verdict).contains(new Verdict.Gone());
        answerAll(200);
        world.commit(loop);
        assertThat(world.requests).isEmpty();

        loop.changed(FakeWorld.endpoint(1, true)); // what it asked for has come about
        world.now += 100;
        loop.changed(FakeWorld.endpoint(1, false));
        loop.tick();
        world.read();
        answerAll(200);
        world.commit(loop);
        assertThat(world.delivered()).isEqualTo(7);
        assertThat(world.rows()).isZero();
    }

    @Test
    void whatDoesNotFitIsParkedAndComesBackInOrder() {
        world.endpoint(1);
        offer(1, 1, 100);
        world.commit(loop);
        assertThat(world.rows()).isEqualTo(75); // 5 in flight, 20 queued
        assertThat(loop.bytes()).isLessThan(25 * 600);

        StringBuilder order = new StringBuilder();
        for (int i = 0; i < 100; i++) {
            world.now += 100;
            order.append(world.requests.getFirst().message().seq).append(' ');
            world.answer(world.requests.getFirst(), 200);
            world.commit(loop);
            loop.tick();
            world.read();
        }
        assertThat(world.delivered()).isEqualTo(100);
        assertThat(world.rows()).isZero();
        assertThat(order.toString().trim())
                .isEqualTo(String.join(
                        " ",
                        LongStream.rangeClosed(1, 100).mapToObj(Long::toString).toList()));
    }

    @Test
    void newOnesJoinBehindWhatIsParked() {
        world.endpoint(1);
        offer(1, 1, 60);
        world.commit(loop);
        answerAll(200);
        offer(1, 61, 61);

        assertThat(world.requests).isEmpty();
        assertThat(world.recorded.getLast().verdict()).isInstanceOf(Verdict.Parked.class);
    }

    @Test
    void hangingEndpointsLeaveRoomForHealthyOnes() {
        for (int no = 1; no <= 300; no++) {
            world.endpoint(no);
        }
        offer(300, 1, 1);
        answerAll(200); // 300 is proven
        long seq = 2;
        for (int no = 1; no < 300; no++) {
            offer(no, seq, seq + 9);
            seq += 10;
        }
        assertThat(loop.inFlight()).isEqualTo(75);
        offer(300, seq, seq + 4);
        assertThat(loop.inFlight()).isEqualTo(80);
        assertThat(world.requests).filteredOn(r -> r.endpointNo() == 300).hasSize(5);

        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            if (request.endpointNo() != 300) {
                world.fail(request, FailureKind.TIMEOUT);
            }
        }
        loop.tick();
        assertThat(loop.inFlight()).isLessThanOrEqualTo(75 + 5);
        assertThat(world.requests.stream().filter(r -> r.endpointNo() == 1).count())
                .isLessThanOrEqualTo(2);
    }

    @Test
    void anEndpointThatFailsGetsFewerRequestsAtATimeAndMoreAgainWithItsSuccesses() {
        world.endpoint(1);
        offer(1, 1, 25);
        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            world.fail(request, FailureKind.CONNECT);
        }
        assertThat(world.requests).hasSize(2); // half of five: they were under way together
        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            world.fail(request, FailureKind.CONNECT);
        }
        assertThat(world.requests).hasSize(1);
        world.answer(world.requests.getFirst(), 200);
        assertThat(world.requests).hasSize(2);
        world.answer(world.requests.getFirst(), 200);
        world.answer(world.requests.getFirst(), 200);
        world.answer(world.requests.getFirst(), 200);
        assertThat(world.requests).hasSize(3);
        for (int i = 0; i < 9; i++) {
            world.answer(world.requests.getFirst(), 200);
        }
        assertThat(world.requests).hasSize(5);
    }

    @Test
    void nothingBeginsWhileTheRecorderIsFullAndAllGoesOnAfterwards() {
        world.endpoint(1);
        world.full = true;
        offer(1, 1, 3);
        assertThat(world.requests).isEmpty();
        world.full = false;
        loop.tick();
        assertThat(world.requests).hasSize(3);
    }

    @Test
    void theBacklogIsReadAgainWhenTheDatabaseIsBack() {
        world.endpoint(1);
        offer(1, 1, 1);
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        world.databaseAway = true;
        world.now += 5 * SECOND;
        loop.tick();
        world.read();
        assertThat(world.requests).isEmpty();

        world.databaseAway = false;
        world.now += SECOND;
        loop.tick();
        world.read();
        assertThat(world.requests).hasSize(1);
    }

    @Test
    void aDeletedEndpointIsOwedNothing() {
        world.endpoint(1);
        offer(1, 1, 8);
        world.endpoints.remove(1);
        loop.removed(1);
        assertThat(world.recorded).hasSize(3).allMatch(s -> s.verdict().equals(new Verdict.Dropped()));
        offer(1, 9, 9);
        assertThat(world.recorded.getLast().verdict()).isEqualTo(new Verdict.Dropped());
        answerAll(200);
        assertThat(loop.inFlight()).isZero();
        assertThat(loop.bytes()).isZero();
    }

    @Test
    void anOrderlyStopParksWhatHasNotBegunAndWhatDoesNotEnd() {
        world.endpoint(1);
        offer(1, 1, 8);
        List<FakeWorld.Request> begun = List.copyOf(world.requests);
        loop.stop();
        assertThat(world.recorded)
                .hasSize(3)
                .allMatch(s -> s.verdict() instanceof Verdict.Parked(long _, DeferralReason reason)
                        && reason == DeferralReason.STOPPED);
        world.answer(begun.getFirst(), 200);
        loop.giveUp();
        world.answer(begun.get(1), 200); // too late: it is parked
        assertThat(world.recorded).hasSize(8);
        assertThat(world.recorded.stream().filter(s -> s.verdict() instanceof Verdict.Delivered))
                .hasSize(1);
        assertThat(loop.inFlight()).isZero();
    }

    @Test
    void aRetryAfterDateCountsFromNow() {
        assertThat(Judge.retryAfter("Thu, 01 Jan 1970 00:20:00 GMT", 1_000 * SECOND))
                .isEqualTo(Duration.ofSeconds(200));
        assertThat(Judge.retryAfter("Thu, 01 Jan 1970 00:00:01 GMT", 1_000 * SECOND))
                .isZero();
        assertThat(Judge.retryAfter("soon", 0)).isZero();
        assertThat(Judge.retryAfter("-5", 0)).isZero();
        assertThat(Judge.retryAfter(" 7 ", 0)).isEqualTo(Duration.ofSeconds(7));
        assertThat(Judge.retryAfter("99999999999999999999", 0)).isEqualTo(Duration.ofSeconds(999_999_999));
    }

    @Test
    void looksDoNotPileUpHoweverOftenALaneIsLookedAt() {
        world.endpoint(1, "{'circuit': {'enabled': false}}", null);
        for (long seq = 1; seq <= 500; seq++) { // each is tried again in 5 s, and the first of them is always due first
            offer(1, seq, seq);
            world.answer(world.requests.getFirst(), 500);
            world.commit(loop);
            world.full = true;
            loop.tick();
            world.full = false;
            world.now += 1_000;
            world.read();
        }
        assertThat(loop.looking()).isLessThanOrEqualTo(2);
    }

    @Test
    void looksOfManyLanesTogetherStayWithinTheMemory() {
        int lanes = 200;
        for (int no = 1; no <= lanes; no++) {
            world.endpoint(no);
            loop.backlog(new io.posthorn.history.Backlog.Summary(1, no, 100, 100, 0));
        }
        assertThat(world.fetches).hasSizeBetween(1, 4);
        assertThat(world.fetches.stream().mapToLong(FakeWorld.Fetch::mostBytes).sum())
                .isLessThanOrEqualTo(1 << 20);
        assertThat(loop.bytes()).isLessThanOrEqualTo(1 << 20);
        for (int round = 0; round < lanes && !world.fetches.isEmpty(); round++) {
            world.read();
        }
        assertThat(loop.bytes()).isZero();
        assertThat(loop.looking()).isZero();
    }

    @Test
    void aHealthyLaneLooksBeforeThoseInTrouble() {
        for (int no = 1; no <= 9; no++) {
            world.endpoint(no);
            offer(no, no, no);
        }
        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            if (request.endpointNo() == 9) {
                world.answer(request, 500); // it answers: that is healthy
            } else {
                world.fail(request, FailureKind.TIMEOUT);
            }
        }
        world.commit(loop);
        world.now += 5 * SECOND;
        world.full = true;
        loop.tick(); // all want to look, nobody may
        world.full = false;
        loop.tick();
        assertThat(world.fetches).hasSize(4);
        assertThat(world.fetches.getFirst().endpointNo()).isEqualTo(9);
    }

    @Test
    void whatWaitsLongForItsFirstRequestIsParkedSoThatTheShardSettles() {
        world.endpoint(1);
        offer(1, 1, 10);
        for (FakeWorld.Request request : List.copyOf(world.requests)) {
            world.fail(request, FailureKind.TIMEOUT);
        }
        assertThat(world.requests).hasSize(2);
        world.now += 61 * SECOND;
        loop.tick();

        assertThat(world.recorded.stream().filter(s -> s.verdict() instanceof Verdict.Parked))
                .hasSize(3);
        assertThat(loop.queued()).isZero();
        world.commit(loop);
        answerAll(200);
        for (int i = 0; i < 5; i++) {
            world.now += SECOND;
            loop.tick();
            world.read();
            answerAll(200);
            world.commit(loop);
        }
        assertThat(world.delivered()).isEqualTo(10);
        assertThat(world.rows()).isZero();
    }

    @Test
    void a410IsToldOnceHoweverManyRequestsWereUnderWay() {
        world.endpoint(1);
        offer(1, 1, 5);
        answerAll(410);
        assertThat(world.gone).containsExactly(1);
    }

    private void attempt(int code) {
        loop.tick();
        world.read();
        world.answer(world.requests.getFirst(), code);
        world.commit(loop);
    }

    /** Until there is no retry any more. */
    private void exhaust(long seq) {
        offer(1, seq, seq);
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        for (int i = 0; i < 2; i++) {
            world.now += 300 * SECOND;
            attempt(500);
        }
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.Exhausted());
    }

    @Test
    void anotherRoundGoesOnWithTheNumbersAndStartsTheScheduleAfresh() {
        world.endpoint(1);
        exhaust(1);

        assertThat(world.ask(loop, 1, 1)).isTrue();
        attempt(500);
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.RetryAt(world.now + 5 * SECOND));
        world.now += 5 * SECOND;
        attempt(500);
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.RetryAt(world.now + 300 * SECOND));
        world.now += 300 * SECOND;
        attempt(200);

        assertThat(world.committed)
                .extracting(s -> s.attempt() == null ? null : s.attempt().number())
                .containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(world.committed)
                .extracting(Settlement::manual)
                .containsExactly(false, false, false, true, true, true);
        assertThat(world.rows()).isZero();
    }

    @Test
    void theLastNumberThatCanBeKeptIsTheLastAttempt() {
        world.endpoint(1);
        world.deferrals
                .computeIfAbsent(1, no -> new java.util.TreeMap<>())
                .put(
                        1L,
                        new FakeWorld.Row(
                                world.message(1),
                                Attempt.MOST - 1,
                                world.now,
                                DeferralReason.REPLAY,
                                Attempt.MOST - 1,
                                true,
                                0,
                                0,
                                false));
        loop.asked(1, 1, new long[] {1});
        attempt(500);
        assertThat(world.committed.getLast().attempts()).isEqualTo(Attempt.MOST);
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.Exhausted());
    }

    @Test
    void whatIsAskedForDuringItsLastAttemptIsMadeAgainAfterIt() {
        world.endpoint(1);
        offer(1, 1, 1);
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        world.now += 300 * SECOND;
        attempt(500);
        world.now += 300 * SECOND;
        loop.tick();
        world.read();
        assertThat(world.requests).hasSize(1);

        world.ask(loop, 1, 1); // while the third is under way
        loop.tick();
        world.read();
        assertThat(world.requests).as("never twice at a time").hasSize(1);
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.Exhausted());
        attempt(200);

        assertThat(world.committed.getLast().attempts()).isEqualTo(4);
        assertThat(world.rows()).isZero();
    }

    /** The look has read the row as it was before; what comes of that attempt must not leave the row to nobody. */
    @Test
    void whatIsAskedForDuringALookThatBringsItIsMadeAgainToo() {
        world.endpoint(1);
        offer(1, 1, 1);
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        world.now += 300 * SECOND;
        attempt(500);
        world.now += 300 * SECOND;
        loop.tick();
        world.see();
        world.ask(loop, 1, 1);
        world.read(); // before the third and last attempt of the first round
        world.read();
        world.answer(world.requests.getFirst(), 500);
        world.commit(loop);
        assertThat(world.committed.getLast().verdict()).isEqualTo(new Verdict.Exhausted());
        assertThat(world.rows()).as("the round that was asked for").isEqualTo(1);
        attempt(200);

        assertThat(world.committed.getLast().attempts()).isEqualTo(4);
        assertThat(world.rows()).isZero();
    }

    @Test
    void newDeliveriesDoNotWaitForWhatWasAskedForAgain() {
        world.endpoint(1);
        offer(1, 1, 5);
        for (long seq = 1; seq <= 5; seq++) {
            world.answer(world.requests.getFirst(), 200);
        }
        world.commit(loop);
        for (long seq = 1_000; seq < 1_500; seq++) {
            Settlement ended = world.delivery(seq, 1)
                    .settlement(
                            new Attempt(1, 1, 1, AttemptStatus.RESPONSE, 500, null, null, null),
                            new Verdict.Exhausted());
            world.committed.add(ended);
            assertThat(world.ask(loop, seq, 1)).isTrue();
        }
        loop.tick();
        world.read();
        assertThat(world.requests).extracting(r -> r.message().seq).allMatch(seq -> seq >= 1_000);

        offer(1, 6, 6);
        int before = 0;
        while (world.requests.stream().noneMatch(r -> r.message().seq == 6)) {
            world.answer(world.requests.getFirst(), 200);
            before++;
            world.commit(loop);
            loop.tick();
            world.read();
        }
        assertThat(before).as("not behind more than a page of them").isLessThanOrEqualTo(20);
        assertThat(world.parked).isZero();
    }

    @Test
    void whatIsParkedComesBeforeMostOfWhatWasAskedForAgain() {
        world.endpoint(1);
        for (long seq = 1_000; seq < 1_100; seq++) {
            world.committed.add(world.delivery(seq, 1)
                    .settlement(
                            new Attempt(1, 1, 1, AttemptStatus.RESPONSE, 500, null, null, null),
                            new Verdict.Exhausted()));
            world.ask(loop, seq, 1);
        }
        offer(1, 1, 60); // more than the queue takes
        world.commit(loop);
        assertThat(world.parked).isPositive();
        int answered = 0;
        int fresh = 0;
        while (fresh < 60) {
            world.now += SECOND; // what is parked stands a microsecond behind the one before it
            loop.tick();
            world.read();
            fresh += world.requests.getFirst().message().seq <= 60 ? 1 : 0;
            world.answer(world.requests.getFirst(), 200);
            world.commit(loop);
            answered++;
        }
        assertThat(answered).isLessThanOrEqualTo(60 + 60 / 3 + 20);
    }

    @Test
    void whatIsWithdrawnIsNotBegun() {
        world.endpoint(1);
        for (long seq = 1; seq <= 12; seq++) {
            world.committed.add(world.delivery(seq, 1)
                    .settlement(
                            new Attempt(1, 1, 1, AttemptStatus.RESPONSE, 500, null, null, null),
                            new Verdict.Exhausted()));
            world.ask(loop, seq, 1);
        }
        loop.tick();
        world.read();
        assertThat(world.requests).hasSize(5);

        world.deferrals.values().forEach(rows -> rows.keySet().removeIf(seq -> seq > 5));
        loop.withdrawn(1, LongStream.rangeClosed(6, 12).boxed().collect(java.util.stream.Collectors.toSet()));
        answerAll(200);
        world.commit(loop);
        while (!world.fetches.isEmpty()) {
            world.read();
        }

        assertThat(loop.queued()).isZero();
        assertThat(loop.bytes()).isZero();
        assertThat(world.delivered()).isEqualTo(5);
        assertThat(world.rows()).isZero();
    }

    /** Asked for, withdrawn in the database, asked for anew; the lane hears of the withdrawal last. */
    private void askAnew(Runnable before) {
        world.endpoint(1);
        exhaust(1);
        world.ask(loop, 1, 1);
        before.run();
        loop.withdrawn(1, java.util.Set.of(1L));
        for (int i = 0; i < 3; i++) {
            world.read();
            loop.tick();
        }
        answerAll(200);
        world.commit(loop);
        assertThat(world.committed.getLast().attempts()).isEqualTo(4);
        assertThat(world.rows()).isZero();
    }

    @Test
    void aWithdrawalThatOvertakesALookDoesNotLoseWhatWasAskedForAnew() {
        askAnew(() -> {
            loop.tick();
            assertThat(world.fetches).hasSize(1);
            world.see();
        });
    }

    @Test
    void aWithdrawalDoesNotLoseWhatWasAskedForAnewAndReadAlready() {
        askAnew(() -> {
            offer(1, 2, 6); // they take all the places, so that it waits
            loop.tick();
            world.read();
            assertThat(loop.queued()).isEqualTo(1);
        });
    }

    private List<Integer> withdraw(long seq) {
        return loop.withdraw(List.of(1), world.message(seq));
    }

    @Test
    void whatWaitsInMemoryForADeletedContentIsDropped() {
        world.endpoint(1);
        offer(1, 1, 8);
        assertThat(withdraw(7)).as("it has no row").isEmpty();
        assertThat(world.recorded).singleElement().satisfies(settlement -> {
            assertThat(settlement.seq()).isEqualTo(7);
            assertThat(settlement.fromDeferral()).isFalse();
            assertThat(settlement.verdict()).isInstanceOf(Verdict.Dropped.class);
        });
        answerAll(200);
        assertThat(world.recorded).hasSize(8);
        world.commit(loop);
        assertThat(world.delivered()).isEqualTo(7);
        assertThat(loop.bytes()).isZero();
    }

    @Test
    void whatIsInFlightWhenItsContentIsDeletedIsNotTriedAgain() {
        world.endpoint(1);
        offer(1, 1, 2);
        assertThat(withdraw(1)).isEmpty();
        answerAll(500);
        assertThat(world.recorded)
                .extracting(Settlement::verdict)
                .containsExactly(new Verdict.Exhausted(), new Verdict.RetryAt(world.now + 5 * SECOND));
    }

    @Test
    void aRetryThatIsNotYetCommittedIsTakenOutBehindItsCommit() {
        world.endpoint(1);
        offer(1, 1, 1);
        answerAll(500);
        assertThat(withdraw(1)).as("the recorder ends it").containsExactly(1);
        world.commit(loop);
        assertThat(world.rows()).isZero();
        assertThat(withdraw(1)).as("it is over").isEmpty();
        assertThat(world.recorded).isEmpty();
    }

    @Test
    void whatWasReadFromTheBacklogIsEndedByItsLane() {
        world.endpoint(1);
        offer(1, 1, 7);
        answerAll(500);
        world.commit(loop);
        world.now += 5 * SECOND;
        loop.tick();
        world.read();
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(1L, 2L, 3L, 4L, 5L);
        assertThat(withdraw(6)).containsExactly(1);
        assertThat(withdraw(1)).containsExactly(1);
        answerAll(200);
        world.commit(loop);
        assertThat(world.rows()).isZero();
        assertThat(world.delivered()).isEqualTo(6);
    }

    @Test
    void aLookThatBeganBeforeTheDeletionBringsNothing() {
        world.endpoint(1);
        offer(1, 1, 2);
        answerAll(500);
        world.commit(loop);
        world.now += 5 * SECOND;
        loop.tick();
        assertThat(world.fetches).hasSize(1);
        assertThat(withdraw(1)).as("its row is the other one's to delete").isEmpty();
        world.read();
        assertThat(world.requests).extracting(r -> r.message().seq).containsExactly(2L);
        assertThat(world.recorded).isEmpty();
    }
}
