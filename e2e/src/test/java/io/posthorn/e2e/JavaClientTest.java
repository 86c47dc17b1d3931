package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.svix.Svix;
import com.svix.SvixOptions;
import com.svix.api.ApplicationCreateOptions;
import com.svix.api.ApplicationListOptions;
import com.svix.api.EndpointGetStatsOptions;
import com.svix.api.EventTypeListOptions;
import com.svix.api.MessageAttemptListByEndpointOptions;
import com.svix.api.MessageAttemptListByMsgOptions;
import com.svix.api.MessageListOptions;
import com.svix.exceptions.ApiException;
import com.svix.models.AppPortalAccessIn;
import com.svix.models.AppPortalAccessOut;
import com.svix.models.ApplicationIn;
import com.svix.models.ApplicationOut;
import com.svix.models.ApplicationPatch;
import com.svix.models.BackgroundTaskOut;
import com.svix.models.BackgroundTaskStatus;
import com.svix.models.EndpointHeadersIn;
import com.svix.models.EndpointHeadersOut;
import com.svix.models.EndpointHeadersPatchIn;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import com.svix.models.EndpointPatch;
import com.svix.models.EndpointSecretRotateIn;
import com.svix.models.EndpointStats;
import com.svix.models.EndpointUpdate;
import com.svix.models.EventExampleIn;
import com.svix.models.EventTypeIn;
import com.svix.models.EventTypePatch;
import com.svix.models.EventTypeUpdate;
import com.svix.models.ListResponseMessageAttemptOut;
import com.svix.models.ListResponseMessageOut;
import com.svix.models.MessageAttemptOut;
import com.svix.models.MessageIn;
import com.svix.models.MessageOut;
import com.svix.models.MessageStatus;
import com.svix.models.RecoverIn;
import com.svix.models.ReplayIn;
import com.svix.models.StatusCodeClass;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Svix' Java client, unmodified, through every operation that Posthorn shares with Svix. */
final class JavaClientTest {
    private static final String TYPE = "invoice.paid";

    @TempDir
    private static Path folder;

    private static Receiver receiver;
    private static ServerProcess server;
    private static Svix svix;

    @BeforeAll
    static void start() throws Exception {
        receiver = new Receiver();
        server = ServerProcess.local(folder, "--retry-schedule", "10ms");
        svix = server.api().svix();
        svix.getEventType()
                .create(new EventTypeIn()
                        .name(TYPE)
                        .description("An invoice was paid")
                        .schemas(Map.of("1", Map.of("type", "object", "examples", List.of(Map.of("id", "in_1"))))));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        receiver.close();
    }

    private static void refused(int status, ThrowingCallable call) {
        ApiException refusal = catchThrowableOfType(ApiException.class, call);
        assertThat(refusal).as("a " + status + " was expected").isNotNull();
        assertThat(refusal.getCode()).as(refusal.getResponseBody()).isEqualTo(status);
        assertThat(Api.parse(refusal.getResponseBody()).has("detail")).isTrue();
    }

    private static OffsetDateTime anHourAgo() {
        return OffsetDateTime.now(ZoneOffset.UTC).minusHours(1);
    }

    private static String application(String uid) throws Exception {
        return svix.getApplication()
                .create(new ApplicationIn().name("Acme").uid(uid))
                .getId();
    }

    private static MessageOut publish(String app, String payload) throws Exception {
        return svix.getMessage().create(app, new MessageIn().eventType(TYPE).payload(payload));
    }

    private static ListResponseMessageAttemptOut attempts(String app, String message, int count) throws Exception {
        AtomicReference<ListResponseMessageAttemptOut> found = new AtomicReference<>();
        Until.holds(count + " attempts", () -> {
            found.set(svix.getMessageAttempt().listByMsg(app, message));
            return found.get().getData().size() >= count;
        });
        return found.get();
    }

    /**
     * The client's own {@code resend} and {@code logout} send nothing in this version: they end with "method POST must
     * have a request body" before that. So these are the requests that they are about to make; the npm client makes
     * them.
     */
    private static int resend(String app, String message, String endpoint) throws Exception {
        return server.api()
                .post("/api/v1/app/" + app + "/msg/" + message + "/endpoint/" + endpoint + "/resend", "")
                .status();
    }

    private static int logout(String token) throws Exception {
        return server.api().withToken(token).post("/api/v1/auth/logout", "").status();
    }

    @Test
    void applications() throws Exception {
        ApplicationOut made = svix.getApplication()
                .create(new ApplicationIn()
                        .name("one")
                        .uid("java.app-1_x")
                        .throttleRate(7L)
                        .metadata(Map.of("plan", "gold")));
        assertThat(made.getThrottleRate()).isEqualTo(7L);
        assertThat(svix.getApplication()
                        .getOrCreate(new ApplicationIn().name("one").uid("java.app-1_x"))
                        .getId())
                .isEqualTo(made.getId());
        refused(
                409,
                () -> svix.getApplication()
                        .create(new ApplicationIn().name("one").uid("java.app-1_x")));
        assertThat(svix.getApplication().get("java.app-1_x")).isEqualTo(made);
        ApplicationOut updated = svix.getApplication()
                .update(made.getId(), new ApplicationIn().name("two").uid("java.app-1_x"));
        assertThat(updated.getName()).isEqualTo("two");
        assertThat(updated.getThrottleRate()).isNull();
        ApplicationOut patched =
                svix.getApplication().patch("java.app-1_x", new ApplicationPatch().metadata(Map.of("a", "b")));
        assertThat(patched.getName()).isEqualTo("two");
        assertThat(patched.getMetadata()).containsEntry("a", "b");
        assertThat(svix.getApplication()
                        .update("made.by-put", new ApplicationIn().name("three"))
                        .getUid())
                .isEqualTo("made.by-put");
        ApplicationListOptions page = new ApplicationListOptions();
        page.setLimit(1L);
        assertThat(svix.getApplication().list(page).getDone()).isFalse();
        page.setLimit(251L);
        refused(422, () -> svix.getApplication().list(page));
        svix.getApplication().delete("made.by-put");
        refused(404, () -> svix.getApplication().get("made.by-put"));
    }

    @Test
    void aKeyIsGoodForOneRequest() throws Exception {
        ApplicationCreateOptions key = new ApplicationCreateOptions();
        key.setIdempotencyKey("java-once");
        ApplicationOut first = svix.getApplication().create(new ApplicationIn().name("keyed"), key);
        assertThat(svix.getApplication().create(new ApplicationIn().name("keyed"), key))
                .isEqualTo(first);
        refused(422, () -> svix.getApplication().create(new ApplicationIn().name("other"), key));
    }

    @Test
    void eventTypes() throws Exception {
        svix.getEventType()
                .create(new EventTypeIn().name("a.b").description("d").groupName("a"));
        assertThat(svix.getEventType().get("a.b").getGroupName()).isEqualTo("a");
        assertThat(svix.getEventType()
                        .update("a.b", new EventTypeUpdate().description("e"))
                        .getDescription())
                .isEqualTo("e");
        assertThat(svix.getEventType()
                        .patch("a.b", new EventTypePatch().deprecated(true))
                        .getDescription())
                .isEqualTo("e");
        svix.getEventType().delete("a.b");
        assertThat(svix.getEventType().list().getData())
                .noneMatch(type -> type.getName().equals("a.b"));
        EventTypeListOptions all = new EventTypeListOptions();
        all.setIncludeArchived(true);
        assertThat(svix.getEventType().list(all).getData())
                .anyMatch(type -> type.getName().equals("a.b"));
        assertThat(String.valueOf(svix.getEventType().get(TYPE).getSchemas())).contains("in_1");
    }

    @Test
    @Requirement({"E21", "E22", "E23", "E24", "D1", "D3"})
    void endpoints() throws Exception {
        String app = application("java-endpoints");
        Inbox inbox = receiver.at("/endpoints");
        EndpointOut made = svix.getEndpoint()
                .create(
                        app,
                        new EndpointIn()
                                .url(inbox.url())
                                .uid("e.1")
                                .filterTypes(Set.of(TYPE))
                                .headers(Map.of("x-custom", "one")));
        assertThat(svix.getEndpoint().get(app, "e.1")).isEqualTo(made);
        assertThat(svix.getEndpoint().list(app).getData()).containsExactly(made);
        refused(422, () -> svix.getEndpoint().create(app, new EndpointIn().url(java.net.URI.create("ftp://x/"))));
        refused(404, () -> svix.getEndpoint().get("nobody", "e.1"));
        assertThat(svix.getEndpoint()
                        .update(
                                app,
                                "e.1",
                                new EndpointUpdate().url(inbox.url()).uid("e.1").description("d"))
                        .getFilterTypes())
                .isNull();
        EndpointOut patched = svix.getEndpoint().patch(app, "e.1", new EndpointPatch().filterTypes(Set.of(TYPE)));
        assertThat(patched.getDescription()).isEqualTo("d");
        assertThat(patched.getFilterTypes()).containsExactly(TYPE);

        svix.getEndpoint()
                .updateHeaders(
                        app, "e.1", new EndpointHeadersIn().headers(Map.of("x-custom", "two", "x-api-key", "hidden")));
        svix.getEndpoint().patchHeaders(app, "e.1", new EndpointHeadersPatchIn().headers(Map.of("x-more", "three")));
        EndpointHeadersOut headers = svix.getEndpoint().getHeaders(app, "e.1");
        assertThat(headers.getHeaders()).containsEntry("x-custom", "two").containsEntry("x-more", "three");
        assertThat(headers.getSensitive()).contains("x-api-key");
        assertThat(headers.toString()).doesNotContain("hidden");

        String old = svix.getEndpoint().getSecret(app, "e.1").getKey();
        svix.getEndpoint().rotateSecret(app, "e.1", new EndpointSecretRotateIn());
        String fresh = svix.getEndpoint().getSecret(app, "e.1").getKey();
        assertThat(fresh).isNotEqualTo(old);
        publish(app, "{}");
        Arrival arrival = inbox.await(1).getFirst();
        arrival.verify(old);
        arrival.verify(fresh);
        assertThat(arrival.header("x-custom")).isEqualTo("two");
        assertThat(arrival.header("x-api-key")).isEqualTo("hidden");

        svix.getEndpoint().delete(app, "e.1");
        refused(404, () -> svix.getEndpoint().get(app, "e.1"));
    }

    @Test
    void messagesAndAttempts() throws Exception {
        String app = application("java-messages");
        Inbox inbox = receiver.at("/messages").replies(Reply.status(200));
        String endpoint = svix.getEndpoint()
                .create(app, new EndpointIn().url(inbox.url()))
                .getId();
        MessageOut message = svix.getMessage()
                .create(
                        app,
                        new MessageIn()
                                .eventType(TYPE)
                                .eventId("evt-1")
                                .tags(Set.of("red"))
                                .payload("{\"a\": 1.50}"));
        refused(
                409,
                () -> svix.getMessage()
                        .create(
                                app,
                                new MessageIn().eventType(TYPE).eventId("evt-1").payload("{}")));
        assertThat(svix.getMessage().get(app, "evt-1").getId()).isEqualTo(message.getId());
        publish(app, "{\"b\": 2}");
        MessageListOptions red = new MessageListOptions();
        red.setTag("red");
        red.setEventTypes(Set.of(TYPE, "another"));
        assertThat(svix.getMessage().list(app, red).getData())
                .extracting(MessageOut::getId)
                .containsExactly(message.getId());
        MessageListOptions small = new MessageListOptions();
        small.setLimit(1L);
        ListResponseMessageOut first = svix.getMessage().list(app, small);
        small.setIterator(first.getIterator());
        ListResponseMessageOut second = svix.getMessage().list(app, small);
        assertThat(second.getData()).doesNotContainAnyElementsOf(first.getData());
        small.setIterator(second.getPrevIterator());
        assertThat(svix.getMessage().list(app, small).getData()).isEqualTo(first.getData());

        MessageAttemptOut attempt = attempts(app, message.getId(), 1).getData().getFirst();
        assertThat(attempt.getStatus()).isEqualTo(MessageStatus.SUCCESS);
        assertThat(attempt.getResponseStatusCode()).isEqualTo((short) 200);
        assertThat(svix.getMessageAttempt()
                        .get(app, message.getId(), attempt.getId())
                        .getId())
                .isEqualTo(attempt.getId());
        MessageAttemptListByEndpointOptions good = new MessageAttemptListByEndpointOptions();
        good.setStatusCodeClass(StatusCodeClass.CODE2XX);
        good.setEventTypes(Set.of(TYPE));
        Until.holds(
                "both attempts are listed",
                () -> svix.getMessageAttempt()
                                .listByEndpoint(app, endpoint, good)
                                .getData()
                                .size()
                        == 2);
        MessageAttemptListByMsgOptions at = new MessageAttemptListByMsgOptions();
        at.setEndpointId(endpoint);
        assertThat(svix.getMessageAttempt().listByMsg(app, message.getId(), at).getData())
                .hasSize(1);
        assertThat(svix.getMessageAttempt().listAttemptedMessages(app, endpoint).getData())
                .hasSize(2);
        assertThat(svix.getMessageAttempt()
                        .listAttemptedDestinations(app, message.getId())
                        .getData())
                .hasSize(1);

        assertThat(resend(app, message.getId(), endpoint)).isEqualTo(202);
        attempts(app, message.getId(), 2);
        inbox.await(3);
        svix.getMessageAttempt().expungeContent(app, message.getId(), attempt.getId());
        assertThat(svix.getMessageAttempt()
                        .get(app, message.getId(), attempt.getId())
                        .getResponse())
                .isNullOrEmpty();
        svix.getMessage().expungeContent(app, message.getId());
        assertThat(String.valueOf(svix.getMessage().get(app, message.getId()).getPayload()))
                .doesNotContain("1.5");
        assertThat(resend(app, message.getId(), endpoint)).isEqualTo(409);

        MessageOut example = svix.getEndpoint().sendExample(app, endpoint, new EventExampleIn().eventType(TYPE));
        assertThat(String.valueOf(example.getPayload())).contains("in_1");
        inbox.await(4);
        EndpointGetStatsOptions since = new EndpointGetStatsOptions();
        since.setSince(anHourAgo());
        Until.holds("the example is counted", () -> {
            EndpointStats stats = svix.getEndpoint().getStats(app, endpoint, since);
            return stats.getSuccess() == 3 && stats.getFail() == 0;
        });
    }

    @Test
    @Requirement("D24")
    void whatFailedIsRecoveredAndWhatWasMissedIsReplayed() throws Exception {
        String app = application("java-recover");
        Inbox inbox = receiver.at("/recover").replies(Reply.status(500));
        String endpoint = svix.getEndpoint()
                .create(app, new EndpointIn().url(inbox.url()))
                .getId();
        Set<String> ids = Set.of(
                publish(app, "{\"n\":1}").getId(), publish(app, "{\"n\":2}").getId());
        Until.holds(
                "both have failed",
                () -> svix.getEndpoint().getStats(app, endpoint).getFail() == 2);
        inbox.replies(Reply.status(200));
        finished(svix.getEndpoint()
                .recover(app, endpoint, new RecoverIn().since(anHourAgo()))
                .getId());
        Until.holds(
                "both have arrived",
                () -> svix.getEndpoint().getStats(app, endpoint).getSuccess() == 2);

        Inbox late = receiver.at("/late");
        String other =
                svix.getEndpoint().create(app, new EndpointIn().url(late.url())).getId();
        finished(svix.getEndpoint()
                .replayMissing(app, other, new ReplayIn().since(anHourAgo()))
                .getId());
        late.awaitAll(ids, Until.PATIENCE);
        assertThat(svix.getBackgroundTask().list().getData())
                .extracting(BackgroundTaskOut::getStatus)
                .contains(BackgroundTaskStatus.FINISHED);
    }

    private static void finished(String task) throws Exception {
        Until.holds(
                "the task has finished",
                () -> svix.getBackgroundTask().get(task).getStatus() == BackgroundTaskStatus.FINISHED);
    }

    @Test
    @Requirement("E5")
    void aCustomersTokenSeesItsApplicationOnly() throws Exception {
        String mine = application("java-mine");
        String other = application("java-other");
        AppPortalAccessOut access = svix.getAuthentication().appPortalAccess(mine, new AppPortalAccessIn());
        SvixOptions options = new SvixOptions();
        options.setServerUrl(server.api().uri("").toString());
        Svix customer = new Svix(access.getToken(), options);
        assertThat(customer.getApplication().get("java-mine").getId()).isEqualTo(mine);
        assertThat(customer.getApplication().list().getData())
                .extracting(ApplicationOut::getId)
                .containsExactly(mine);
        refused(404, () -> customer.getApplication().get(other));
        refused(404, () -> customer.getEndpoint().list("java-other"));
        refused(403, () -> customer.getApplication().delete(mine));
        assertThat(logout(access.getToken())).isEqualTo(204);
        refused(401, () -> customer.getApplication().get(mine));
        assertThat(logout(ServerProcess.TOKEN)).isEqualTo(403);
    }
}
