package io.posthorn.api;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One operation of the API. What all of them have in common, such as who may use it, happens around it, in
 * {@link Pipeline}.
 *
 * @param method of HTTP
 * @param path from the root, such as {@code /api/v1/app/:app/msg}, without a trailing slash. {@code :app} is always the
 *     id or uid of an application
 * @param access who may use it
 * @param work what it does
 */
public record Operation(HttpMethod method, String path, Access access, Work work) {
    /** What an operation does. */
    public sealed interface Work {
        /**
         * May block, and does not look at a body.
         *
         * @param answer on a virtual thread; what it throws becomes 503 if the database is away, else 500
         */
        record Plain(Function<Call, Answer> answer) implements Work {}

        /**
         * May block, and wants a JSON object. Any other body is answered with 415, 413, 408 or 422.
         *
         * @param optional whether there may be none; it is an empty object then
         * @param yamlMember the member of the object that a body is which is YAML and not JSON, unread; null where only JSON
         *     is taken
         * @param answer as in {@link Plain}
         */
        record WithBody(boolean optional, @Nullable String yamlMember, Function<Call, Answer> answer) implements Work {
            WithBody(boolean optional, Function<Call, Answer> answer) {
                this(optional, null, answer);
            }
        }

        /**
         * Talks on by itself, on the event loop.
         *
         * @param conversation takes the request, with nothing read of it
         */
        record Live(BiConsumer<HttpServerRequest, Call> conversation) implements Work {}

        /** The hot path has taken it before anybody looks here; it stands here so that it is known of. */
        record Fast() implements Work {}
    }

    /** Reads. */
    public static Operation get(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.GET, path, access, new Work.Plain(work));
    }

    /** Takes a JSON object. */
    public static Operation post(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.POST, path, access, new Work.WithBody(false, work));
    }

    /** Takes a JSON object, or no body at all. */
    public static Operation postEmpty(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.POST, path, access, new Work.WithBody(true, work));
    }

    /** Takes a JSON object. */
    public static Operation put(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.PUT, path, access, new Work.WithBody(false, work));
    }

    /**
     * Takes a JSON object, or YAML.
     *
     * @param yamlMember the member of the object that the YAML stands for
     */
    public static Operation putYaml(String path, Access access, String yamlMember, Function<Call, Answer> work) {
        return new Operation(HttpMethod.PUT, path, access, new Work.WithBody(false, yamlMember, work));
    }

    /** Takes a JSON object. */
    public static Operation patch(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.PATCH, path, access, new Work.WithBody(false, work));
    }

    /** Removes. */
    public static Operation delete(String path, Access access, Function<Call, Answer> work) {
        return new Operation(HttpMethod.DELETE, path, access, new Work.Plain(work));
    }

    /** Talks on by itself, such as over a WebSocket. */
    public static Operation live(String path, Access access, BiConsumer<HttpServerRequest, Call> conversation) {
        return new Operation(HttpMethod.GET, path, access, new Work.Live(conversation));
    }

    /** Is done by the hot path. */
    public static Operation fast(String path, Access access) {
        return new Operation(HttpMethod.POST, path, access, new Work.Fast());
    }
}
