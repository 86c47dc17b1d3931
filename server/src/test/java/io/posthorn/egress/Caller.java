package io.posthorn.egress;

import io.posthorn.egress.AddressResolver.Resolution;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.internal.VertxInternal;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An {@link Egress} on a loop of its own, for tests on other threads. */
final class Caller implements AutoCloseable {
    static final Duration LONG = Duration.ofSeconds(20);

    final Vertx vertx = Vertx.vertx();
    private final Context context = ((VertxInternal) vertx).createEventLoopContext();
    private final EgressSettings settings;
    private final Egress egress;

    Caller(EgressSettings settings, AddressResolver resolver) {
        this.settings = settings;
        this.egress = on(() -> new Egress(context, settings, resolver, InstantSource.system()));
    }

    /** Settings under which servers on 127.0.0.0/8 can be reached. */
    static EgressSettings local(@Nullable Path ca, Duration idle, int maxIdle) {
        return new EgressSettings(
                true,
                List.of("127.0.0.0/8"),
                Duration.ofSeconds(5),
                idle,
                maxIdle,
                16 << 10,
                1 << 20,
                "Posthorn/test",
                ca,
                Duration.ofSeconds(30));
    }

    static EgressSettings local() {
        return local(null, Duration.ofSeconds(30), 100);
    }

    /** A resolver with an answer for every name. */
    static AddressResolver always(String... addresses) {
        Resolution answer = new Resolution.Addresses(
                Arrays.stream(addresses).map(InetAddress::ofLiteral).toList());
        return (host, done) -> done.accept(answer);
    }

    Exchange post(String url) {
        return await(start(url, "{}", LONG));
    }

    Exchange post(String url, String body, Duration deadline) {
        return await(start(url, body, deadline));
    }

    CompletableFuture<Exchange> start(String url, String body, Duration deadline, String... headers) {
        Target target = target(url);
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return start(done -> egress.post(target, headers, bytes, deadline, done));
    }

    Exchange send(
            Target target,
            String method,
            @Nullable String path,
            @Nullable String userAgent,
            String body,
            String... headers) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return await(start(done -> egress.send(target, method, path, userAgent, headers, bytes, LONG, done)));
    }

    Target target(String url) {
        return switch (Target.parse(url, settings.policy())) {
            case TargetResult.Ok(Target ok) -> ok;
            case TargetResult.Refused(String reason) -> throw new AssertionError(reason);
        };
    }

    private CompletableFuture<Exchange> start(Consumer<Consumer<Exchange>> sending) {
        CompletableFuture<Exchange> result = new CompletableFuture<>();
        context.runOnContext(nothing -> {
            try {
                sending.accept(exchange -> {
                    if (Vertx.currentContext() != context) {
                        result.completeExceptionally(new AssertionError("done on " + Thread.currentThread()));
                    } else if (!result.complete(exchange)) {
                        throw new AssertionError("done twice");
                    }
                });
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return result;
    }

    int inFlight() {
        return on(egress::inFlight);
    }

    int idle() {
        return on(egress::idleConnections);
    }

    void closeEgress() {
        on(() -> {
            egress.close();
            return true;
        });
    }

    private <T> T on(Supplier<T> action) {
        CompletableFuture<T> result = new CompletableFuture<>();
        context.runOnContext(nothing -> {
            try {
                result.complete(action.get());
            } catch (RuntimeException e) {
                result.completeExceptionally(e);
            }
        });
        return await(result);
    }

    static <T> T await(CompletableFuture<T> future) {
        return future.orTimeout(30, TimeUnit.SECONDS).join();
    }

    /** The response, or an error that shows the failure. */
    static Outcome.Response response(Exchange exchange) {
        return switch (exchange.outcome()) {
            case Outcome.Response response -> response;
            case Outcome.Failure failure -> throw new AssertionError(failure.toString());
            case Outcome.Unwanted unwanted -> throw new AssertionError(unwanted.toString());
        };
    }

    static Outcome.Failure failure(Exchange exchange) {
        return switch (exchange.outcome()) {
            case Outcome.Failure failure -> failure;
            case Outcome.Response response -> throw new AssertionError(response.toString());
            case Outcome.Unwanted unwanted -> throw new AssertionError(unwanted.toString());
        };
    }

    static String body(Exchange exchange) {
        return new String(response(exchange).body(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        closeEgress();
        await(vertx.close().toCompletionStage().toCompletableFuture());
    }
}
