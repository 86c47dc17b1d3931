package io.posthorn.intake;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which requests have been answered already, by the keys that their senders gave them: the Idempotency-Key of
 * draft-ietf-httpapi-idempotency-key-header. For everything but messages, whose keys are part of their own transaction
 * ({@link PgMessageKeys}). Everything blocks.
 */
public interface AnswerKeys {
    /** For how long an answer is kept. */
    long HONOURED_HOURS = 12;

    /**
     * The key of the request that is being worked on on this thread, so that what it changes is written down as its
     * change. Not bound without one; empty for a change that may well be made twice.
     */
    ScopedValue<byte[]> KEY = ScopedValue.newInstance();

    /** Changes something that the same request would find done and go on: it does not stand for the request. */
    static <T> T repeatable(Supplier<T> change) {
        return ScopedValue.where(KEY, new byte[0]).call(change::get);
    }

    /** What a key stands for when a request comes with it. */
    sealed interface Claim {
        /** Nothing yet: the request is to be worked on, and then {@link AnswerKeys#settle settled} or released. */
        record First() implements Claim {}

        /** The same request, which was answered with this. */
        record Answered(Stored answer) implements Claim {}

        /** Another request. */
        record OfAnother() implements Claim {}

        /** The same request, which has made its change, and whose answer nobody knows any more. */
        record AnswerLost() implements Claim {}

        /** The same request, which is still being worked on. */
        record Running() implements Claim {}
    }

    /**
     * An answer.
     *
     * @param status of HTTP
     * @param contentType null without a body
     * @param body empty for none
     */
    record Stored(int status, @Nullable String contentType, byte[] body) {}

    /**
     * Takes a key for a request, if it is free.
     *
     * @param key 16 bytes that stand for the key and for whose it is
     * @param digest 16 bytes that stand for the request
     */
    Claim claim(byte[] key, byte[] digest);

    /**
     * Keeps the answer of the request that took the key: in memory if the database is away, until it is back.
     *
     * @throws IllegalStateException if nobody took the key
     */
    void settle(byte[] key, Stored answer);

    /**
     * Frees a key whose request came to nothing; one whose request has changed something all the same is not freed. If the database is away, this fails, and
     * the key is free all the same.
     */
    void release(byte[] key);

    /**
     * Tries again to store the answers that are kept in memory only; to be called every few seconds.
     *
     * @return how many it was
     */
    int settleAgain();

    /**
     * Removes what is not honoured any more.
     *
     * @return how many keys it was
     */
    int forget();
}
