package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.posthorn.history.DeadLetters;
import io.posthorn.history.Redeliveries;
import io.posthorn.history.RedeliveryTask;
import io.posthorn.history.Selection;
import io.posthorn.model.Application;
import io.posthorn.model.Attempt;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Redelivery between books and lanes that do as they are told. */
@Timeout(60)
class RedeliveryTest {
    private static final long HOUR_MILLIS = 3_600_000;
    private static final int APP = 7;

    private final Books books = new Books();
    private final BlockingQueue<Integer> maybeAsked = new LinkedBlockingQueue<>();
    private final List<List<Long>> asked = new CopyOnWriteArrayList<>();
    private final List<Set<Long>> withdrawn = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    private final FakeWorld world = new FakeWorld();
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private @Nullable Redelivery running;

    private final Redelivery.Lanes lanes = new Redelivery.Lanes() {
        @Override
        public void asked(int appNo, int endpointNo, long[] seqs) {
            asked.add(LongStream.of(seqs).boxed().toList());
        }

        @Override
        public void maybeAsked(int appNo, int endpointNo) {
            maybeAsked.add(endpointNo);
        }

        @Override
        public void withdrawn(int endpointNo, Set<Long> seqs) {
            withdrawn.add(seqs);
        }
    };

    private static final DispatchMetrics METRICS = new DispatchMetrics() {
        @Override
        public void attempted(Attempt attempt, Verdict verdict, long sinceAcceptedMicros) {}

        @Override
        public void circuitOpened() {}

        @Override
        public void unwanted() {}

        @Override
        public void superseded() {}

        @Override
        public void parked() {}

        @Override
        public void asked(long deliveries) {}

        @Override
        public void forgotten(long deliveries) {}
    };

    /** What a test does not say nobody asks. */
    private static final class Books implements Redeliveries {
        final Map<Integer, List<RedeliveryTask>> tasks = new ConcurrentHashMap<>();
        volatile Supplier<Begun> begins = () -> {
            throw new AssertionError("nothing begins");
        };
        volatile Function<Long, Step> steps = task -> new Step.Ended();
        volatile Function<Message, Resent> resends = message -> Resent.QUEUED;
        volatile Function<Long, @Nullable Moved> pauses = task -> null;
        volatile Function<Long, @Nullable Moved> resumes = task -> null;

        void runs(RedeliveryTask task) {
            tasks.put(task.endpointNo(), List.of(task));
        }

        @Override
        public Resent resend(Message message, int endpointNo, boolean ordered, long now) {
            return resends.apply(message);
        }

        @Override
        public Begun begin(RedeliveryTask.Draft draft, long now) {
            return begins.get();
        }

        @Override
        public Step step(long taskNo, Wishes wishes, int page, int mostWaiting, long now) {
            return steps.apply(taskNo);
        }

        @Override
        public @Nullable Cancelled cancel(long taskNo, long now) {
            return null;
        }

        @Override
        public Map<DeadLetters.Ref, Resent> replay(
                int appNo, int endpointNo, boolean ordered, List<DeadLetters.Ref> refs, long now) {
            throw new AssertionError("no dead letters are asked for");
        }

        @Override
        public @Nullable Moved pause(long taskNo, long now) {
            return pauses.apply(taskNo);
        }

        @Override
        public @Nullable Moved resume(long taskNo, long now) {
            return resumes.apply(taskNo);
        }

        @Override
        public void fail(long taskNo, String why, long now) {
            throw new AssertionError("task " + taskNo + " has failed: " + why);
        }

        @Override
        public List<RedeliveryTask> running() {
            List<RedeliveryTask> all = new ArrayList<>();
            tasks.values().forEach(all::addAll);
            return all;
        }

        @Override
        public @Nullable RedeliveryTask task(int envNo, String id) {
            return null;
        }

        @Override
        public List<RedeliveryTask> tasks(Wanted wanted, @Nullable String after, boolean ascending, int most) {
            return List.of();
        }
    }

    private static RedeliveryTask task(long no, int endpointNo) {
        return new RedeliveryTask(
                no,
                "qtask_" + no,
                1,
                APP,
                endpointNo,
                "app_7",
                "ep_" + endpointNo,
                RedeliveryTask.Kind.RECOVER,
                RedeliveryTask.Status.RUNNING,
                Instant.EPOCH,
                Instant.EPOCH,
                Selection.ALL,
                null,
                null,
                0,
                0,
                0,
                false,
                false,
                null,
                "somebody",
                Instant.EPOCH,
                Instant.EPOCH);
    }

    private static Application application() {
        return new Application(
                APP, 1, "app_7", null, "test", Map.of(), null, false, null, Instant.EPOCH, Instant.EPOCH);
    }

    private Redelivery redelivery(long lookMillis) {
        return new Redelivery(
                books,
                (app, endpoint) -> new Redeliveries.Wish(message -> true, false),
                lanes,
                METRICS,
                world.time,
                (part, why) -> failed.complete(why),
                new Redelivery.Bounds(10, 10, HOUR_MILLIS, 0, lookMillis));
    }

    private Redelivery started(long lookMillis) {
        Redelivery redelivery = redelivery(lookMillis);
        redelivery.start();
        running = redelivery;
        return redelivery;
    }

    @AfterEach
    void close() throws Exception {
        if (running != null) {
            running.close();
        }
        callers.shutdownNow();
    }

    private int poked() throws InterruptedException {
        Integer endpointNo = maybeAsked.poll(30, TimeUnit.SECONDS);
        return endpointNo == null ? -1 : endpointNo;
    }

    @Test
    void aPageThatMayHaveBeenCommittedIsToldToTheLaneOnceItIsOver() throws Exception {
        AtomicInteger steps = new AtomicInteger();
        books.runs(task(5, 3));
        books.steps = no -> {
            if (steps.incrementAndGet() <= 2) {
                assertThat(maybeAsked).as("it may still be on its way").isEmpty();
                return new Redeliveries.Step.Away("the connection broke during the commit");
            }
            return new Redeliveries.Step.Ended();
        };
        started(HOUR_MILLIS);
        assertThat(poked()).isEqualTo(3);
        assertThat(steps).hasValue(3);
    }

    @Test
    void aTaskThatNobodyWorksOnIsFound() throws Exception {
        BlockingQueue<Long> worked = new LinkedBlockingQueue<>();
        books.steps = no -> {
            worked.add(no);
            return new Redeliveries.Step.Full(1_000);
        };
        started(1);
        books.runs(task(6, 3)); // begun by a commit whose caller was told that it had failed
        assertThat(worked.poll(30, TimeUnit.SECONDS)).isEqualTo(6);
    }

    @Test
    void whatATaskThatIsPausedHasInMemoryIsTakenBackAndComesAgain() throws Exception {
        RedeliveryTask task = task(5, 3);
        books.pauses = no -> new Redeliveries.Moved(task, List.of(11L, 12L));
        books.resumes = no -> new Redeliveries.Moved(task, List.of(11L));
        Redelivery redelivery = redelivery(HOUR_MILLIS);
        assertThat(redelivery.pause(task)).isEqualTo(task);
        assertThat(withdrawn).containsExactly(Set.of(11L, 12L));
        assertThat(redelivery.resume(task)).isEqualTo(task);
        assertThat(asked).containsExactly(List.of(11L));
        books.pauses = no -> null;
        books.resumes = no -> null;
        assertThat(redelivery.pause(task)).isNull();
        assertThat(redelivery.resume(task)).isNull();
    }

    /** It goes on in the very moment in which its last turn finds that it was to wait. */
    @Test
    void aTaskThatGoesOnWhileItIsFoundPausedIsWorkedOn() throws Exception {
        RedeliveryTask task = task(5, 3);
        books.runs(task);
        books.resumes = no -> new Redeliveries.Moved(task, List.of());
        CompletableFuture<Redelivery> made = new CompletableFuture<>();
        BlockingQueue<Long> worked = new LinkedBlockingQueue<>();
        AtomicInteger turns = new AtomicInteger();
        books.steps = no -> {
            if (turns.incrementAndGet() == 1) {
                made.join().resume(task);
                return new Redeliveries.Step.Paused();
            }
            worked.add(no);
            return new Redeliveries.Step.Ended();
        };
        made.complete(started(HOUR_MILLIS));
        assertThat(worked.poll(30, TimeUnit.SECONDS)).isEqualTo(5);
    }

    @Test
    void nobodyWorksOnATaskThatIsPausedUntilItGoesOn() throws Exception {
        RedeliveryTask task = task(5, 3);
        books.runs(task);
        books.resumes = no -> new Redeliveries.Moved(task, List.of());
        BlockingQueue<Long> worked = new LinkedBlockingQueue<>();
        books.steps = no -> {
            worked.add(no);
            return new Redeliveries.Step.Paused();
        };
        Redelivery redelivery = started(HOUR_MILLIS);
        assertThat(worked.poll(30, TimeUnit.SECONDS)).isEqualTo(5);
        redelivery.resume(task);
        assertThat(worked.poll(30, TimeUnit.SECONDS)).isEqualTo(5);
        books.begins = () -> new Redeliveries.Begun.Busy(task(6, 4));
        redelivery.begin(
                application(),
                FakeWorld.endpoint(4, false),
                RedeliveryTask.Kind.RECOVER,
                0,
                1,
                Selection.ALL,
                "somebody");
        Long next = worked.poll(30, TimeUnit.SECONDS);
        assertThat(next).as("the first one has not come again").isEqualTo(6);
    }

    @Test
    void aTaskThatIsInTheWayOfAnotherIsWorkedOn() throws Exception {
        BlockingQueue<Long> worked = new LinkedBlockingQueue<>();
        books.steps = no -> {
            worked.add(no);
            return new Redeliveries.Step.Ended();
        };
        Redelivery redelivery = started(HOUR_MILLIS);
        books.begins = () -> new Redeliveries.Begun.Busy(task(6, 3));
        redelivery.begin(
                application(),
                FakeWorld.endpoint(3, false),
                RedeliveryTask.Kind.RECOVER,
                0,
                1,
                Selection.ALL,
                "somebody");
        assertThat(worked.poll(30, TimeUnit.SECONDS)).isEqualTo(6);
    }

    @Test
    void aResendThatMayHaveBeenCommittedIsToldToTheLane() throws Exception {
        Redelivery redelivery = started(1);
        books.resends = message -> {
            throw new IllegalStateException("the connection broke during the commit");
        };
        assertThatThrownBy(() -> redelivery.resend(FakeWorld.endpoint(4, false), world.message(1)))
                .hasMessageContaining("during the commit");
        assertThat(poked()).isEqualTo(4);
    }

    @Test
    void anErrorIsTold() throws Exception {
        books.runs(task(5, 3));
        Error error = new StackOverflowError();
        books.steps = no -> {
            throw error;
        };
        started(HOUR_MILLIS);
        assertThat(failed.get(30, TimeUnit.SECONDS)).isSameAs(error);
    }

    @Test
    void onlyAFewResendsOfAnApplicationWait() throws Exception {
        Map<Long, Integer> asked = new ConcurrentHashMap<>();
        CountDownLatch seated = new CountDownLatch(4);
        CountDownLatch over = new CountDownLatch(1);
        books.resends = message -> {
            if (asked.merge(message.seq, 1, Integer::sum) == 2) {
                seated.countDown(); // it has waited once
            }
            return over.getCount() > 0 ? Redeliveries.Resent.UNDER_WAY : Redeliveries.Resent.QUEUED;
        };
        Redelivery redelivery = redelivery(HOUR_MILLIS);
        List<Future<Redeliveries.Resent>> waiting = new ArrayList<>();
        for (int no = 1; no <= 4; no++) {
            Endpoint endpoint = FakeWorld.endpoint(no, false);
            Message message = world.message(no);
            waiting.add(callers.submit(() -> patient(redelivery, endpoint, message)));
        }
        assertThat(seated.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(patient(redelivery, FakeWorld.endpoint(5, false), world.message(5)))
                .isEqualTo(Redeliveries.Resent.UNDER_WAY);
        assertThat(asked).containsEntry(5L, 1);
        over.countDown();
        for (Future<Redeliveries.Resent> one : waiting) {
            assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo(Redeliveries.Resent.QUEUED);
        }
    }

    /** Nobody is given time to wait for the others here, so that those who come at the same moment try again. */
    private static Redeliveries.Resent patient(Redelivery redelivery, Endpoint endpoint, Message message)
            throws InterruptedException {
        Redeliveries.Resent resent;
        do {
            resent = redelivery.resend(endpoint, message);
        } while (resent == Redeliveries.Resent.BUSY);
        return resent;
    }

    @Test
    void onlyAFewResendsUseTheDatabaseAtATime() throws Exception {
        CountDownLatch inside = new CountDownLatch(3);
        CountDownLatch open = new CountDownLatch(1);
        books.resends = message -> {
            inside.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return Redeliveries.Resent.QUEUED;
        };
        Redelivery redelivery = new Redelivery(
                books,
                (app, endpoint) -> new Redeliveries.Wish(message -> true, false),
                lanes,
                METRICS,
                world.time,
                (part, why) -> failed.complete(why),
                new Redelivery.Bounds(10, 10, 0, 0, HOUR_MILLIS));
        List<Future<Redeliveries.Resent>> asking = new ArrayList<>();
        for (int no = 1; no <= 3; no++) {
            Endpoint endpoint = FakeWorld.endpoint(no, false);
            Message message = world.message(no);
            asking.add(callers.submit(() -> redelivery.resend(endpoint, message)));
        }
        assertThat(inside.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(redelivery.resend(FakeWorld.endpoint(4, false), world.message(4)))
                .isEqualTo(Redeliveries.Resent.BUSY);
        open.countDown();
        for (Future<Redeliveries.Resent> one : asking) {
            assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo(Redeliveries.Resent.QUEUED);
        }
    }
}
