package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What is read of all endpoints of an application together, and what is counted. */
class HistoryCountsTest {
    private static final long MINUTE = 60_000_000L;
    private static final long HOUR = 60 * MINUTE;
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00Z"));
    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final PgHistory history = new PgHistory(db.dataSource(), written.ids, 4);

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private static String name(LoggedAttempt attempt) {
        return attempt.messageId() + " at " + attempt.endpointNo();
    }

    private static List<String> walk(List<Integer> endpoints, Filter filter, boolean ascending, int most) {
        List<String> all = new ArrayList<>();
        Place after = null;
        Slice<LoggedAttempt> slice;
        do {
            slice = history.attemptsAmong(endpoints, filter, false, new Reach(after, ascending, most, false));
            slice.rows().forEach(row -> all.add(name(row)));
            after = slice.rows().isEmpty() ? null : slice.rows().getLast().placeAmong();
        } while (slice.more());
        return all;
    }

    @Test
    void attemptsOfManyEndpointsStandInOneOrder() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int app = written.app();
        List<Integer> endpoints = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            endpoints.add(written.endpoint(app));
        }
        record Made(long at, long seq, int endpoint, String name, boolean delivered, boolean even) {}
        List<Made> made = new ArrayList<>();
        List<Settlement> settlements = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            Message m = written.message(app, BASE + random.nextInt(4) * 12L * HOUR, i % 2 == 0 ? "even" : "odd");
            for (int endpoint : endpoints.subList(0, 1 + random.nextInt(7))) {
                // many at the same moment, of other messages and at other endpoints
                long at = m.createdAt + random.nextInt(5);
                boolean delivered = random.nextInt(3) > 0;
                made.add(new Made(at, m.seq, endpoint, m.id + " at " + endpoint, delivered, i % 2 == 0));
                settlements.add(Written.outcome(
                        m,
                        endpoint,
                        Written.response(1, at, delivered ? 200 : 500, ""),
                        delivered ? new Verdict.Delivered() : new Verdict.Exhausted()));
            }
        }
        written.settle(settlements.toArray(Settlement[]::new));
        made.sort(Comparator.comparingLong(Made::at).thenComparing(Made::seq).thenComparing(Made::endpoint));
        List<String> all = made.stream().map(Made::name).toList();
        for (int most : new int[] {1, 7, 50}) {
            assertThat(walk(endpoints, Filter.ALL, true, most))
                    .as("seed %d", seed)
                    .isEqualTo(all);
            assertThat(walk(endpoints, Filter.ALL, false, most))
                    .as("seed %d", seed)
                    .isEqualTo(all.reversed());
        }
        Filter filter = new Filter(List.of("odd"), null, null, BASE, BASE + 30 * HOUR, DeliveryStatus.FAIL, 500);
        assertThat(walk(endpoints, filter, false, 5))
                .as("seed %d", seed)
                .isEqualTo(made.reversed().stream()
                        .filter(m -> !m.even && !m.delivered && m.at < BASE + 30 * HOUR)
                        .map(Made::name)
                        .toList());
        Integer one = endpoints.getFirst();
        assertThat(walk(List.of(one), Filter.ALL, true, 50))
                .isEqualTo(made.stream()
                        .filter(m -> m.endpoint == one)
                        .map(Made::name)
                        .toList());
        assertThat(walk(List.of(), Filter.ALL, true, 50)).isEmpty();
        Slice<LoggedAttempt> full = history.attemptsAmong(endpoints, Filter.ALL, true, new Reach(null, true, 3, true));
        assertThat(full.rows()).allSatisfy(row -> {
            assertThat(row.message()).isNotNull();
            assertThat(row.attempt().body()).isNotNull();
        });
    }

    @Test
    void attemptsAreCountedByBucketsWithinTheTime() {
        int app = written.app();
        int one = written.endpoint(app);
        int two = written.endpoint(app);
        int elsewhere = written.endpoint(written.app());
        Message m = written.message(app, BASE, "a");
        Message n = written.message(app, BASE, "a");
        written.settle(
                Written.outcome(m, one, Written.failure(1, BASE + 1, AttemptStatus.DNS, "x"), new Verdict.RetryAt(1)),
                Written.outcome(n, one, Written.response(1, BASE + MINUTE - 1, 410, ""), new Verdict.Gone()),
                Written.outcome(n, two, Written.response(1, BASE + 2, 500, ""), new Verdict.Exhausted()),
                Written.outcome(n, elsewhere, Written.response(1, BASE + 2, 500, ""), new Verdict.Exhausted()));
        written.settle(Written.outcome(m, one, Written.response(2, BASE + MINUTE, 200, ""), new Verdict.Delivered()));
        Counts.Span span = new Counts.Span(BASE - HOUR, BASE + HOUR, 60);
        assertThat(history.countAttempts(List.of(one, two), span))
                .containsExactlyInAnyOrder(
                        new Counts.OfAttempts(BASE, 0, 3, 2, (15_000_000 + 2 * 12_345) / 3.0),
                        new Counts.OfAttempts(BASE + MINUTE, 1, 0, 0, 12_345));
        assertThat(history.countAttempts(List.of(two), new Counts.Span(BASE - HOUR, BASE + HOUR, 86_400)))
                .extracting(Counts.OfAttempts::at, Counts.OfAttempts::failed)
                .containsExactly(org.assertj.core.groups.Tuple.tuple(BASE - 20 * HOUR, 1L));
        assertThat(history.countAttempts(List.of(one, two), new Counts.Span(BASE + 2, BASE + MINUTE, 60)))
                .extracting(Counts.OfAttempts::failed)
                .containsExactly(2L);
        assertThat(history.countAttempts(List.of(), span)).isEmpty();
    }

    @Test
    void messagesAreCountedByBucketsWithinTheTime() {
        int app = written.app();
        written.message(written.app(), BASE, "a");
        for (int i = 0; i < 10; i++) {
            written.message(app, BASE + i * HOUR, i % 2 == 0 ? "even" : "odd");
        }
        Counts.Span span = new Counts.Span(BASE + HOUR, BASE + 9 * HOUR, 86_400);
        assertThat(history.countMessages(app, List.of(), List.of(), span))
                .containsExactlyInAnyOrder(
                        new Counts.OfMessages(BASE - 20 * HOUR, 3), new Counts.OfMessages(BASE + 4 * HOUR, 5));
        assertThat(history.countMessages(app, List.of("even", "x"), List.of(), span))
                .containsExactlyInAnyOrder(
                        new Counts.OfMessages(BASE - 20 * HOUR, 1), new Counts.OfMessages(BASE + 4 * HOUR, 3));
    }

    private static Endpoint endpoint(int app, int no, @Nullable List<String> types, boolean disabled) {
        return endpoint(app, no, types, null, disabled);
    }

    private static Endpoint endpoint(
            int app, int no, @Nullable List<String> types, @Nullable List<String> channels, boolean disabled) {
        Instant since = Instant.parse("2026-03-01T00:00:00Z");
        return new Endpoint(
                no,
                app,
                "ep_x",
                null,
                "https://example.com",
                "",
                types,
                channels,
                disabled,
                null,
                null,
                Map.of(),
                SigningSecret.parse("whsec_" + "A".repeat(32)),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                since,
                since);
    }

    @Test
    void deliveriesAreCountedOnceAsTheyStandNow() {
        int app = written.app();
        int no = written.endpoint(app);
        int other = written.endpoint(app);
        List<Message> all = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            all.add(written.message(app, BASE + i * MINUTE, i < 8 ? "a" : "b"));
        }
        for (int i = 0; i < 6; i++) {
            Message m = all.get(i);
            written.settle(
                    Written.delivered(m, other),
                    Written.outcome(
                            m, no, Written.response(1, m.createdAt + 5, 500, ""), new Verdict.RetryAt(BASE + HOUR)));
        }
        for (int i = 0; i < 4; i++) {
            Message m = all.get(i);
            written.settle(Written.outcome(
                    m,
                    no,
                    Written.response(2, BASE + 30 * HOUR, i < 3 ? 200 : 500, ""),
                    i < 3 ? new Verdict.Delivered() : new Verdict.Exhausted()));
        }
        written.settle(Written.parked(all.get(6), no));
        Endpoint endpoint = endpoint(app, no, null, false);
        assertThat(history.countDeliveries(endpoint, 0, Filter.FOREVER))
                .isEqualTo(new Counts.OfDeliveries(3, 3, 1, 2, 0));
        assertThat(history.countDeliveries(endpoint(app, no, List.of("b"), false), 0, Filter.FOREVER))
                .isEqualTo(new Counts.OfDeliveries(3, 3, 1, 1, 0));
        assertThat(history.countDeliveries(endpoint(app, no, null, true), 0, Filter.FOREVER))
                .isEqualTo(new Counts.OfDeliveries(3, 3, 1, 0, 0));
        assertThat(history.countDeliveries(endpoint, BASE + 2 * MINUTE, BASE + 5 * MINUTE))
                .isEqualTo(new Counts.OfDeliveries(1, 1, 1, 0, 0));
        Message plain = written.next(app, BASE + 20 * MINUTE, "a", null, List.of(), List.of(), new byte[] {'1'});
        // one that is for the other endpoint only, whatever that subscribed to
        written.write(List.of(new Message(
                app,
                plain.seq,
                plain.createdAt,
                plain.id,
                "a",
                null,
                List.of(),
                List.of(),
                plain.payload,
                other,
                null,
                0)));
        assertThat(history.countDeliveries(endpoint, 0, Filter.FOREVER).sending())
                .isEqualTo(2);
        assertThat(history.countDeliveries(endpoint(app, other, List.of("x"), false), 0, Filter.FOREVER)
                        .sending())
                .isEqualTo(1);
        written.settledUpTo(all.getLast());
        assertThat(history.countDeliveries(endpoint, 0, Filter.FOREVER))
                .isEqualTo(new Counts.OfDeliveries(3, 3, 1, 0, 0));
    }

    @Test
    void whatIsOnNoChannelOfTheEndpointIsNotOnItsWay() {
        int app = written.app();
        int no = written.endpoint(app);
        byte[] payload = {'1'};
        for (List<String> channels : List.of(List.of("red", "blue"), List.of("green"), List.<String>of())) {
            written.write(List.of(written.next(app, BASE, "a", null, channels, List.of(), payload)));
        }
        assertThat(history.countDeliveries(endpoint(app, no, null, List.of("blue", "white"), false), 0, Filter.FOREVER)
                        .sending())
                .isEqualTo(1);
        assertThat(history.countDeliveries(
                                endpoint(app, no, List.of("a"), List.of("red", "green"), false), 0, Filter.FOREVER)
                        .sending())
                .isEqualTo(2);
    }
}
