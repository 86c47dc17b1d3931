package io.posthorn.intake;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A message on its way to the journal, and whom to tell. */
public final class Submission {
    final NewMessage message;
    final Executor home;
    private final Consumer<AcceptResult> answer;
    private final @Nullable List<ParsedMessage.Problem> problems;
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
        this(message, home, answer, null);
    }

    private Submission(
            NewMessage message,
            Executor home,
            Consumer<AcceptResult> answer,
            @Nullable List<ParsedMessage.Problem> problems) {
        this.message = message;
        this.home = home;
        this.answer = answer;
        this.problems = problems;
    }

    /**
     * One that is never stored. If its key or event id is known, it is answered as any other; otherwise with {@link
     * AcceptResult.Refused}.
     *
     * @param refused what to look for, and what is wrong with it
     * @param home runs the answer
     * @param answer told once what became of it
     */
    public static Submission repeat(ParsedMessage.Refused refused, Executor home, Consumer<AcceptResult> answer) {
        return new Submission(refused.message(), home, answer, refused.problems());
    }

    /** The same once more, undecided: for trying alone what failed with others. */
    Submission(Submission other) {
        this(other.message, other.home, other.answer, other.problems);
    }

    /** What it is answered if nobody has sent it before; null if it is to be stored then, as nearly all are. */
    AcceptResult.@Nullable Refused refusal() {
        return problems == null ? null : new AcceptResult.Refused(problems);
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
