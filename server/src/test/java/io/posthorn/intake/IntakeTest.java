package io.posthorn.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.model.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The intake's thread before a journal that does as it is told. */
@Timeout(40)
class IntakeTest {
    private final BlockingQueue<AcceptResult> answers = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
    private final List<Message> handedOn = new ArrayList<>();
    private final FakeJournal journal = new FakeJournal();
    private final CountDownLatch room = new CountDownLatch(1);

    private final IntakeMetrics metrics = new IntakeMetrics() {
        @Override
        public void messagesCommitted(int messages, long nanos) {}

        @Override
        public void messagesRefused(int messages) {}

        @Override
        public void messagesUnavailable(int messages) {}
    };

    /** Refuses messages of application 13, and every batch with one of them. */
    private static final class FakeJournal implements Journal {
        private final BlockingQueue<List<Submission>> batches = new LinkedBlockingQueue<>();
        private volatile @Nullable RuntimeException fault;
        private volatile boolean closed;
        private long seq;

        @Override
        public Appended append(List<Submission> batch) {
            batches.add(batch);
            RuntimeException now = fault;
            if (now != null) {
                throw now;
            }
            if (batch.stream().anyMatch(s -> s.message.appNo() == 13)) {
                return new Appended.Refused("no 13");
            }
            List<Message> accepted = new ArrayList<>();
            for (Submission submission : batch) {
                NewMessage in = submission.message;
                Message message = new Message(
                        in.appNo(), ++seq, 0, "msg_" + seq, in.eventType(), null, List.of(), List.of(), in.payload());
                submission.result(new AcceptResult.Accepted(message));
                accepted.add(message);
            }
            return new Appended.Committed(accepted);
        }

        @Override
        public boolean inDoubt() {
            return false;
        }

        @Override
        public void close() {
            closed = true;
        }
    }

    private Intake intake(Intake.AcceptedMessages next) {
        return new Intake(100, 10_000, journal, next, metrics, (part, why) -> failed.complete(why));
    }

    private int take(List<Message> messages, long millis) {
        handedOn.addAll(messages);
        return messages.size();
    }

    private Submission submission(int app) {
        return new Submission(
                new NewMessage(app, "a", null, List.of(), List.of(), new byte[10], null), Runnable::run, answers::add);
    }

    private AcceptResult answer() throws InterruptedException {
        AcceptResult answer = answers.poll(20, TimeUnit.SECONDS);
        if (answer == null) {
            throw new AssertionError("no answer");
        }
        return answer;
    }

    @Test
    void oneBadMessageDoesNotTakeTheOthersDown() throws InterruptedException {
        try (Intake intake = intake(this::take)) {
            intake.submit(List.of(submission(1), submission(13), submission(2)));
            intake.start();
            assertThat(answer()).isInstanceOf(AcceptResult.Accepted.class);
            assertThat(answer()).isInstanceOf(AcceptResult.Failed.class);
            assertThat(answer()).isInstanceOf(AcceptResult.Accepted.class);
        }
        assertThat(handedOn).extracting(m -> m.appNo).containsExactly(1, 2);
        assertThat(journal.closed).isTrue();
    }

    @Test
    void aFaultIsToldAndNobodyIsLeftWithoutAnAnswer() throws Exception {
        journal.fault = new IllegalStateException("a bug");
        Intake intake = intake(this::take);
        intake.submit(List.of(submission(1), submission(2)));
        intake.start();
        assertThat(failed.get(20, TimeUnit.SECONDS)).isSameAs(journal.fault);
        assertThat(answer()).isInstanceOf(AcceptResult.Unavailable.class);
        assertThat(answer()).isInstanceOf(AcceptResult.Unavailable.class);
        intake.close();
        assertThat(intake.submit(List.of(submission(3)))).isFalse();
        assertThat(journal.closed).isTrue();
    }

    @Test
    void aFaultWhileOneByOneIsAnsweredToo() throws Exception {
        Intake intake = intake((messages, millis) -> {
            throw new IllegalStateException("a bug behind the commit");
        });
        intake.submit(List.of(submission(1), submission(13), submission(2)));
        intake.start();
        assertThat(answer()).as("it was committed").isInstanceOf(AcceptResult.Accepted.class);
        assertThat(answer()).isInstanceOf(AcceptResult.Unavailable.class);
        assertThat(answer()).isInstanceOf(AcceptResult.Unavailable.class);
        assertThat(failed.get(20, TimeUnit.SECONDS)).hasMessage("a bug behind the commit");
        intake.close();
        assertThat(answers).isEmpty();
    }

    @Test
    @Requirement("A22")
    void publishersAreAnsweredWhileOutcomesCannotBeWritten() throws Exception {
        try (Intake intake =
                intake((messages, millis) -> room.await(millis, TimeUnit.MILLISECONDS) ? take(messages, millis) : 0)) {
            intake.start();
            intake.submit(List.of(submission(1)));
            assertThat(answer()).isInstanceOf(AcceptResult.Accepted.class);
            intake.submit(List.of(submission(2)));
            assertThat(answer()).as("not kept waiting").isInstanceOf(AcceptResult.Unavailable.class);
            room.countDown();
            AcceptResult last = new AcceptResult.Unavailable();
            while (!(last instanceof AcceptResult.Accepted)) {
                intake.submit(List.of(submission(3)));
                last = answer();
            }
        }
        assertThat(handedOn)
                .as("what was committed goes on")
                .extracting(m -> m.appNo)
                .containsExactly(1, 3);
    }

    @Test
    void theEndDoesNotWaitForADatabaseThatIsAway() throws Exception {
        Intake intake = intake((messages, millis) -> room.await(millis, TimeUnit.MILLISECONDS) ? 1 : 0);
        intake.start();
        intake.submit(List.of(submission(1)));
        assertThat(answer()).isInstanceOf(AcceptResult.Accepted.class);
        intake.close(Duration.ofMillis(1));
        assertThat(journal.closed).isTrue();
        assertThat(failed).isNotDone();
    }

    @Test
    void anAnswerThatFailsDoesNotSilenceTheOthers() throws InterruptedException {
        try (Intake intake = intake(this::take)) {
            Submission bad = new Submission(
                    new NewMessage(1, "a", null, List.of(), List.of(), new byte[1], null), Runnable::run, result -> {
                        throw new IllegalStateException("the connection has gone");
                    });
            intake.submit(List.of(bad, submission(2)));
            intake.start();
            assertThat(answer()).isInstanceOf(AcceptResult.Accepted.class);
        }
        assertThat(failed).isNotDone();
    }

    @Test
    void beyondItsBoundsItTakesNothing() {
        Intake intake = intake(this::take);
        for (int i = 0; i < 32; i++) { // 310 bytes each
            assertThat(intake.submit(List.of(submission(1)))).isTrue();
        }
        assertThat(intake.submit(List.of(submission(1)))).isFalse();
        assertThat(intake.waiting()).isEqualTo(32);
    }
}
