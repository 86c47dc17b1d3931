package io.posthorn.history;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.Message;
import io.posthorn.model.Shards;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class HistoryTest {
    private static final long HOUR = 3_600_000_000L;
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00.000123Z"));

    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final PgHistory history = new PgHistory(db.dataSource(), written.ids, 4);

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private static Reach first(int most) {
        return new Reach(null, false, most, true);
    }

    private static Filter attempts(DeliveryStatus status, @Nullable Integer codeClass) {
        return new Filter(List.of(), null, null, 0, Filter.FOREVER, status, codeClass);
    }

    private static Filter status(DeliveryStatus status) {
        return new Filter(List.of(), null, null, 0, Filter.FOREVER, status, null);
    }

    /** Something to list, with the place of its rows. */
    private interface Source<T> extends Function<Reach, Slice<T>> {}

    private static <T> List<T> walk(Source<T> source, Function<T, Place> place, boolean ascending, int most) {
        List<T> all = new ArrayList<>();
        Slice<T> slice = source.apply(new Reach(null, ascending, most, true));
        all.addAll(slice.rows());
        while (slice.more()) {
            assertThat(slice.rows()).hasSize(most);
            slice = source.apply(new Reach(place.apply(slice.rows().getLast()), ascending, most, true));
            all.addAll(slice.rows());
        }
        return all;
    }

    private static List<String> ids(List<Message> messages) {
        return messages.stream().map(m -> m.id).toList();
    }

    private static Place place(Message m) {
        return new Place(m.createdAt, m.seq);
    }

    @Test
    void messagesComePageByPageBothWaysOverDays() {
        int app = written.app();
        List<Message> all = new ArrayList<>();
        for (int i = 0; i < 23; i++) {
            // three days, and several messages of the same microsecond, as a batch has them
            all.add(written.message(app, BASE + (i / 4) * 12L * HOUR, "a"));
        }
        Source<Message> source = reach -> history.messages(app, Filter.ALL, reach);
        assertThat(ids(walk(source, HistoryTest::place, true, 5))).isEqualTo(ids(all));
        assertThat(ids(walk(source, HistoryTest::place, false, 5))).isEqualTo(ids(all).reversed());
    }

    @Test
    void whatIsAddedWhileSomebodyPagesNeitherRepeatsNorHidesAnything() {
        int app = written.app();
        List<Message> all = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            all.add(written.message(app, BASE + i, "a"));
        }
        Slice<Message> one = history.messages(app, Filter.ALL, first(3));
        Message late = written.message(app, BASE + 100, "a");
        Slice<Message> two =
                history.messages(app, Filter.ALL, new Reach(place(one.rows().getLast()), false, 3, true));
        assertThat(ids(two.rows())).isEqualTo(ids(all).reversed().subList(3, 6));
        Slice<Message> back =
                history.messages(app, Filter.ALL, new Reach(place(two.rows().getFirst()), true, 9, true));
        assertThat(ids(back.rows())).containsExactly(all.get(6).id, all.get(7).id, all.get(8).id, late.id);
        assertThat(back.more()).isFalse();
    }

    @Test
    void messageFiltersAgreeWithAPlainLook() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int app = written.app();
        List<Message> all = new ArrayList<>();
        long at = BASE;
        for (int i = 0; i < 300; i++) {
            at += random.nextInt(4) == 0 ? 0 : random.nextLong(HOUR / 2);
            all.add(written.next(
                    app,
                    at,
                    "t" + random.nextInt(3),
                    null,
                    random.nextBoolean() ? List.of() : List.of("c" + random.nextInt(2), "d"),
                    random.nextBoolean() ? List.of() : List.of("g" + random.nextInt(2)),
                    new byte[] {'1'}));
        }
        written.write(all);
        for (int i = 0; i < 200; i++) {
            Message some = all.get(random.nextInt(all.size()));
            long from = random.nextBoolean() ? 0 : some.createdAt + random.nextInt(-1, 2);
            long to = random.nextBoolean() ? Filter.FOREVER : from + random.nextLong(40 * HOUR);
            Filter filter = new Filter(
                    random.nextBoolean() ? List.of() : List.of("t0", "t" + random.nextInt(3)),
                    random.nextInt(3) > 0 ? null : "c0",
                    random.nextInt(3) > 0 ? null : "g1",
                    from,
                    to,
                    null,
                    null);
            boolean ascending = random.nextBoolean();
            List<String> expected = all.stream()
                    .filter(m -> filter.wants(m) && m.createdAt >= from && m.createdAt < to)
                    .map(m -> m.id)
                    .toList();
            List<Message> found =
                    walk(reach -> history.messages(app, filter, reach), HistoryTest::place, ascending, 20);
            assertThat(ids(found))
                    .as("seed %d: %s", seed, filter)
                    .isEqualTo(ascending ? expected : expected.reversed());
        }
    }

    @Test
    void aMessageIsFoundByItsIdOrItsPublishersAndByItsOwnApplicationOnly() {
        int app = written.app();
        int other = written.app();
        byte[] payload = "{\"a\": 1e0, \"b\":\"\\u00e9é\"}".getBytes(StandardCharsets.UTF_8);
        Message message = written.next(app, BASE, "a.b", "order-1", List.of("c"), List.of("x", "y"), payload);
        written.write(List.of(message));
        for (String key : List.of(message.id, "order-1")) {
            Message found = requireNonNull(history.message(app, key, true));
            assertThat(found.id).isEqualTo(message.id);
            assertThat(found.seq).isEqualTo(message.seq);
            assertThat(found.createdAt).isEqualTo(message.createdAt);
            assertThat(found.eventType).isEqualTo("a.b");
            assertThat(found.eventId).isEqualTo("order-1");
            assertThat(found.channels).containsExactly("c");
            assertThat(found.tags).containsExactly("x", "y");
            assertThat(found.payload).isEqualTo(payload);
            assertThat(requireNonNull(history.message(app, key, false)).payload)
                    .asString()
                    .isEqualTo("{}");
            assertThat(history.message(other, key, true)).isNull();
        }
        assertThat(history.message(app, "order-2", true)).isNull();
        assertThat(history.message(app, written.ids.message(app, BASE, message.seq + 1), true))
                .isNull();
        assertThat(history.messages(other, Filter.ALL, first(9)).rows()).isEmpty();
    }

    @Test
    void attemptsAtAnEndpointAreReadAsTheyWereWritten() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message m = written.next(app, BASE, "a", null, List.of("c"), List.of(), new byte[] {'7'});
        written.write(List.of(m));
        Attempt failed = Written.failure(1, BASE + 5, AttemptStatus.DNS, "no such name");
        Attempt refused = Written.response(2, BASE + 30 * HOUR, 503, "busy\0");
        Attempt last = Written.response(3, BASE + 31 * HOUR, 200, "");
        written.settle(Written.outcome(m, endpoint, failed, new Verdict.RetryAt(BASE + 30 * HOUR)));
        written.settle(Written.outcome(m, endpoint, refused, new Verdict.Exhausted()));
        written.settle(Written.outcome(m, endpoint, last, new Verdict.Delivered()));
        List<LoggedAttempt> found =
                history.attemptsAt(endpoint, Filter.ALL, true, first(9)).rows();
        assertThat(found)
                .extracting(LoggedAttempt::verdict)
                .containsExactly(
                        new Verdict.Delivered(), new Verdict.Exhausted(), new Verdict.RetryAt(BASE + 30 * HOUR));
        LoggedAttempt oldest = found.getLast();
        assertThat(oldest.attempt()).isEqualTo(failed);
        assertThat(oldest.messageId()).isEqualTo(m.id);
        assertThat(oldest.seq()).isEqualTo(m.seq);
        assertThat(oldest.endpointNo()).isEqualTo(endpoint);
        assertThat(oldest.id()).isEqualTo(written.ids.attempt(BASE + 5, m.seq, endpoint, 1));
        assertThat(requireNonNull(oldest.message()).payload).asString().isEqualTo("7");
        Attempt middle = found.get(1).attempt();
        assertThat(middle.responseCode()).isEqualTo(503);
        assertThat(middle.headers()).isEqualTo("Content-Type: text/plain\nX-Two: a: b\n");
        assertThat(middle.body()).asString().isEqualTo("busy\0");
        for (LoggedAttempt each : found) {
            LoggedAttempt again = requireNonNull(history.attempt(m, each.id()));
            assertThat(again.attempt().number()).isEqualTo(each.attempt().number());
        }
        LoggedAttempt bare = history.attemptsAt(endpoint, Filter.ALL, false, new Reach(null, false, 1, false))
                .rows()
                .getFirst();
        assertThat(bare.attempt().body()).isNull();
        assertThat(bare.message()).isNull();
    }

    @Test
    void anAttemptIsFoundByItsMessageOnly() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message one = written.message(app, BASE, "a");
        Message two = written.message(app, BASE, "a");
        written.settle(Written.delivered(one, endpoint), Written.delivered(two, endpoint));
        String id = written.ids.attempt(BASE + 1_000, one.seq, endpoint, 1);
        assertThat(history.attempt(one, id)).isNotNull();
        assertThat(history.attempt(two, id)).isNull();
        for (String wrong :
                List.of("", "atmpt_", "atmpt_x", one.id, id + "0", id.substring(0, id.length() - 1) + "u")) {
            assertThat(history.attempt(one, wrong)).as(wrong).isNull();
        }
    }

    @Test
    void attemptsAreFilteredAndPagedBothWaysWhileMoreAreWritten() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        int neighbour = written.endpoint(app);
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            Message m = written.message(app, BASE + i * 8L * HOUR, i % 2 == 0 ? "even" : "odd");
            messages.add(m);
            written.settle(
                    Written.delivered(m, neighbour),
                    i % 3 == 0
                            ? Written.outcome(
                                    m,
                                    endpoint,
                                    Written.response(1, m.createdAt + 1, 404, "no"),
                                    new Verdict.Exhausted())
                            : i % 3 == 1
                                    ? Written.delivered(m, endpoint)
                                    : Written.outcome(
                                            m,
                                            endpoint,
                                            Written.failure(1, m.createdAt + 1, AttemptStatus.TIMEOUT, "15 s"),
                                            new Verdict.Exhausted()));
        }
        List<String> all = ids(messages);
        Source<LoggedAttempt> source = reach -> history.attemptsAt(endpoint, Filter.ALL, false, reach);
        assertThat(walk(source, LoggedAttempt::placeAtEndpoint, true, 5))
                .extracting(LoggedAttempt::messageId)
                .isEqualTo(all);
        assertThat(walk(source, LoggedAttempt::placeAtEndpoint, false, 5))
                .extracting(LoggedAttempt::messageId)
                .isEqualTo(all.reversed());
        assertThat(numbers(
                        messages, history.attemptsAt(endpoint, attempts(DeliveryStatus.SUCCESS, null), true, first(9))))
                .containsExactly(10, 7, 4, 1);
        assertThat(numbers(messages, history.attemptsAt(endpoint, attempts(DeliveryStatus.FAIL, 400), true, first(9))))
                .containsExactly(9, 6, 3, 0);
        assertThat(numbers(messages, history.attemptsAt(endpoint, attempts(DeliveryStatus.FAIL, 0), false, first(9))))
                .containsExactly(11, 8, 5, 2);
        assertThat(numbers(messages, history.attemptsAt(endpoint, status(DeliveryStatus.PENDING), true, first(9))))
                .isEmpty();
        Filter even = new Filter(List.of("even", "x"), null, null, BASE + 16 * HOUR, BASE + 48 * HOUR, null, null);
        assertThat(numbers(messages, history.attemptsAt(endpoint, even, false, first(9))))
                .containsExactly(4, 2);

        Slice<LoggedAttempt> page = history.attemptsAt(endpoint, Filter.ALL, false, first(4));
        Message late = written.message(app, BASE + 200 * HOUR, "late");
        written.settle(Written.delivered(late, endpoint));
        Place end = page.rows().getLast().placeAtEndpoint();
        assertThat(numbers(messages, history.attemptsAt(endpoint, Filter.ALL, false, new Reach(end, false, 4, false))))
                .containsExactly(7, 6, 5, 4);
        assertThat(history.attemptsAt(endpoint, Filter.ALL, false, new Reach(end, true, 9, false))
                        .rows())
                .extracting(LoggedAttempt::messageId)
                .containsExactly(all.get(9), all.get(10), all.get(11), late.id);
    }

    private static List<Integer> numbers(List<Message> messages, Slice<LoggedAttempt> slice) {
        List<String> all = ids(messages);
        return slice.rows().stream().map(a -> all.indexOf(a.messageId())).toList();
    }

    @Test
    void attemptsOfAMessageAtManyEndpoints() {
        int app = written.app();
        Message m = written.message(app, BASE, "a");
        Message other = written.message(app, BASE, "a");
        List<Integer> endpoints = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            int endpoint = written.endpoint(app);
            endpoints.add(endpoint);
            // all at the same moment; the clock of the first attempt was a little behind
            Attempt one = Written.failure(1, BASE - 3, AttemptStatus.CONNECT, "refused");
            Attempt two = Written.response(2, BASE + 50 * HOUR, 200, "ok");
            written.settle(
                    Written.outcome(m, endpoint, one, new Verdict.RetryAt(BASE + 50 * HOUR)),
                    Written.delivered(other, endpoint));
            written.settle(Written.outcome(m, endpoint, two, new Verdict.Delivered()));
        }
        List<String> newestFirst = new ArrayList<>();
        for (int number = 2; number >= 1; number--) {
            for (int endpoint : endpoints.reversed()) {
                newestFirst.add(endpoint + "#" + number);
            }
        }
        Source<LoggedAttempt> source = reach -> history.attemptsOf(m, null, Filter.ALL, reach);
        assertThat(walk(source, LoggedAttempt::placeOfMessage, false, 5))
                .extracting(a -> a.endpointNo() + "#" + a.attempt().number())
                .isEqualTo(newestFirst);
        assertThat(walk(source, LoggedAttempt::placeOfMessage, true, 5))
                .extracting(a -> a.endpointNo() + "#" + a.attempt().number())
                .isEqualTo(newestFirst.reversed());
        assertThat(history.attemptsOf(m, endpoints.get(2), Filter.ALL, first(9)).rows())
                .extracting(a -> a.attempt().number())
                .containsExactly(2, 1);
        assertThat(history.attemptsOf(m, endpoints.get(2), status(DeliveryStatus.FAIL), first(9))
                        .rows())
                .extracting(a -> a.attempt().number())
                .containsExactly(1);
        assertThat(history.attemptsOf(m, null, status(DeliveryStatus.SENDING), first(9))
                        .rows())
                .isEmpty();
    }

    @Test
    void deliveriesStandAsTheirLastAttemptAndTheirDeferralSay() {
        int app = written.app();
        Message m = written.message(app, BASE, "a");
        int fine = written.endpoint(app);
        int later = written.endpoint(app);
        int lost = written.endpoint(app);
        int gone = written.endpoint(app);
        int parked = written.endpoint(app);
        int retried = written.endpoint(app);
        int untouched = written.endpoint(app);
        long due = BASE + HOUR;
        Attempt failed = Written.response(1, BASE + 10, 500, "oops");
        written.settle(
                Written.delivered(m, fine),
                Written.outcome(m, later, failed, new Verdict.RetryAt(due)),
                Written.outcome(m, lost, failed, new Verdict.Exhausted()),
                Written.outcome(m, gone, Written.response(1, BASE + 10, 410, ""), new Verdict.Gone()),
                Written.parked(m, parked),
                Written.outcome(m, retried, failed, new Verdict.RetryAt(due)));
        written.settle(Written.outcome(m, retried, Written.response(2, due, 200, ""), new Verdict.Delivered()));
        List<Integer> all = List.of(fine, later, lost, gone, parked, retried, untouched);
        Deliveries found = history.deliveries(m, all);
        assertThat(found.settled()).isFalse();
        assertThat(found.byEndpoint())
                .containsOnlyKeys(fine, later, lost, gone, parked, retried)
                .containsEntry(fine, new DeliveryState(DeliveryStatus.SUCCESS, null))
                .containsEntry(later, new DeliveryState(DeliveryStatus.PENDING, due))
                .containsEntry(lost, new DeliveryState(DeliveryStatus.FAIL, null))
                .containsEntry(gone, new DeliveryState(DeliveryStatus.FAIL, null))
                .containsEntry(parked, new DeliveryState(DeliveryStatus.PENDING, null))
                .containsEntry(retried, new DeliveryState(DeliveryStatus.SUCCESS, null));
        written.settledUpTo(m);
        assertThat(history.deliveries(m, all).settled()).isTrue();
        assertThat(history.deliveries(written.message(app, BASE, "a"), all))
                .isEqualTo(new Deliveries(java.util.Map.of(), false));
    }

    @Test
    void messagesAtAnEndpointStandOnceEachWithWhatBecameOfThem() {
        int app = written.app();
        int endpoint = written.endpoint(app);
        int neighbour = written.endpoint(app);
        List<Message> all = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Message m = written.message(app, BASE + i * 5L * HOUR, i % 2 == 0 ? "even" : "odd");
            all.add(m);
            written.settle(Written.delivered(m, neighbour));
            if (i == 4) {
                written.settle(Written.parked(m, endpoint)); // no attempt yet
                continue;
            }
            Attempt one = Written.failure(1, m.createdAt + 7, AttemptStatus.TLS, "expired");
            written.settle(Written.outcome(m, endpoint, one, new Verdict.RetryAt(m.createdAt + 90 * HOUR)));
            if (i > 5) {
                Attempt two = Written.response(2, m.createdAt + 90 * HOUR, i < 8 ? 200 : 500, "");
                written.settle(
                        Written.outcome(m, endpoint, two, i < 8 ? new Verdict.Delivered() : new Verdict.Exhausted()));
            }
        }
        List<String> attempted = ids(all.stream().filter(m -> m != all.get(4)).toList());
        Source<AttemptedMessage> source = reach -> history.messagesAt(endpoint, Filter.ALL, reach);
        assertThat(walk(source, AttemptedMessage::place, true, 4))
                .extracting(a -> a.message().id)
                .isEqualTo(attempted);
        assertThat(walk(source, AttemptedMessage::place, false, 4))
                .extracting(a -> a.message().id)
                .isEqualTo(attempted.reversed());
        assertThat(walk(source, AttemptedMessage::place, true, 4))
                .extracting(a -> a.state().status().name().charAt(0))
                .containsExactly('P', 'P', 'P', 'P', 'P', 'S', 'S', 'F', 'F');
        assertThat(walk(source, AttemptedMessage::place, true, 4)
                        .getFirst()
                        .state()
                        .nextAttemptAt())
                .isEqualTo(BASE + 90 * HOUR);
        assertThat(attemptedNumbers(all, endpoint, status(DeliveryStatus.PENDING)))
                .containsExactly(5, 3, 2, 1, 0);
        assertThat(attemptedNumbers(all, endpoint, status(DeliveryStatus.SUCCESS)))
                .containsExactly(7, 6);
        assertThat(attemptedNumbers(all, endpoint, status(DeliveryStatus.FAIL))).containsExactly(9, 8);
        assertThat(attemptedNumbers(all, endpoint, status(DeliveryStatus.SENDING)))
                .isEmpty();
        assertThat(attemptedNumbers(
                        all,
                        endpoint,
                        new Filter(List.of("even"), null, null, BASE + 10 * HOUR, BASE + 30 * HOUR, null, null)))
                .containsExactly(2);
    }

    private static List<Integer> attemptedNumbers(List<Message> all, int endpoint, Filter filter) {
        return history.messagesAt(endpoint, filter, first(50)).rows().stream()
                .map(a -> ids(all).indexOf(a.message().id))
                .toList();
    }

    @Test
    void aPageOfLargePayloadsIsShorterThanAskedForButNeverEmpty() {
        int app = written.app();
        byte[] large = ("\"" + "x".repeat(3 << 20) + "\"").getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < 3; i++) {
            written.write(List.of(written.next(app, BASE + i, "a", null, List.of(), List.of(), large)));
        }
        Slice<Message> page = history.messages(app, Filter.ALL, first(50));
        assertThat(page.rows()).hasSize(2);
        assertThat(page.more()).isTrue();
        assertThat(history.messages(app, Filter.ALL, new Reach(null, false, 50, false))
                        .rows())
                .hasSize(3);
    }

    @Test
    void applicationsOfOneShardDoNotMix() {
        int one = written.app();
        int two = written.app();
        while (Shards.of(two) != Shards.of(one)) {
            two = written.app();
        }
        Message first = written.message(one, BASE, "a");
        Message second = written.message(two, BASE, "a");
        assertThat(ids(history.messages(one, Filter.ALL, first(9)).rows())).containsExactly(first.id);
        assertThat(ids(history.messages(two, Filter.ALL, first(9)).rows())).containsExactly(second.id);
        assertThat(history.message(one, second.id, true)).isNull();
    }
}
