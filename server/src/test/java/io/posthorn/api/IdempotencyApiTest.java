package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.catalog.SecretBox;
import io.posthorn.catalog.WriteGuard;
import io.posthorn.intake.AnswerKeys;
import io.posthorn.intake.PgAnswerKeys;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** POSTs that come twice under one Idempotency-Key. */
final class IdempotencyApiTest {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch leave = new CountDownLatch(1);
    private final AtomicInteger failures = new AtomicInteger();
    private final AtomicInteger said = new AtomicInteger();
    private final Api api = new Api(ApiSettings.of("127.0.0.1", 0, 2), () -> true, FastRoutes.NONE, List.of(this::odd));

    private List<Operation> odd() {
        return List.of(
                Operation.post("/api/v1/slow", Access.SELF, call -> {
                    entered.countDown();
                    try {
                        assertThat(leave.await(30, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    return Answer.empty();
                }),
                Operation.post(
                        "/api/v1/says",
                        Access.SELF,
                        call -> said.get() == 204 ? Answer.empty() : Answer.error(said.get(), "said", "so")),
                Operation.post("/api/v1/breaks", Access.SELF, call -> {
                    api.catalog.applications().create(call.env(), ApplicationRoutes.BLANK, false);
                    throw new IllegalStateException("after the change");
                }),
                Operation.post("/api/v1/flaky", Access.SELF, call -> {
                    if (failures.incrementAndGet() == 1) {
                        throw new IllegalStateException("for once");
                    }
                    return Answer.empty();
                }));
    }

    @AfterEach
    void close() {
        leave.countDown();
        api.close();
    }

    private Api.Reply post(String path, String key, String body) {
        return api.send(api.request("/api/v1" + path)
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", key)
                .POST(BodyPublishers.ofString(body)));
    }

    @Test
    void theSecondRequestGetsTheAnswerOfTheFirst() {
        Api.Reply first = post("/app", "k", "{\"name\":\"one\"}");
        assertThat(first.status()).isEqualTo(201);
        Api.Reply second = post("/app", "k", "{\"name\":\"one\"}");
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.text()).isEqualTo(first.text());
        assertThat(api.catalog.apps()).hasSize(1);
        assertThat(post("/app", "other", "{\"name\":\"one\"}").id()).isNotEqualTo(first.id());
    }

    @Test
    void anotherBodyOrAnotherPathUnderTheSameKeyIsRefused() {
        assertThat(post("/app", "k", "{\"name\":\"one\"}").status()).isEqualTo(201);
        Api.Reply other = post("/app", "k", "{\"name\":\"two\"}");
        assertThat(other.status()).isEqualTo(422);
        assertThat(other.places()).containsExactly("header.idempotency-key");
        assertThat(post("/event-type", "k", "{\"name\":\"one\"}").status()).isEqualTo(422);
        assertThat(api.catalog.apps()).hasSize(1);
    }

    @Test
    void anErrorOfTheCallerIsTheSameAgain() {
        assertThat(post("/token", "k", "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"late\"}")
                        .status())
                .isEqualTo(404);
        assertThat(post("/app", "a", "{\"name\":\"one\",\"uid\":\"late\"}").status())
                .isEqualTo(201);
        assertThat(post("/token", "k", "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"late\"}")
                        .status())
                .isEqualTo(404);
        assertThat(post("/token", "other", "{\"name\":\"t\",\"role\":\"application\",\"appId\":\"late\"}")
                        .status())
                .isEqualTo(201);
    }

    @Test
    void whatSaysTryAgainIsNotKept() {
        assertThat(post("/app", "a", "{\"name\":\"one\",\"uid\":\"u\"}").status())
                .isEqualTo(201);
        assertThat(post("/app", "b", "{\"name\":\"two\",\"uid\":\"u\"}").status())
                .isEqualTo(409);
        assertThat(api.delete("/app/u").status()).isEqualTo(204);
        assertThat(post("/app", "b", "{\"name\":\"two\",\"uid\":\"u\"}").status())
                .isEqualTo(201);
        for (int status : List.of(401, 403, 408, 409, 413, 415, 429, 500, 503)) {
            said.set(status);
            assertThat(post("/says", "k" + status, "{}").status()).isEqualTo(status);
            said.set(204);
            assertThat(post("/says", "k" + status, "{}").status()).isEqualTo(204);
        }
    }

    @Test
    void whileTheFirstIsStillRunningTheSecondIsToldSo() {
        CompletableFuture<Api.Reply> first =
                CompletableFuture.supplyAsync(() -> post("/slow", "k", "{}"), Thread::startVirtualThread);
        try {
            assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Api.Reply second = post("/slow", "k", "{}");
        assertThat(second.status()).isEqualTo(409);
        assertThat(second.code()).isEqualTo("in_progress");
        leave.countDown();
        assertThat(first.join().status()).isEqualTo(204);
        assertThat(post("/slow", "k", "{}").status()).isEqualTo(204);
    }

    @Test
    void whatFailedHereMayBeTriedAgain() {
        assertThat(post("/flaky", "k", "{}").status()).isEqualTo(500);
        assertThat(post("/flaky", "k", "{}").status()).isEqualTo(204);
        assertThat(post("/flaky", "k", "{}").status()).isEqualTo(204);
        assertThat(failures).hasValue(2);
    }

    @Test
    void whatChangedSomethingAndFailedIsNotDoneAgain() {
        assertThat(post("/breaks", "k", "{}").status()).isEqualTo(500);
        Api.Reply again = post("/breaks", "k", "{}");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.code()).isEqualTo("answer_lost");
        assertThat(post("/breaks", "k", "{\"a\":1}").status()).isEqualTo(422);
        assertThat(api.catalog.apps()).hasSize(1);
        assertThat(post("/breaks", "another", "{}").status()).isEqualTo(500);
        assertThat(api.catalog.apps()).hasSize(2);
    }

    @Test
    void afterTwelveHoursAKeyIsFree() {
        Api.Reply first = post("/app", "k", "{\"name\":\"one\"}");
        api.ahead.set(Duration.ofHours(AnswerKeys.HONOURED_HOURS).minusMinutes(1));
        assertThat(post("/app", "k", "{\"name\":\"one\"}").id()).isEqualTo(first.id());
        api.ahead.set(Duration.ofHours(AnswerKeys.HONOURED_HOURS).plusMinutes(1));
        Api.Reply later = post("/app", "k", "{\"name\":\"two\"}");
        assertThat(later.status()).isEqualTo(201);
        assertThat(later.id()).isNotEqualTo(first.id());
        api.ahead.set(Duration.ofHours(2 * AnswerKeys.HONOURED_HOURS).plusMinutes(2));
        assertThat(api.keys.forget()).isEqualTo(1);
    }

    @Test
    void whatAnEarlierRunOfTheServerLeftBehindIsFree(@TempDir Path folder) throws Exception {
        byte[] key = new byte[16];
        byte[] digest = new byte[16];
        SecretBox box = SecretBox.open(Base64.getEncoder().encodeToString(new byte[32]), folder);
        AnswerKeys before = new PgAnswerKeys(api.db.jdbi(), box, WriteGuard.NONE, api.clock);
        assertThat(before.claim(key, digest)).isInstanceOf(AnswerKeys.Claim.First.class);
        assertThat(before.claim(key, digest)).isInstanceOf(AnswerKeys.Claim.Running.class);
        AnswerKeys now = new PgAnswerKeys(api.db.jdbi(), box, WriteGuard.NONE, api.clock);
        assertThat(now.claim(key, digest)).isInstanceOf(AnswerKeys.Claim.First.class);
        now.settle(key, new AnswerKeys.Stored(201, "text/plain", new byte[] {1}));
        before.release(key);
        assertThat(before.claim(key, digest)).isInstanceOf(AnswerKeys.Claim.Answered.class);
    }

    @Test
    void keptAnswersAreNotInTheClear() {
        post("/app", "k", "{\"name\":\"a name to be found\"}");
        byte[] stored = api.db
                .jdbi()
                .withHandle(handle -> handle.createQuery("select body from idempotent_answer")
                        .mapTo(byte[].class)
                        .one());
        assertThat(new String(stored, StandardCharsets.ISO_8859_1)).doesNotContain("a name to be found");
    }

    @Test
    void aKeyHasOneTo256Characters() {
        for (String key : List.of(" ", "k".repeat(257))) {
            Api.Reply refused = post("/app", key, "{\"name\":\"one\"}");
            assertThat(refused.status()).isEqualTo(422);
            assertThat(refused.places()).containsExactly("header.idempotency-key");
        }
        assertThat(api.catalog.apps()).isEmpty();
    }
}
