package io.posthorn.history;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeferralReason;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.StaleOwnerException;
import io.posthorn.store.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Payloads go after 10 days, attempts after 20, messages after 30. */
@Timeout(60)
final class RetentionTest {
    private static final LocalDate DAY = LocalDate.of(2026, 3, 1);
    private static final long NOON = Time.micros(DAY.atTime(12, 0).toInstant(ZoneOffset.UTC));
    private static final byte[] PAYLOAD = "{\"n\":1.0}".getBytes(StandardCharsets.UTF_8);

    private final Database db = TestDatabase.fresh();
    private final Written written = new Written(db);
    private final PgHistory history = new PgHistory(db.dataSource(), written.ids, 2);
    private final PgContents contents =
            new PgContents(db.dataSource(), written.ownership()::fence, written.ownership()::fence);
    private final PgBacklog backlog = new PgBacklog(db.dataSource(), written.ids);
    private final List<String> told = new ArrayList<>();
    private final Retention.Watcher watcher = new Retention.Watcher() {
        @Override
        public void dropped(String table) {
            told.add("dropped " + table);
        }

        @Override
        public void stripped() {
            told.add("stripped");
        }

        @Override
        public void expired(int endpointNo, Set<Long> seqs) {
            told.add("expired " + seqs.size() + " at " + endpointNo);
        }

        @Override
        public void lost(int appNo, LocalDate day, long deliveries, long deadLetters) {
            told.add("lost %d and %d of %d up to %s".formatted(deliveries, deadLetters, appNo, day));
        }
    };

    private Instant now = Time.instant(NOON);
    private PgRetention.Pause pause = nanos -> {};

    @AfterEach
    void close() {
        written.close();
        db.close();
    }

    private Retention retention() {
        InstantSource source = () -> now;
        Clock clock = source.withZone(ZoneOffset.UTC);
        return new Retention(
                new PgRetention(
                        db.dataSource(),
                        () -> db.dedicated("retention"),
                        db.partitions(),
                        written.ownership()::fence,
                        1),
                new Retention.Ages(Duration.ofDays(10), Duration.ofDays(20), Duration.ofDays(30)),
                clock,
                watcher,
                nanos -> pause.after(nanos));
    }

    /** The first moment at which everything of the day is older than that. */
    private void after(int days) throws Exception {
        now = DAY.plusDays(days + 1).atStartOfDay().toInstant(ZoneOffset.UTC);
        retention().pass();
    }

    private boolean hasContent(Message message) {
        return requireNonNull(history.message(message.appNo, message.id, true)).hasContent();
    }

    private @Nullable Message found(Message message) {
        return history.message(message.appNo, message.id, true);
    }

    private static Settlement waiting(Message m, int endpointNo, long dueAt) {
        return new Settlement(
                m.appNo,
                endpointNo,
                m.seq,
                m.createdAt,
                0,
                false,
                null,
                new Verdict.Parked(dueAt, DeferralReason.DISABLED));
    }

    private Message settled(int app, long at) {
        Message message = written.message(app, at, "a.b");
        written.settledUpTo(message);
        return message;
    }

    @Test
    void payloadsGoThenAttemptsThenMessages() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message old = settled(app, NOON);
        written.settle(Written.delivered(old, endpoint));
        Message next = settled(app, NOON + Time.DAY_MICROS);

        now = DAY.plusDays(11).atStartOfDay().toInstant(ZoneOffset.UTC).minusNanos(1_000);
        retention().pass();
        assertThat(hasContent(old))
                .as("the day's last moment is not old enough")
                .isTrue();

        after(10);
        assertThat(told).contains("stripped").doesNotContain("dropped attempt", "dropped message");
        assertThat(hasContent(old)).isFalse();
        assertThat(requireNonNull(found(old)).eventType).isEqualTo("a.b");
        assertThat(hasContent(next)).isTrue();
        assertThat(written.rows("attempt")).isEqualTo(1);
        told.clear();
        retention().pass();
        assertThat(told).as("once is enough").isEmpty();

        after(20);
        assertThat(written.rows("attempt")).isZero();
        assertThat(found(old)).isNotNull();
        after(30);
        assertThat(found(old)).isNull();
        assertThat(found(next)).isNotNull();
        assertThat(written.rows("stripped_day")).as("that of the next day").isGreaterThan(0);
        assertThat(db.partitions().days("message")).doesNotContain(DAY).contains(DAY.plusDays(1));
    }

    @Test
    void aDayOfManyPiecesComesOutWhole() throws Exception {
        int app = written.app();
        List<Message> messages = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            messages.add(written.next(app, NOON + i, "a.b", null, List.of("c"), List.of("t"), new byte[] {'1'}));
        }
        written.write(messages);
        written.settledUpTo(messages.getLast());
        int[] pieces = {0};
        pause = nanos -> pieces[0]++;
        after(10);
        assertThat(pieces[0]).isGreaterThan(3);
        assertThat(history.messages(app, Filter.ALL, Search.NONE, new History.Reach(null, true, 1_000, true))
                        .rows())
                .hasSize(500)
                .noneMatch(Message::hasContent)
                .allMatch(message -> message.channels.equals(List.of("c")));
        // The index that finds a message, and that makes its number unique.
        assertThat(found(messages.get(250))).isNotNull();
    }

    @Test
    void whatStillWaitsKeepsItsPayloadUntilItHasEnded() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message waits = settled(app, NOON);
        Message done = settled(app, NOON + 1);
        written.settle(waiting(waits, endpoint, NOON), Written.delivered(done, endpoint));
        after(10);
        assertThat(hasContent(waits)).isTrue();
        assertThat(hasContent(done)).isFalse();
        assertThat(backlog.fetch(endpoint, Time.micros(now), new long[0], 9, 1 << 20)
                        .due())
                .singleElement()
                .satisfies(due -> assertThat(due.message().payload).isEqualTo(PAYLOAD));
        retention().pass();
        assertThat(hasContent(waits)).isTrue();

        db.jdbi().useHandle(handle -> handle.execute("delete from deferral"));
        retention().pass();
        assertThat(hasContent(waits)).isFalse();
        assertThat(written.rows("kept_payload")).isZero();
    }

    @Test
    void headersGoWithThePayload() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message waits = withHeaders(app, NOON);
        Message done = withHeaders(app, NOON + 1);
        written.settle(waiting(waits, endpoint, NOON), Written.delivered(done, endpoint));
        Message late = withHeaders(app, NOON + 2);
        boolean[] asked = new boolean[1];
        pause = nanos -> {
            if (!asked[0]) {
                asked[0] = true;
                assertThat(new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids)
                                .resend(late, endpoint, false, Time.micros(now)))
                        .isEqualTo(Redeliveries.Resent.QUEUED);
            }
        };
        after(10);
        assertThat(asked[0]).isTrue();
        assertThat(requireNonNull(found(waits)).headers).containsEntry("x-a", "secret");
        assertThat(requireNonNull(found(late)).headers).containsEntry("x-a", "secret");
        assertThat(withHeaders())
                .as("of what nobody waits for, nothing is left")
                .isEqualTo(2);

        db.jdbi().useHandle(handle -> handle.execute("delete from deferral"));
        retention().pass();
        assertThat(hasContent(waits)).isFalse();
        assertThat(withHeaders()).isZero();
    }

    private Message withHeaders(int app, long at) {
        Message plain = written.next(app, at, "a.b", null, List.of(), List.of(), PAYLOAD);
        Message message = new Message(
                app,
                plain.seq,
                at,
                plain.id,
                plain.eventType,
                null,
                List.of(),
                List.of(),
                PAYLOAD,
                0,
                null,
                0,
                Map.of("x-a", "secret"));
        written.write(List.of(message));
        written.settledUpTo(message);
        return message;
    }

    private int withHeaders() {
        return db.jdbi()
                .withHandle(handle -> handle.createQuery("select count(*) from message where headers is not null")
                        .mapTo(Integer.class)
                        .one());
    }

    /** Somebody asks for a message again after its day has been copied and before the copy is in its place. */
    @Test
    void whatIsAskedForAgainMeanwhileKeepsItsPayload() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message message = settled(app, NOON);
        Message other = settled(app, NOON + 1);
        boolean[] asked = new boolean[1];
        pause = nanos -> {
            if (!asked[0]) {
                asked[0] = true;
                assertThat(new PgRedeliveries(db.dataSource(), written.ownership()::fence, written.ids)
                                .resend(message, endpoint, false, Time.micros(now)))
                        .isEqualTo(Redeliveries.Resent.QUEUED);
            }
        };
        after(10);
        assertThat(asked[0]).isTrue();
        assertThat(hasContent(message)).isTrue();
        assertThat(hasContent(other)).isFalse();
    }

    /** An end of the process in mid-copy leaves the day as it was, and half a copy that the next pass throws away. */
    @Test
    void aHalfDoneDayIsBegunAgain() throws Exception {
        int app = written.app();
        Message message = settled(app, NOON);
        pause = nanos -> {
            throw new InterruptedException("the end");
        };
        assertThatThrownBy(() -> after(10)).isInstanceOf(InterruptedException.class);
        assertThat(hasContent(message)).isTrue();
        assertThat(written.rows("message_20260301_rest")).isEqualTo(1);
        pause = nanos -> {};
        retention().pass();
        assertThat(hasContent(message)).isFalse();
        assertThat(contents.deletePayload(message))
                .as("nothing is locked any more")
                .isTrue();
    }

    @Test
    void contentIsNotDeletedWhileItsDayIsWrittenAnew() throws Exception {
        int app = written.app();
        Message message = settled(app, NOON);
        Message today = settled(app, NOON + 11 * Time.DAY_MICROS);
        List<Boolean> deleted = new ArrayList<>();
        pause = nanos -> {
            assertThatThrownBy(() -> contents.deletePayload(message))
                    .isInstanceOfSatisfying(
                            HistoryException.class, e -> assertThat(e.kind()).isEqualTo(HistoryException.Kind.BUSY));
            deleted.add(contents.deletePayload(today));
        };
        after(10);
        assertThat(deleted).containsOnly(true).isNotEmpty();
        assertThat(hasContent(message)).isFalse();
    }

    /** Who reads for long keeps the day; writers of the present day are not held up for longer than the lock is tried. */
    @Test
    void aTableInUseIsTriedAgainAndNobodyWaitsForLong() throws Exception {
        int app = written.app();
        Message message = settled(app, NOON);
        int[] tries = {0};
        try (Connection reader = db.dataSource().getConnection();
                Statement s = reader.createStatement()) {
            reader.setAutoCommit(false);
            s.execute("select count(*) from message");
            pause = nanos -> {
                tries[0]++;
                settled(app, NOON + 31 * Time.DAY_MICROS + tries[0]);
            };
            after(30);
            assertThat(found(message)).isNotNull();
            reader.commit();
        }
        assertThat(tries[0]).isGreaterThan(3);
        retention().pass();
        assertThat(found(message)).isNull();
        assertThat(written.rows("message")).as("what was written meanwhile").isGreaterThanOrEqualTo(tries[0]);
    }

    @Test
    void whatStillWaitsWhenItsMessageGoesEndsVisibly() throws Exception {
        int app = written.app();
        int one = written.endpoint(app);
        int two = written.endpoint(app);
        Message message = settled(app, NOON);
        Message later = settled(app, NOON + Time.DAY_MICROS);
        written.settle(waiting(message, one, NOON), waiting(message, two, NOON), waiting(later, one, NOON));
        after(30);
        assertThat(found(message)).isNull();
        assertThat(told).contains("expired 1 at " + one, "expired 1 at " + two);
        assertThat(told)
                .filteredOn(each -> each.startsWith("lost"))
                .containsExactly("lost 2 and 0 of " + app + " up to " + DAY);
        assertThat(written.rows("deferral")).isEqualTo(1);
        assertThat(history.attemptsAt(one, Filter.ALL, false, new History.Reach(null, true, 9, true))
                        .rows())
                .singleElement()
                .satisfies(logged -> {
                    assertThat(logged.attempt().status()).isEqualTo(AttemptStatus.EXPIRED);
                    assertThat(logged.attempt().detail()).contains("age");
                });
    }

    @Test
    void whatGoesWithItsMessageIsToldOnceForEachApplication() throws Exception {
        int one = written.app();
        int two = written.app();
        int first = written.endpoint(one);
        int second = written.endpoint(two);
        Message waits = settled(one, NOON);
        Message dead = settled(one, NOON + 1);
        Message other = settled(two, NOON + 2);
        Message kept = settled(two, NOON + Time.DAY_MICROS);
        written.settle(
                waiting(waits, first, NOON), exhausted(dead, first), exhausted(other, second), exhausted(kept, second));
        assertThat(written.rows("dead_letter")).isEqualTo(3);
        after(30);
        assertThat(told)
                .filteredOn(each -> each.startsWith("lost"))
                .containsExactlyInAnyOrder(
                        "lost 1 and 1 of " + one + " up to " + DAY, "lost 0 and 1 of " + two + " up to " + DAY);
        assertThat(written.rows("dead_letter")).isEqualTo(1);
        told.clear();
        retention().pass();
        assertThat(told).noneMatch(each -> each.startsWith("lost"));
    }

    /** What broke off in the midst of it is gone nevertheless. */
    @Test
    void whatWentBeforeAnInterruptionIsTold() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message dead = settled(app, NOON);
        written.settle(exhausted(dead, endpoint));
        now = DAY.plusDays(31).atStartOfDay().toInstant(ZoneOffset.UTC);
        pause = nanos -> {
            if (written.rows("dead_letter") == 0) {
                throw new InterruptedException("the server ends");
            }
        };
        assertThatThrownBy(() -> retention().pass()).isInstanceOf(InterruptedException.class);
        assertThat(told).contains("lost 0 and 1 of " + app + " up to " + DAY);
    }

    private static Settlement exhausted(Message m, int endpointNo) {
        return Written.outcome(
                m, endpointNo, Written.response(1, m.createdAt + 1_000, 500, "no"), new Verdict.Exhausted());
    }

    @Test
    void aPublishersIdIsFreeWhenItsMessageIsGone() throws Exception {
        int app = written.app();
        Message named = written.next(app, NOON, "a.b", "mine", List.of(), List.of(), PAYLOAD);
        Message next = written.next(app, NOON + Time.DAY_MICROS, "a.b", "next", List.of(), List.of(), PAYLOAD);
        written.write(List.of(named, next));
        written.settledUpTo(next);
        after(30);
        assertThat(written.rows("event_id")).isEqualTo(1);
        assertThat(history.message(app, "mine", false)).isNull();
        assertThat(history.message(app, "next", false)).isNotNull();
    }

    /** A process that was down for weeks still owes what it had accepted. */
    @Test
    void aDayThatIsNotSettledStays() throws Exception {
        int app = written.app();
        Message settled = settled(app, NOON);
        Message owed = written.message(app, NOON + 1, "a.b");
        after(40);
        assertThat(hasContent(settled)).isTrue();
        assertThat(hasContent(owed)).isTrue();
        written.settledUpTo(owed);
        retention().pass();
        assertThat(found(owed)).isNull();
    }

    @Test
    void attemptsOutliveThePayloadsOfTheirDay() throws Exception {
        int app = written.app();
        int endpoint = written.endpoint(app);
        Message delivered = settled(app, NOON);
        written.settle(Written.delivered(delivered, endpoint));
        Message owed = written.message(app, NOON + 1, "a.b");
        after(20);
        assertThat(written.rows("attempt"))
                .as("its messages could not be stripped")
                .isEqualTo(1);
        written.settledUpTo(owed);
        retention().pass();
        assertThat(written.rows("attempt")).isZero();
    }

    @Test
    void idempotencyKeysGoAfterADayAndAHalf() throws Exception {
        db.partitions().ensure(DAY);
        now = DAY.plusDays(2).atTime(11, 59).toInstant(ZoneOffset.UTC);
        retention().pass();
        assertThat(db.partitions().days("idempotency")).contains(DAY);
        now = DAY.plusDays(2).atTime(12, 0).toInstant(ZoneOffset.UTC);
        retention().pass();
        assertThat(db.partitions().days("idempotency")).doesNotContain(DAY);
    }

    @Test
    void aNodeThatOwnsNothingRemovesNothing() throws Exception {
        int app = written.app();
        Message message = settled(app, NOON);
        db.jdbi().useHandle(handle -> handle.execute("update ownership set epoch = epoch + 1"));
        assertThatThrownBy(() -> after(30)).isInstanceOf(StaleOwnerException.class);
        assertThat(hasContent(message)).isTrue();
    }
}
