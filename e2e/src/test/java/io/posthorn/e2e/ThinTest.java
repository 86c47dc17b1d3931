package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thin endpoint beside a full one, and the way from the id to the record. */
final class ThinTest {
    private static final String PAYLOAD = "{\"id\": \"inv_1\", \"amount\": 12.50}";

    @Test
    @Requirement({"C7", "C8", "C9"})
    void theFullEndpointGetsTheRecordAndTheThinOneTheWayToIt(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder, "--record-link-lifetime", "1h");
                Receiver receiver = new Receiver();
                HttpClient client = HttpClient.newHttpClient()) {
            Api api = server.api();
            String app = api.post("/api/v1/app", "{\"name\":\"Acme\"}").id();
            Inbox full = receiver.at("/full");
            Inbox thin = receiver.at("/thin");
            String endpoints = "/api/v1/app/" + app + "/endpoint";
            api.post(endpoints, "{\"uid\":\"full\",\"url\":\"" + full.url() + "\"}");
            api.post(endpoints, "{\"uid\":\"thin\",\"url\":\"" + thin.url() + "\",\"payload\":\"thin\"}");

            String message = api.publish(app, "invoice.paid", PAYLOAD).id();

            assertThat(full.await(1).getFirst().text()).isEqualTo(PAYLOAD);
            Arrival arrival = thin.await(1).getFirst();
            arrival.verify(
                    api.get(endpoints + "/thin/secret").json().path("key").asText());
            JsonNode payload = Api.parse(arrival.text());
            assertThat(payload.path("id").asText()).isEqualTo(message).isEqualTo(arrival.id());
            assertThat(payload.path("type").asText()).isEqualTo("invoice.paid");
            assertThat(arrival.text()).doesNotContain("12.50");
            assertThat(Duration.between(
                            Instant.now(),
                            Instant.parse(payload.at("/record/expiresAt").asText())))
                    .isBetween(Duration.ofMinutes(50), Duration.ofMinutes(61));

            URI link = URI.create(payload.at("/record/url").asText());
            assertThat(link.getPort()).isEqualTo(api.port());
            HttpResponse<String> record = client.send(
                    HttpRequest.newBuilder(api.uri(link.getPath())).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(record.statusCode()).isEqualTo(200);
            assertThat(record.body()).isEqualTo(PAYLOAD);
            HttpResponse<String> other = client.send(
                    HttpRequest.newBuilder(api.uri(link.getPath() + "A")).build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(other.statusCode()).isEqualTo(404);
        }
    }

    @Test
    @Requirement({"C7", "C8"})
    void theRecordIsWhatTheFullEndpointGets(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder);
                Receiver receiver = new Receiver();
                HttpClient client = HttpClient.newHttpClient()) {
            Api api = server.api();
            String app = api.post("/api/v1/app", "{\"name\":\"Acme\"}").id();
            Inbox full = receiver.at("/full");
            Inbox thin = receiver.at("/thin");
            String endpoints = "/api/v1/app/" + app + "/endpoint";
            String members = "\"profile\":\"cloudevents\",\"check\":\"none\",\"transformation\":"
                    + "\"{'body': $merge([body, {'extra': 'from ' & body.type}])}\"}";
            api.post(endpoints, "{\"uid\":\"full\",\"url\":\"" + full.url() + "\"," + members);
            api.post(endpoints, "{\"uid\":\"thin\",\"url\":\"" + thin.url() + "\",\"payload\":\"thin\"," + members);

            api.publish(app, "invoice.paid", PAYLOAD);

            JsonNode sent = Api.parse(full.await(1).getFirst().text());
            JsonNode brief = Api.parse(thin.await(1).getFirst().text());
            assertThat(brief.at("/data/amount").isMissingNode()).isTrue();
            URI link = URI.create(brief.at("/data/record/url").asText());
            HttpResponse<String> record = client.send(
                    HttpRequest.newBuilder(api.uri(link.getPath())).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(record.statusCode()).as(record.body()).isEqualTo(200);
            assertThat(Api.parse(record.body())).isEqualTo(sent);
            assertThat(sent.path("extra").asText()).isEqualTo("from invoice.paid");
            assertThat(record.headers().firstValue("content-type"))
                    .contains(full.await(1).getFirst().header("content-type"));
        }
    }
}
