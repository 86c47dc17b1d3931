package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.svix.Svix;
import com.svix.api.EndpointGetStatsOptions;
import com.svix.api.MessageAttemptListAttemptedMessagesOptions;
import com.svix.api.MessageAttemptListByEndpointOptions;
import com.svix.api.MessageAttemptListByMsgOptions;
import com.svix.api.MessageListOptions;
import com.svix.models.ApplicationIn;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointMessageOut;
import com.svix.models.EndpointStats;
import com.svix.models.MessageAttemptOut;
import com.svix.models.MessageOut;
import com.svix.models.MessageStatus;
import com.svix.models.StatusCodeClass;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happened, found again: by people with questions, by charts, and by the unmodified client. */
final class SearchTest {
    private static ServerProcess server;
    private static Svix svix;
    private Receiver receiver;
    private String app;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        server = ServerProcess.local(folder, "--retry-schedule", "50ms");
        svix = server.api().svix();
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @BeforeEach
    void application() throws Exception {
        receiver = new Receiver();
        app = svix.getApplication().create(new ApplicationIn().name("Acme")).getId();
    }

    @AfterEach
    void close() throws Exception {
        receiver.close();
    }

    private Api.Answer get(String path) throws Exception {
        return server.api().get("/api/v1/app/" + app + "/" + path);
    }

    private JsonNode ok(String path) throws Exception {
        Api.Answer answer = get(path);
        assertThat(answer.status()).as(path + ": " + answer.body()).isEqualTo(200);
        return answer.json();
    }

    private static List<String> all(JsonNode page, String field) {
        return page.path("data").valueStream().map(e -> e.path(field).asText()).toList();
    }

    private String publish(String type, String more, String payload) throws Exception {
        Api.Answer answer = server.api()
                .post(Api.messages(app), "{\"eventType\":\"" + type + "\"," + more + "\"payload\":" + payload + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(202);
        return answer.id();
    }

    private static String path(String path) {
        return "msg?payload_path=" + URLEncoder.encode(path, StandardCharsets.UTF_8);
    }

    @Test
    void aMessageIsFoundByEachCriterion() throws Exception {
        String one =
                publish("order.created", "\"eventId\":\"ord-1\",", "{\"customer\":{\"id\":42},\"nul\":\"\\u0000\"}");
        OffsetDateTime between =
                OffsetDateTime.parse(ok("msg/" + one).path("timestamp").textValue());
        String two = publish("order.paid", "\"tags\":[\"gold\"],", "{\"customer\":{\"id\":42},\"total\":12.50}");
        String three = publish("user.created", "\"channels\":[\"eu\"],", "{\"customer\":{\"id\":\"42\"}}");

        assertThat(all(ok("msg?event_types=order.created&event_types=order.paid"), "id"))
                .containsExactly(two, one);
        assertThat(all(ok("msg?event_types=order.created,user.created"), "id")).containsExactly(three, one);
        assertThat(all(ok("msg?event_id=ord-1"), "id")).containsExactly(one);
        assertThat(all(ok("msg?event_id=ord-2"), "id")).isEmpty();
        assertThat(all(ok("msg?tag=gold"), "id")).containsExactly(two);
        assertThat(all(ok("msg?channel=eu"), "id")).containsExactly(three);
        assertThat(all(ok("msg?before=" + between.toInstant().plusNanos(1_000)), "id"))
                .containsExactly(one);
        assertThat(all(ok("msg?after=" + between.toInstant().plusNanos(1_000)), "id"))
                .containsExactly(three, two);
        // the first has a text that PostgreSQL cannot keep as jsonb
        assertThat(all(ok(path("$.customer.id") + "&payload_value=42"), "id")).containsExactly(three, two);
        assertThat(all(ok(path("$.total") + "&payload_value=12.5"), "id")).containsExactly(two);
        assertThat(all(ok(path("$ ? (@.total > 12)")), "id")).containsExactly(two);

        List<String> listed = new ArrayList<>();
        MessageListOptions types = new MessageListOptions();
        types.setEventTypes(Set.of("order.created", "order.paid"));
        for (MessageOut message : svix.getMessage().list(app, types).getData()) {
            listed.add(message.getId());
        }
        assertThat(listed).containsExactly(two, one);
    }

    @Test
    void aSearchIsPagedWhileMessagesComeIn() throws Exception {
        List<String> found = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            String id = publish("a", "", "{\"even\":" + (i % 2 == 0) + "}");
            if (i % 2 == 0) {
                found.addFirst(id);
            }
        }
        String search = path("$.even") + "&payload_value=true&limit=2";
        JsonNode first = ok(search);
        publish("a", "", "{\"even\":true}");
        JsonNode second = ok(search + "&iterator=" + first.path("iterator").textValue());
        publish("a", "", "{\"even\":true}");
        JsonNode third = ok(search + "&iterator=" + second.path("iterator").textValue());
        assertThat(all(first, "id")).isEqualTo(found.subList(0, 2));
        assertThat(all(second, "id")).isEqualTo(found.subList(2, 4));
        assertThat(all(third, "id")).isEqualTo(found.subList(4, 5));
        assertThat(third.path("done").booleanValue()).isTrue();
        JsonNode back = ok(search + "&iterator=" + third.path("prevIterator").textValue());
        assertThat(all(back, "id")).isEqualTo(found.subList(2, 4));
    }

    @Test
    void hostilePathsAreRefusedOrBounded() throws Exception {
        publish("a", "", "{\"a\":[" + "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",".repeat(2_000) + "1]}");
        publish("a", "", "[".repeat(60) + "1" + "]".repeat(60));
        for (String hostile : List.of(
                "",
                "x",
                "$.",
                "$$$",
                "$.**.**.**.**",
                "strict $.**[*].**",
                "$" + "[0,0]".repeat(100),
                "$" + ".keyvalue()".repeat(80),
                "$.a ? (@ == $.a)",
                "$ ? (@.x == $y)",
                "$.a[*] ? (exists($.a[*] ? (@ starts with \"b\")))",
                "$.a ? (@ like_regex \"(\")",
                "$.a ? (@ like_regex \"((((((a{200}){200}){200}\")",
                "$" + "?(@".repeat(300),
                "'; drop table message; --",
                "$.a".repeat(400))) {
            Api.Answer answer = get(path(hostile));
            assertThat(answer.status()).as(hostile + ": " + answer.body()).isEqualTo(422);
            assertThat(answer.body()).as(hostile).contains("payload_path").doesNotContain("Exception");
        }
        for (String odd : List.of(
                "$.**",
                "$.** ? (@ == 1)",
                "$.a[*] ? (@ like_regex \"^(a+)+$\")",
                "$.a[*] ? (@ like_regex \"^(a|aa)+(a|aaa)+\\\\2\\\\1b$\")",
                "strict $.a.b.c",
                "$.a[*].datetime()")) {
            Api.Answer answer = get(path(odd));
            assertThat(answer.status()).as(odd + ": " + answer.body()).isIn(200, 400);
            if (answer.status() == 400) {
                assertThat(answer.json().path("code").textValue()).isEqualTo("too_slow");
            }
        }
        assertThat(ok("msg").path("data")).hasSize(2);
    }

    @Test
    void attemptsAndCountsOfAnApplication() throws Exception {
        Inbox good = receiver.at("/good");
        Inbox bad = receiver.at("/bad").replies(Reply.status(500));
        String fine =
                svix.getEndpoint().create(app, new EndpointIn().url(good.url())).getId();
        String broken =
                svix.getEndpoint().create(app, new EndpointIn().url(bad.url())).getId();
        OffsetDateTime start = OffsetDateTime.now(ZoneOffset.UTC).minusMinutes(1);
        String one = publish("a", "", "{\"n\":1}");
        String two = publish("b", "", "{\"n\":2}");
        // at the broken one each is tried twice
        JsonNode done = Until.value(
                "6 attempts", () -> ok("attempt"), page -> page.path("data").size() == 6);
        assertThat(all(done, "endpointId")).containsOnly(fine, broken);
        assertThat(all(ok("attempt?status=0"), "msgId")).containsExactlyInAnyOrder(one, two);
        assertThat(all(ok("attempt?endpoint_id=" + broken), "statusText"))
                .containsOnly("fail")
                .hasSize(4);
        assertThat(all(ok("attempt?msg_id=" + one), "msgId")).containsOnly(one).hasSize(3);
        assertThat(all(ok("attempt?event_types=b&status_code_class=500"), "msgId"))
                .containsExactly(two, two);
        JsonNode first = ok("attempt?limit=4&with_msg=true&with_content=false");
        JsonNode second =
                ok("attempt?limit=4&iterator=" + first.path("iterator").textValue());
        List<String> paged = new ArrayList<>(all(first, "id"));
        paged.addAll(all(second, "id"));
        assertThat(paged).isEqualTo(all(done, "id"));
        assertThat(first.path("data").get(0).path("msg").path("payload").toString())
                .isEqualTo("{}");

        JsonNode chart = ok("stats/attempt?bucket=1d");
        assertThat(sum(chart, "delivered")).isEqualTo(2);
        assertThat(sum(chart, "failed")).isEqualTo(4);
        assertThat(sum(chart, "exhausted")).isEqualTo(2);
        assertThat(sum(ok("stats/attempt?bucket=1m&endpoint_id=" + fine), "failed"))
                .isZero();
        assertThat(sum(ok("stats/message?bucket=5m"), "accepted")).isEqualTo(2);
        assertThat(sum(ok("stats/message?event_types=b"), "accepted")).isEqualTo(1);

        EndpointStats stats = svix.getEndpoint().getStats(app, broken);
        assertThat(stats.getFail()).isEqualTo(2);
        assertThat(stats.getSuccess()).isZero();
        assertThat(stats.getPending()).isZero();
        assertThat(stats.getSending()).isZero();
        assertThat(stats.getCanceled()).isZero();
        EndpointGetStatsOptions since = new EndpointGetStatsOptions();
        since.setSince(start);
        since.setUntil(start.plusHours(1));
        assertThat(svix.getEndpoint().getStats(app, fine, since).getSuccess()).isEqualTo(2);
        since.setUntil(start.plusSeconds(1));
        assertThat(svix.getEndpoint().getStats(app, fine, since).getSuccess()).isZero();
        theClientsFilters(one, fine, broken, start);
    }

    private static long sum(JsonNode chart, String field) {
        return chart.path("data")
                .valueStream()
                .mapToLong(bucket -> bucket.path(field).longValue())
                .sum();
    }

    /** Every option of the client's that a list of attempts has. */
    private void theClientsFilters(String one, String fine, String broken, OffsetDateTime start) throws Exception {
        MessageAttemptListByEndpointOptions byEndpoint = new MessageAttemptListByEndpointOptions();
        byEndpoint.setStatus(MessageStatus.FAIL);
        byEndpoint.setStatusCodeClass(StatusCodeClass.CODE5XX);
        byEndpoint.setBefore(start.plusHours(1));
        byEndpoint.setAfter(start);
        byEndpoint.setWithContent(false);
        byEndpoint.setWithMsg(true);
        byEndpoint.setExpandedStatuses(true);
        byEndpoint.setLimit(1L);
        byEndpoint.setEventTypes(Set.of("a", "c"));
        List<MessageAttemptOut> attempts =
                svix.getMessageAttempt().listByEndpoint(app, broken, byEndpoint).getData();
        assertThat(attempts).extracting(MessageAttemptOut::getMsgId).containsExactly(one);
        assertThat(Objects.requireNonNull(attempts.getFirst().getMsg()).getEventType())
                .isEqualTo("a");
        byEndpoint.setStatus(MessageStatus.CANCELED);
        assertThat(svix.getMessageAttempt()
                        .listByEndpoint(app, broken, byEndpoint)
                        .getData())
                .isEmpty();
        MessageAttemptListByEndpointOptions tagged = new MessageAttemptListByEndpointOptions();
        tagged.setTag("none");
        assertThat(svix.getMessageAttempt().listByEndpoint(app, fine, tagged).getData())
                .isEmpty();
        MessageAttemptListByMsgOptions byMessage = new MessageAttemptListByMsgOptions();
        byMessage.setEndpointId(fine);
        byMessage.setStatus(MessageStatus.SUCCESS);
        byMessage.setEventTypes(Set.of("a", "b"));
        assertThat(svix.getMessageAttempt().listByMsg(app, one, byMessage).getData())
                .extracting(MessageAttemptOut::getEndpointId)
                .containsExactly(fine);
        MessageAttemptListAttemptedMessagesOptions attempted = new MessageAttemptListAttemptedMessagesOptions();
        attempted.setStatus(MessageStatus.FAIL);
        attempted.setEventTypes(Set.of("a"));
        attempted.setWithContent(false);
        assertThat(svix.getMessageAttempt()
                        .listAttemptedMessages(app, broken, attempted)
                        .getData())
                .extracting(EndpointMessageOut::getId)
                .containsExactly(one);
    }

    @Test
    void whatBelongsToOthersIsNotThere() throws Exception {
        String message = publish("a", "\"eventId\":\"mine\",", "{\"n\":1}");
        Inbox inbox = receiver.at("/mine");
        String endpoint = svix.getEndpoint()
                .create(app, new EndpointIn().url(inbox.url()))
                .getId();
        app = svix.getApplication().create(new ApplicationIn().name("Other")).getId();
        assertThat(all(ok("msg?event_id=mine"), "id")).isEmpty();
        assertThat(all(ok(path("$.n")), "id")).isEmpty();
        assertThat(all(ok("attempt"), "id")).isEmpty();
        assertThat(sum(ok("stats/message"), "accepted")).isZero();
        for (String foreign : List.of(
                "attempt?msg_id=" + message,
                "attempt?endpoint_id=" + endpoint,
                "stats/attempt?endpoint_id=" + endpoint,
                "endpoint/" + endpoint + "/stats")) {
            assertThat(get(foreign).status()).as(foreign).isEqualTo(404);
        }
        app = "app_01hzzzzzzzzzzzzzzzzzzzzzzz";
        for (String nowhere : List.of("msg", "attempt", "stats/attempt", "stats/message")) {
            assertThat(get(nowhere).status()).as(nowhere).isEqualTo(404);
        }
    }
}
