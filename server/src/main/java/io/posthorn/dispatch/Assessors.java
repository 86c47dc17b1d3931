package io.posthorn.dispatch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Expression;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks success expressions about responses, away from the event loops: their authors are strangers. A few threads do it
 * for all endpoints, one response of an endpoint at a time, so that whose expression takes long keeps the others waiting
 * for no more than one of its answers: an endpoint whose turn is over stands behind all others that wait. What waits here is
 * in flight, and is bounded as that, for each endpoint and in all; no queue of its own could overflow.
 */
final class Assessors implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Assessors.class);
    private static final int THREADS = 2;
    private static final int COMPILED = 64;
    private static final ObjectMapper JSON = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Expression.MOST_LEVELS)
                    .build())
            .build());

    private record Question(String expression, Outcome.Response response, Consumer<Expression.Answer> done) {}

    private final ExecutorService threads = Executors.newFixedThreadPool(
            THREADS, Thread.ofPlatform().name("posthorn-assess-", 0).daemon().factory());
    /** By endpoint: those that wait behind the one that is being asked. Guarded by itself. */
    private final Map<Integer, Queue<Question>> waiting = new HashMap<>();

    private final BiFunction<String, Outcome.Response, Expression.Answer> asking;

    /** An expression cannot be used by two threads, so each has its own. */
    private final ThreadLocal<Map<String, Expression>> compiled = ThreadLocal.withInitial(Compiled::new);

    private static final class Compiled extends LinkedHashMap<String, Expression> {
        private static final long serialVersionUID = 1L;

        Compiled() {
            super(16, 0.75f, true);
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Expression> eldest) {
            return size() > COMPILED;
        }
    }

    Assessors() {
        this.asking = this::evaluate;
    }

    /**
     * With another way to come to an answer.
     *
     * @param asking called on the threads of this object
     */
    Assessors(BiFunction<String, Outcome.Response, Expression.Answer> asking) {
        this.asking = asking;
    }

    /**
     * Asks.
     *
     * @param endpointNo whose expression it is
     * @param done told once, on a thread of this object
     */
    void ask(int endpointNo, String expression, Outcome.Response response, Consumer<Expression.Answer> done) {
        Question question = new Question(expression, response, done);
        synchronized (waiting) {
            Queue<Question> behind = waiting.get(endpointNo);
            if (behind != null) {
                behind.add(question);
                return;
            }
            waiting.put(endpointNo, new ArrayDeque<>());
        }
        run(endpointNo, question);
    }

    private void run(int endpointNo, Question question) {
        try {
            threads.execute(() -> {
                try {
                    question.done.accept(answer(question));
                } finally {
                    next(endpointNo);
                }
            });
        } catch (RejectedExecutionException e) {
            // Posthorn stops: what is in flight is settled as deferred by its lane.
            LOG.debug("a response is not assessed any more: {}", e.toString());
        }
    }

    private void next(int endpointNo) {
        Question next;
        synchronized (waiting) {
            Queue<Question> behind = waiting.get(endpointNo);
            next = behind == null ? null : behind.poll();
            if (next == null) {
                waiting.remove(endpointNo);
            }
        }
        if (next != null) {
            run(endpointNo, next);
        }
    }

    private Expression.Answer answer(Question question) {
        try {
            return asking.apply(question.expression, question.response);
        } catch (Throwable e) {
            // Whatever it is: who has asked has to be told, or the delivery would be in flight for ever.
            LOG.error("a response could not be assessed", e);
            return new Expression.Answer(false, "the response could not be assessed: " + e);
        }
    }

    private Expression.Answer evaluate(String text, Outcome.Response response) {
        Map<String, Expression> mine = compiled.get();
        Expression expression = mine.get(text);
        if (expression == null) {
            String broken = Expression.broken(text); // it may have been allowed by an earlier version
            if (broken != null) {
                return new Expression.Answer(false, "the success expression " + broken);
            }
            expression = Expression.of(text);
            mine.put(text, expression);
        }
        return expression.ask(input(response));
    }

    /** {@code {statusCode, headers, body}}; of a header that is there several times, the first. */
    static Map<String, Object> input(Outcome.Response response) {
        Map<String, Object> headers = new LinkedHashMap<>();
        response.headers().lines().forEach(line -> {
            int colon = line.indexOf(':');
            if (colon > 0) {
                headers.putIfAbsent(
                        line.substring(0, colon).strip().toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        });
        Map<String, Object> input = new LinkedHashMap<>();
        input.put("statusCode", response.code());
        input.put("headers", headers);
        input.put("body", body(new String(response.body(), StandardCharsets.UTF_8)));
        return input;
    }

    /** What is no JSON, or more of it than an expression is asked about, is a text. */
    private static Object body(String all) {
        if (all.length() > Expression.MOST_ANSWER_CHARACTERS) {
            return all.substring(0, Expression.MOST_ANSWER_CHARACTERS);
        }
        try {
            Object parsed = all.isBlank() || hasTooMany(all) ? null : JSON.readValue(all, Object.class);
            return parsed == null ? all : parsed;
        } catch (JsonProcessingException _) {
            return all;
        }
    }

    private static boolean hasTooMany(String json) throws JsonProcessingException {
        try (JsonParser parser = JSON.createParser(json)) {
            int values = 0;
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token.isScalarValue() || token.isStructStart()) {
                    values++;
                }
                if (values > Expression.MOST_VALUES) {
                    return true;
                }
            }
            return false;
        } catch (JsonProcessingException e) {
            throw e;
        } catch (IOException e) {
            throw new UncheckedIOException("a text is read from memory", e);
        }
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
