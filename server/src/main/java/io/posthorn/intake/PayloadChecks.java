package io.posthorn.intake;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EventTypes;
import io.posthorn.model.EventType;
import io.posthorn.model.Message;
import io.posthorn.model.SchemaMode;
import io.posthorn.runtime.JsonSchema;
import io.posthorn.runtime.JsonSchema.Checked;
import io.posthorn.runtime.JsonSchema.Violation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds messages against what the catalogue promises of them before they are accepted: that a type is not for
 * synchronous calls only, and that a payload keeps the schema of its type's current version where its owner wants it to.
 *
 * <p>The usual message is of a type about which nothing of the kind is to be checked. For it, all of this is one look
 * into a map that is empty in most installations: no tree is built, and no thread is changed.
 *
 * <p>The others go to a few threads of their own. A check is bounded ({@link JsonSchema}), but with a large payload or a
 * hard schema it takes milliseconds, in which an event loop would accept hundreds of other messages; and a virtual thread
 * would take a processor from those that wait for the database. What waits for these threads is bounded in number and
 * bytes; beyond that the publisher is told to come again.
 */
public final class PayloadChecks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PayloadChecks.class);
    /** Requests that wait for a check. */
    private static final int MOST_WAITING = 1_000;
    /** Bytes of their payloads. */
    private static final long MOST_BYTES = 64L << 20;

    private static final int MOST_SCHEMAS = 1_000;
    private static final long IDLE_SECONDS = 30;
    private static final long LOG_EVERY_NANOS = TimeUnit.SECONDS.toNanos(60);

    /** Longer than that nobody is left waiting for a check to begin. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Catalog catalog;
    private final Watcher watcher;
    private final ThreadPoolExecutor threads;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong loggedAt = new AtomicLong(Long.MIN_VALUE);

    /** Who counts. */
    @FunctionalInterface
    public interface Watcher {
        /**
         * A payload breaks the schema of its event type. Called on any thread.
         *
         * @param refused whether its message was refused, or else accepted all the same
         */
        void payloadBroken(boolean refused);
    }

    /** By identity: a change of an event type makes another one. */
    private final LoadingCache<EventType, JsonSchema> compiled =
            Caffeine.newBuilder().weakKeys().maximumSize(MOST_SCHEMAS).build(PayloadChecks::compile);

    /**
     * Checks on threads that are not there until they are needed.
     *
     * @param catalog what is promised
     * @param watcher told of payloads that break it
     * @param most threads at a time
     */
    public PayloadChecks(Catalog catalog, Watcher watcher, int most) {
        this.catalog = catalog;
        this.watcher = watcher;
        this.threads = new ThreadPoolExecutor(
                most,
                most,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MOST_WAITING),
                Thread.ofPlatform().daemon().name("payload-check-", 0).factory());
        threads.allowCoreThreadTimeOut(true);
    }

    /** Whether any message of an environment has to be checked; for nearly all of them, none. */
    public boolean concern(int env) {
        return !catalog.eventTypes().guarded(env).isEmpty();
    }

    /**
     * Holds messages against the catalogue.
     *
     * @param env the number of their environment
     * @param messages as they were read; those that are no messages stay what they are
     * @param home runs the answer if it is not given at once
     * @param done gets them with those that are refused as {@link ParsedMessage.Invalid}, or {@link
     *     ParsedMessage.Refused} if they may have been accepted before, in their order; at once, on
     *     this thread, if nothing has to be checked; an empty list if it would have taken too long
     * @return false if there is no room; {@code done} is not called then
     */
    public boolean check(int env, List<ParsedMessage> messages, Executor home, Consumer<List<ParsedMessage>> done) {
        Map<String, EventType> guarded = catalog.eventTypes().guarded(env);
        if (guarded.isEmpty() || !anyGuarded(guarded, messages)) {
            done.accept(messages);
            return true;
        }
        long weight = weight(messages);
        long began = System.nanoTime();
        if (bytes.addAndGet(weight) > MOST_BYTES) {
            bytes.addAndGet(-weight);
            return false;
        }
        try {
            threads.execute(() -> {
                try {
                    boolean late = System.nanoTime() - began > PATIENCE_NANOS;
                    List<ParsedMessage> checked = late ? List.of() : checked(guarded, messages);
                    home.execute(() -> done.accept(checked));
                } finally {
                    bytes.addAndGet(-weight);
                }
            });
            return true;
        } catch (RejectedExecutionException e) {
            bytes.addAndGet(-weight);
            return false;
        }
    }

    private static boolean anyGuarded(Map<String, EventType> guarded, List<ParsedMessage> messages) {
        for (ParsedMessage each : messages) {
            if (each instanceof ParsedMessage.Ok(NewMessage message) && guarded.containsKey(message.eventType())) {
                return true;
            }
        }
        return false;
    }

    private static long weight(List<ParsedMessage> messages) {
        long weight = 0;
        for (ParsedMessage each : messages) {
            weight += each instanceof ParsedMessage.Ok(NewMessage message) ? message.payload().length : 0;
        }
        return weight;
    }

    private List<ParsedMessage> checked(Map<String, EventType> guarded, List<ParsedMessage> messages) {
        List<ParsedMessage> checked = new ArrayList<>(messages.size());
        for (ParsedMessage each : messages) {
            EventType type =
                    each instanceof ParsedMessage.Ok(NewMessage message) ? guarded.get(message.eventType()) : null;
            checked.add(
                    type != null && each instanceof ParsedMessage.Ok(NewMessage message)
                            ? checked(type, message, each)
                            : each);
        }
        return checked;
    }

    private ParsedMessage checked(EventType type, NewMessage message, ParsedMessage asItIs) {
        if (type.contract().sync() && message.onlyEndpointNo() != Message.NOBODY) {
            return refused(
                    message,
                    List.of(new ParsedMessage.Problem(
                            List.of("eventType"),
                            "is for synchronous messages only (sync of the event type): POST …/msg/sync",
                            "value_error.sync")));
        }
        if (type.contract().schemaMode() == SchemaMode.OFF) {
            return asItIs;
        }
        List<ParsedMessage.Problem> problems = problems(type, message.payload());
        if (problems.isEmpty()) {
            return asItIs;
        }
        boolean refused = type.contract().schemaMode() == SchemaMode.REJECT;
        watcher.payloadBroken(refused);
        if (refused) {
            return refused(message, problems);
        }
        logNowAndThen(type, problems.getFirst());
        return asItIs;
    }

    private static ParsedMessage refused(NewMessage message, List<ParsedMessage.Problem> problems) {
        return message.keyed() ? new ParsedMessage.Refused(message, problems) : new ParsedMessage.Invalid(problems);
    }

    private List<ParsedMessage.Problem> problems(EventType type, byte[] payload) {
        Checked result;
        try {
            result = compiled.get(type).check(payload);
        } catch (RuntimeException e) {
            // it could be used when it was stored; whatever is different now, the payload was not checked
            LOG.error("the schema of event type {} cannot be used", type.name(), e);
            result = new Checked.Unclear("the schema of its event type cannot be used");
        }
        return switch (result) {
            case Checked.Keeps _ -> List.of();
            case Checked.Breaks(List<Violation> violations) ->
                violations.stream().map(violation -> problem(type, violation)).toList();
            case Checked.Unclear(String why) -> List.of(problem(type, new Violation("", why)));
        };
    }

    /** With the pointer as it is, since the path of a 422 cannot tell a list's place from a member's name. */
    private static ParsedMessage.Problem problem(EventType type, Violation violation) {
        List<String> path = new ArrayList<>(List.of("payload"));
        for (String part : violation.pointer().split("/", -1)) {
            path.add(part.replace("~1", "/").replace("~0", "~"));
        }
        path.remove(1); // what stands before the first stroke
        String at = violation.pointer().isEmpty() ? "" : "at " + violation.pointer() + ": ";
        return new ParsedMessage.Problem(
                List.copyOf(path),
                at + violation.rule() + " (schema of " + type.name() + ", version "
                        + type.contract().current() + ")",
                "value_error.schema");
    }

    private static JsonSchema compile(EventType type) {
        String schema = EventTypes.currentSchema(type);
        if (schema == null) {
            throw new IllegalStateException("event type " + type.name() + " has no schema of its current version");
        }
        return JsonSchema.of(schema);
    }

    /** The place and the rule, but nothing of the payload, which is not ours to show. */
    private void logNowAndThen(EventType type, ParsedMessage.Problem first) {
        long now = System.nanoTime();
        long last = loggedAt.get();
        if ((last == Long.MIN_VALUE || now - last > LOG_EVERY_NANOS) && loggedAt.compareAndSet(last, now)) {
            LOG.warn(
                    "a payload of event type {} breaks its schema at /{}, and is accepted all the same",
                    type.name(),
                    String.join("/", first.path()));
        }
    }

    /** Takes no more. What waits is checked and answered. */
    @Override
    public void close() {
        threads.shutdown();
    }
}
