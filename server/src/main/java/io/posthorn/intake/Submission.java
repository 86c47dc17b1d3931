package io.posthorn.intake;

import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A message on its way to the journal, and whom to tell. */
public final class Submission {
    final NewMessage message;
    final Executor home;
    private final Consumer<AcceptResult> answer;
    private @Nullable AcceptResult result;
    private volatile boolean withdrawn;

    /**
     * A submission.
     *
     * @param message what to store
     * @param home runs the answer; answers with the same executor are run as one task
     * @param answer told once what became of it
     */
    public Submission(NewMessage message, Executor home, Consumer<AcceptResult> answer) {
        this.message = message;
        this.home = home;
        this.answer = answer;
    }

    /** The same once more, undecided: for trying alone what failed with others. */
    Submission(Submission other) {
        this(other.message, other.home, other.answer);
    }

    /** Nobody waits for it any more: unless it has reached the journal it becomes no message. Any thread may say so. */
    public void withdraw() {
        withdrawn = true;
    }

    boolean withdrawn() {
        return withdrawn;
    }

    void result(AcceptResult decided) {
        result = decided;
    }

    @Nullable
    AcceptResult result() {
        return result;
    }

    void answer() {
        AcceptResult decided = result;
        if (decided == null) {
            throw new IllegalStateException("answered before it was decided");
        }
        answer.accept(decided);
    }
}
