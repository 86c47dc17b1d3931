package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.Requirement;
import io.posthorn.dispatch.EndpointCheck;
import io.posthorn.egress.EgressPolicy;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.FailureKind;
import io.posthorn.egress.Outcome;
import io.posthorn.runtime.Time;
import io.vertx.core.Vertx;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What surrounds a check: its pace, what is looked at before it, and its trace. */
class EndpointCheckApiTest {
    private final Api api = Api.usual();
    private final Vertx vertx = Vertx.vertx();
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger asked = new AtomicInteger();
    private final Semaphore underWay = new Semaphore(0);
    private volatile CompletableFuture<Exchange> answer = CompletableFuture.completedFuture(answered(204));

    /** Every request has the same answer, whatever it is. */
    private final EndpointCheck.Exchanges exchanges = (EndpointCheck.Exchanges) Proxy.newProxyInstance(
            EndpointCheckApiTest.class.getClassLoader(),
            new Class<?>[] {EndpointCheck.Exchanges.class},
            (proxy, method, arguments) -> {
                asked.incrementAndGet();
                underWay.release();
                return answer;
            });

    private final ApiServer server = new ApiServer(
            vertx,
            ApiSettings.of("127.0.0.1", 0, 1),
            new ApiPorts(
                    api.catalog,
                    url -> null,
                    address -> null,
                    () -> true,
                    () -> "",
                    api.keys,
                    api.audit,
                    new EndpointCheck(
                            exchanges,
                            new EgressPolicy(false, List.of()),
                            () -> "https://posthorn.example",
                            EndpointCheck.Tests.USUAL,
                            Time.system(),
                            nanos::get),
                    FastRoutes.NONE,
                    List.of()));

    private static Exchange answered(int code) {
        return new Exchange(0, 0, new Outcome.Response(code, "", new byte[0], false, null));
    }

    private Api.Reply post(String path, String body) {
        return new Client(api, server.port(), api.token, null).post(path, body);
    }

    private Api.Reply make(String more) {
        return post("/app/a/endpoint", "{\"url\":\"https://example.com/\",\"check\":\"test-event\"" + more + "}");
    }

    private Api.Reply check() {
        return post("/app/a/endpoint/e/check", "{}");
    }

    private List<JsonNode> noted() {
        return api.get("/audit-log?action=endpoint.check")
                .body()
                .get("data")
                .valueStream()
                .toList();
    }

    @BeforeEach
    void start() {
        Api.await(server.start());
        api.post("/app", "{\"name\":\"a\",\"uid\":\"a\"}");
        api.post("/app/a/endpoint", "{\"url\":\"https://example.com/\",\"uid\":\"e\"}");
    }

    @AfterEach
    void stop() {
        Api.await(server.close(Duration.ofSeconds(5)));
        Api.await(vertx.close());
        api.close();
    }

    @Test
    @Requirement("B7")
    void nobodyIsAskedAboutWhatIsRefusedAnyway() {
        api.post("/event-type", "{\"name\":\"payment.done\",\"description\":\"\",\"scopes\":[\"Payments\"]}");
        assertThat(make(",\"uid\":\"e\"").status()).as("the uid").isEqualTo(409);
        api.patch("/app/a", "{\"scopes\":[]}");
        assertThat(make(",\"filterTypes\":[\"payment.done\"]").places()).containsExactly("body.filterTypes");
        api.patch("/app/a", "{\"endpointLimit\":1}");
        assertThat(make("").status()).as("the limit").isEqualTo(409);
        assertThat(asked).hasValue(0);
        api.patch("/app/a", "{\"endpointLimit\":2}");
        assertThat(make("").status()).isEqualTo(201);
        assertThat(asked).hasValue(1);
    }

    @Test
    @Requirement("B7")
    void anApplicationHasChecksAtAPace() {
        for (int i = 0; i < 9; i++) {
            assertThat(check().status()).isEqualTo(200);
        }
        assertThat(make("").status()).isEqualTo(201);
        for (Api.Reply refused : List.of(check(), make(""))) {
            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.code()).isEqualTo("rate_limited");
            assertThat(refused.headers().firstValue("retry-after")).contains("1");
        }
        assertThat(asked).hasValue(10);
        assertThat(noted()).as("what was not sent is not noted").hasSize(9);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
        assertThat(check().status()).isEqualTo(200);
        assertThat(check().status()).isEqualTo(429);
    }

    @Test
    @Requirement("B7")
    void anApplicationHasTwoChecksUnderWay() throws Exception {
        answer = new CompletableFuture<>();
        List<CompletableFuture<Api.Reply>> waiting = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            waiting.add(CompletableFuture.supplyAsync(
                    this::check, task -> Thread.ofVirtual().start(task)));
        }
        assertThat(underWay.tryAcquire(2, 30, TimeUnit.SECONDS)).isTrue();
        assertThat(check().status()).isEqualTo(429);
        answer.complete(answered(204));
        for (CompletableFuture<Api.Reply> each : waiting) {
            assertThat(each.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);
        }
        assertThat(check().status()).isEqualTo(200);
    }

    @Test
    @Requirement("B7")
    void aCheckIsNotedWhateverComesOfIt() {
        assertThat(check().body().get("passed").booleanValue()).isTrue();
        answer = CompletableFuture.completedFuture(
                new Exchange(0, 0, new Outcome.Failure(FailureKind.TIMEOUT, "no answer")));
        assertThat(check().body().get("passed").booleanValue()).isFalse();
        assertThat(noted())
                .hasSize(2)
                .allSatisfy(entry ->
                        assertThat(entry.path("target").textValue()).isEqualTo("/api/v1/app/a/endpoint/e/check"))
                .allSatisfy(entry -> assertThat(entry.path("appId").textValue())
                        .isEqualTo(api.get("/app/a").id()));
    }
}
