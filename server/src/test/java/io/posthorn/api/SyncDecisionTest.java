package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.dispatch.Called;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What a publisher is to do, for all that its subscribers can answer. */
@Requirement({"E18", "E19"})
class SyncDecisionTest {
    private static final String ORIGINAL = "{\"text\":\"hello\"}";
    private static final Called.Failed TIMEOUT = new Called.Failed(true, "no answer within 3 s", 3_000_000);
    private static final SyncMerger merger = new SyncMerger();

    @AfterAll
    static void close() {
        merger.close();
    }

    private static Called answered(int code, String body) {
        return new Called.Answered(
                code, code >= 200 && code < 300, body.getBytes(StandardCharsets.UTF_8), false, null, 1_500);
    }

    private static Called ok(String body) {
        return answered(200, body);
    }

    private static SyncRequest request(String json) {
        List<Problem> problems = new ArrayList<>();
        SyncRequest request = SyncRequest.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), problems);
        assertThat(problems).isEmpty();
        return request;
    }

    /** In the order in which they are made, and in which they answer. */
    private static SyncDecision decide(String json, Called... called) {
        SyncRequest request = request(json);
        List<SyncResult> results = new ArrayList<>();
        for (int i = 0; i < called.length; i++) {
            SyncResult result = SyncResult.of(endpoint(i + 1), called[i]);
            if (result != null) {
                results.add(result);
            }
        }
        return SyncDecision.of(
                request,
                ORIGINAL,
                results,
                results,
                (content, succeeded) -> merger.merge(
                        1, Objects.requireNonNull(request.merge()), content, succeeded, Duration.ofSeconds(30)));
    }

    private static Endpoint endpoint(int no) {
        return new Endpoint(
                no,
                1,
                "ep_" + no,
                "e" + no,
                "https://example.com/",
                "",
                null,
                null,
                false,
                null,
                null,
                Map.of(),
                new SigningSecret(new byte[32]),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                Instant.EPOCH,
                Instant.EPOCH);
    }

    private static void isOriginal(SyncDecision decision, boolean proceed, @Nullable String reason) {
        assertThat(decision.proceed()).isEqualTo(proceed);
        assertThat(decision.content()).isEqualTo(ORIGINAL);
        assertThat(decision.changed()).isFalse();
        if (reason == null) {
            assertThat(decision.reason()).isNull();
        } else {
            assertThat(decision.reason()).contains(reason);
        }
    }

    private static void isReplaced(SyncDecision decision, String content) {
        assertThat(decision.proceed()).isTrue();
        assertThat(decision.content()).isEqualTo(content);
        assertThat(decision.changed()).isTrue();
    }

    @Test
    void aSuccessWithJsonReplacesTheContent() {
        isReplaced(decide("{}", ok(" {\"text\": 1.50} ")), "{\"text\": 1.50}");
        isReplaced(decide("{}", answered(201, "[]")), "[]");
    }

    @Test
    void aSuccessWithNothingLeavesIt() {
        isOriginal(decide("{}", answered(204, "")), true, null);
        isOriginal(decide("{'failure':'closed'}", ok(" \n")), true, null);
    }

    @Test
    void onATimeoutAnotherStatusOrBadJsonTheOriginalGoesOn() {
        isOriginal(decide("{}", TIMEOUT), true, "no answer within 3 s");
        isOriginal(decide("{}", answered(500, "{\"text\":\"no\"}")), true, "the response is 500");
        isOriginal(decide("{}", ok("<html>")), true, "not JSON");
        isOriginal(decide("{}", ok("{\"a\":1} {\"b\":2}")), true, "not JSON");
        Called.Answered cut = new Called.Answered(200, true, "{\"a\":".getBytes(StandardCharsets.UTF_8), true, null, 1);
        isOriginal(decide("{}", cut), true, "longer than what is kept");
        isOriginal(decide("{}", new Called.NotCalled(Called.Reason.PAUSED)), true, "paused");
    }

    @Test
    void closedDoesNotProceedWhereNobodyIsHeard() {
        for (Called failure :
                List.of(TIMEOUT, answered(500, ""), ok("<html>"), new Called.NotCalled(Called.Reason.BUSY))) {
            for (String rule : List.of("first", "all", "veto")) {
                isOriginal(decide("{'failure':'closed','decision':'" + rule + "'}", failure), false, "endpoint e1");
            }
            isOriginal(decide("{'failure':'closed','decision':'merge','merge':'1'}", failure), false, "endpoint e1");
        }
    }

    @Test
    void withNobodyToAskItProceeds() {
        Called unwanted = new Called.NotCalled(Called.Reason.UNWANTED);
        for (String rule : List.of(
                "'decision':'first'", "'decision':'all'", "'decision':'veto'", "'decision':'merge','merge':'1'")) {
            isOriginal(decide("{'failure':'closed'," + rule + "}"), true, null);
            isOriginal(decide("{'failure':'closed'," + rule + "}", unwanted), true, null);
        }
    }

    @Test
    void theFirstToSucceedCounts() {
        isReplaced(decide("{'failure':'closed'}", TIMEOUT, answered(500, ""), ok("2"), ok("3")), "2");
        isOriginal(decide("{}", TIMEOUT, answered(500, "")), true, "endpoint e1");
        isOriginal(decide("{'failure':'closed'}", TIMEOUT, answered(500, "")), false, "endpoint e2");
    }

    @Test
    void allHaveToAgree() {
        isReplaced(
                decide("{'decision':'all'}", ok("{\"a\":1,\"b\":2}"), ok(""), ok("{\"b\":2,\"a\":1}")),
                "{\"b\":2,\"a\":1}");
        isOriginal(decide("{'decision':'all'}", ok("1"), ok("2")), true, "different content");
        isOriginal(decide("{'decision':'all','failure':'closed'}", ok("1"), ok("2")), false, "e1 and endpoint e2");
        isOriginal(decide("{'decision':'all'}", ok("1"), TIMEOUT), true, "endpoint e2");
        isOriginal(decide("{'decision':'all','failure':'closed'}", ok("1"), TIMEOUT), false, "endpoint e2");
    }

    @Test
    void mergeMakesOneOfAll() {
        String merge = "{'decision':'merge','merge':'$merge([content, results.body])'}";
        isReplaced(decide(merge, ok("{\"a\":1}"), ok("{\"text\":\"bye\"}")), "{\"text\":\"bye\",\"a\":1}");
        SyncDecision partly = decide(merge, ok("{\"a\":1}"), TIMEOUT);
        isReplaced(partly, "{\"text\":\"hello\",\"a\":1}");
        assertThat(partly.reason()).contains("endpoint e2");
        isOriginal(decide(merge.replace("}", ",'failure':'closed'}"), ok("{}"), TIMEOUT), false, "endpoint e2");
        isOriginal(decide("{'decision':'merge','merge':'nothing'}", ok("1")), true, null);
    }

    @Test
    void aMergeThatFailsIsAFailure() {
        String merge = "{'decision':'merge','merge':'$error(\\\"no\\\")'";
        isOriginal(decide(merge + "}", ok("1")), true, "cannot be merged");
        isOriginal(decide(merge + ",'failure':'closed'}", ok("1")), false, "cannot be merged");
        String forEver = "{'decision':'merge','merge':'($f := function($n) {$f($n + 1)}; $f(0))'}";
        isOriginal(decide(forEver, ok("1")), true, "cannot be merged");
    }

    @Test
    void anyMayForbidIt() {
        String veto = "{'decision':'veto'}";
        isOriginal(
                decide(veto, ok("{\"proceed\":true}"), ok("{\"proceed\":false,\"reason\":\"sold out\"}")),
                false,
                "endpoint e2 forbids it: sold out");
        isOriginal(decide(veto, ok("{\"proceed\":true}"), ok(""), ok("{\"proceed\":\"false\"}")), true, null);
        isOriginal(decide(veto, answered(409, "{\"proceed\":false}")), true, "the response is 409");
        isOriginal(decide(veto, TIMEOUT, ok("{\"proceed\":false}")), false, "endpoint e2 forbids it");
    }

    @Test
    void nobodyWaitsForMoreThanDecides() {
        SyncResult success = Objects.requireNonNull(SyncResult.of(endpoint(1), ok("1")));
        SyncResult failure = Objects.requireNonNull(SyncResult.of(endpoint(1), TIMEOUT));
        SyncResult veto = Objects.requireNonNull(SyncResult.of(endpoint(1), ok("{\"proceed\":false}")));
        for (String failing : List.of("open", "closed")) {
            String tail = "','failure':'" + failing + "'}";
            boolean closed = failing.equals("closed");
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'first" + tail), success))
                    .isTrue();
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'first" + tail), failure))
                    .isFalse();
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'all" + tail), success))
                    .isFalse();
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'all" + tail), failure))
                    .isEqualTo(closed);
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'veto" + tail), success))
                    .isFalse();
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'veto" + tail), veto))
                    .isTrue();
            assertThat(SyncDecision.isDecidedBy(request("{'decision':'veto" + tail), failure))
                    .isEqualTo(closed);
        }
    }

    @Test
    void whatIsWrongIsNamed() {
        assertThat(problems("[]")).containsExactly("body.sync must be an object");
        assertThat(problems("{'deadline':'99ms'}"))
                .containsExactly("body.sync.deadline must be a time from 100ms to 30s, such as \"3s\"");
        assertThat(problems("{'deadline':5}")).hasSize(1);
        assertThat(problems("{'deadline':'31s'}")).hasSize(1);
        assertThat(problems("{'decision':'most'}"))
                .containsExactly("body.sync.decision must be first, all, merge or veto");
        assertThat(problems("{'failure':true}")).containsExactly("body.sync.failure must be open or closed");
        assertThat(problems("{'decision':'merge'}")).containsExactly("body.sync.merge is required");
        assertThat(problems("{'merge':'1'}")).containsExactly("body.sync.merge goes with the decision merge only");
        assertThat(problems("{'decision':'merge','merge':'a['}")).hasSize(1);
        assertThat(problems("{'dealine':'3s'}")).containsExactly("body.sync.dealine is not known here");
        assertThat(problems("{'deadline':'30s','decision':'merge','merge':'results[0].body','failure':'closed'}"))
                .isEmpty();
    }

    private static List<String> problems(String json) {
        List<Problem> problems = new ArrayList<>();
        SyncRequest.of(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8), problems);
        return problems.stream()
                .map(problem -> String.join(
                                ".", problem.loc().stream().map(String::valueOf).toList())
                        + " " + problem.msg())
                .toList();
    }
}
