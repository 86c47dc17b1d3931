package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** So many requests a second with a token; the arithmetic is in PaceTest. */
class RateLimitApiTest {
    private static final Api api = Api.usual();
    private static final Client chief = new Client(api, api.server.port(), api.token, null);

    @AfterAll
    static void close() {
        api.close();
    }

    private static Client limited(int perSecond) {
        return chief.with(chief.post("/token", "{\"name\":\"t\",\"role\":\"viewer\",\"rateLimit\":" + perSecond + "}")
                .body()
                .get("token")
                .textValue());
    }

    private static void tooMany(Api.Reply reply, int limit) {
        assertThat(reply.status()).as(reply.text()).isEqualTo(429);
        assertThat(reply.code()).isEqualTo("rate_limited");
        assertThat(reply.headers().firstValue("retry-after")).contains("1");
        assertThat(reply.headers().firstValue("ratelimit")).contains("\"token\";r=0;t=1");
        assertThat(reply.headers().firstValue("ratelimit-policy")).contains("\"token\";q=" + limit + ";w=1");
    }

    /** Three at once, of which one a second is allowed: however long they take, at most one for each second begun. */
    @Test
    void oneTooManyIsToldSoAndEveryAnswerSaysWhatIsLeft() {
        Client one = limited(1);
        long began = System.nanoTime();
        Api.Reply first = one.get("/app");
        assertThat(first.status()).isEqualTo(200);
        assertThat(first.headers().firstValue("ratelimit")).contains("\"token\";r=0;t=1");
        assertThat(first.headers().firstValue("ratelimit-policy")).contains("\"token\";q=1;w=1");
        List<Api.Reply> others = IntStream.range(0, 200)
                .parallel()
                .mapToObj(i -> one.get("/app"))
                .toList();
        long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds() + 1;
        List<Api.Reply> refused =
                others.stream().filter(reply -> reply.status() == 429).toList();
        assertThat(others.size() - refused.size()).isLessThanOrEqualTo((int) seconds);
        refused.forEach(reply -> tooMany(reply, 1));
        assertThat(chief.get("/app").headers().firstValue("ratelimit")).isEmpty();
    }

    @Test
    void aChangedLimitHoldsForTheNextRequest() {
        Client one = limited(100_000);
        assertThat(one.get("/app").headers().firstValue("ratelimit-policy")).contains("\"token\";q=100000;w=1");
        String id = chief.get("/token?role=viewer&order=descending&limit=1")
                .body()
                .at("/data/0/id")
                .textValue();
        chief.patch("/token/" + id, "{\"rateLimit\":null}");
        assertThat(one.get("/app").headers().firstValue("ratelimit-policy")).isEmpty();
    }

    @Test
    void theServersLimitIsForTokensWithoutTheirOwn() {
        Vertx own = Vertx.vertx();
        ApiServer server = new ApiServer(
                own,
                new ApiSettings(
                        "127.0.0.1",
                        0,
                        1,
                        1 << 20,
                        30,
                        100,
                        100,
                        30,
                        Duration.ofDays(1),
                        70_000,
                        new DeliveryCeilings(Duration.ofSeconds(15), 50),
                        "https://hooks.example.com"),
                new ApiPorts(
                        api.catalog,
                        url -> null,
                        address -> null,
                        () -> true,
                        () -> "",
                        api.keys,
                        api.audit,
                        FastRoutes.NONE,
                        new ArrayList<>()));
        Api.await(server.start());
        try {
            Client there = new Client(api, server.port(), api.token, null);
            assertThat(there.get("/app").headers().firstValue("ratelimit-policy"))
                    .contains("\"token\";q=70000;w=1");
            assertThat(there.with(limited(3).token()).get("/app").headers().firstValue("ratelimit-policy"))
                    .contains("\"token\";q=3;w=1");
            assertThat(there.get("/health").headers().firstValue("ratelimit")).isEmpty();
            assertThat(there.with("guess").get("/app").headers().firstValue("ratelimit"))
                    .isEmpty();
            there.post("/app", "{\"name\":\"a\",\"uid\":\"a\"}");
            assertThat(there.post("/auth/app-portal-access/a", "{}")
                            .body()
                            .get("url")
                            .textValue())
                    .startsWith("https://hooks.example.com/portal#token=ph_");
        } finally {
            Api.await(server.close(Duration.ofSeconds(5)));
            Api.await(own.close());
        }
    }
}
