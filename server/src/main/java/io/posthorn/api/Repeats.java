package io.posthorn.api;

import io.posthorn.intake.AnswerKeys;
import io.posthorn.intake.AnswerKeys.Claim;
import io.posthorn.intake.AnswerKeys.Stored;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Requests that come twice under one {@code Idempotency-Key} are worked on once: the second gets the answer of the
 * first, 409 while that is still being worked on, and 422 if it is another request. Kept are the answers that would be
 * the same again: what was done, what is not there (404) and what breaks a rule (422). All others, such as that a uid is
 * taken or that the server cannot do it just now, are not, so that trying again can succeed. If a change was made and its
 * answer is not known any more, because the server went down in between, the second request gets 409 and does nothing.
 */
final class Repeats {
    /** The header. */
    static final String HEADER = "idempotency-key";

    private static final Logger LOG = LoggerFactory.getLogger(Repeats.class);
    private static final int MOST_KEY = 256;
    private static final int HASH_BYTES = 16;
    private static final int RETRY_SECONDS = 1;

    private final AnswerKeys keys;

    Repeats(AnswerKeys keys) {
        this.keys = keys;
    }

    /** Whether a key can be one: 1 to 256 characters, not only blanks. */
    static boolean isKey(String key) {
        return !key.isBlank() && key.length() <= MOST_KEY;
    }

    /** What is answered if it cannot. */
    static Problem noKey() {
        return Problem.value("must be 1 to " + MOST_KEY + " characters", "header", HEADER);
    }

    /**
     * Answers a request.
     *
     * @param caller whose it is: keys of different tokens and environments have nothing to do with each other, because
     *     the answer of one may show what another may not see, such as a new token
     * @param key as it came
     * @param what the method and the path with its query
     * @param body as it came
     * @param work finds the answer, if nobody has
     */
    Answer once(Caller caller, String key, String what, byte[] body, Supplier<Answer> work) {
        byte[] hashed = hash(text(caller.env() + "\n" + caller.token().id() + "\n" + key));
        return switch (keys.claim(hashed, hash(text(what + "\n"), body))) {
            case Claim.First _ -> first(hashed, work);
            case Claim.Answered(Stored(int status, var contentType, byte[] stored)) ->
                new Answer(status, contentType, stored, Map.of("cache-control", "no-store"));
            case Claim.OfAnother _ ->
                Answer.invalid(java.util.List.of(new Problem(
                        java.util.List.of("header", HEADER),
                        "was used with another request",
                        "value_error.idempotency_key")));
            case Claim.AnswerLost _ ->
                Answer.error(
                        409,
                        "answer_lost",
                        "the first request with this Idempotency-Key has made its change, and its answer is not known"
                                + " any more, because the server or its database went down at that moment; look at"
                                + " what is there, and use another key to do it again");
            case Claim.Running _ ->
                Answer.error(
                        409,
                        "in_progress",
                        "the first request with this Idempotency-Key is still being worked on",
                        Answer.retryAfter(RETRY_SECONDS));
        };
    }

    private Answer first(byte[] key, Supplier<Answer> work) {
        Answer answer;
        try {
            answer = ScopedValue.where(AnswerKeys.KEY, key).call(work::get);
        } catch (Throwable e) {
            release(key);
            throw e;
        }
        if (isKept(answer.status())) {
            keys.settle(key, new Stored(answer.status(), answer.contentType(), answer.body()));
        } else {
            release(key);
        }
        return answer;
    }

    private static boolean isKept(int status) {
        return (status >= 200 && status < 300) || status == 404 || status == 422;
    }

    private void release(byte[] key) {
        try {
            keys.release(key);
        } catch (RuntimeException e) {
            LOG.warn("an Idempotency-Key is left without an answer for the next request: {}", e.toString());
        }
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** The first 16 bytes of the SHA-256 of some parts, one after the other. */
    static byte[] hash(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return Arrays.copyOf(digest.digest(), HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
