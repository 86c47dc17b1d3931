package io.posthorn.dispatch;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.FairWorkers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks success expressions about responses, away from the event loops: their authors are strangers. Whose expression takes
 * long keeps the others waiting for no more than one of its answers ({@link FairWorkers}).
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

    private final FairWorkers workers = new FairWorkers("posthorn-assess-", THREADS);
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
        workers.run(endpointNo, () -> done.accept(answer(expression, response)));
    }

    private Expression.Answer answer(String expression, Outcome.Response response) {
        try {
            return asking.apply(expression, response);
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
        workers.close();
    }
}
