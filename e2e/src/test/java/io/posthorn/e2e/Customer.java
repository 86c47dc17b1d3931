package io.posthorn.e2e;

import com.svix.Svix;
import com.svix.models.ApplicationIn;
import com.svix.models.EndpointIn;
import com.svix.models.EndpointOut;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An application of a server, and publishing to it.
 *
 * @param server where it is; it may be restarted
 * @param id of the application
 */
record Customer(ServerProcess server, String id) {

    /** A new one. */
    static Customer of(ServerProcess server) throws Exception {
        Svix svix = server.api().svix();
        return new Customer(
                server,
                svix.getApplication().create(new ApplicationIn().name("Acme")).getId());
    }

    /** An endpoint that gets everything. */
    EndpointOut endpoint(Inbox inbox) throws Exception {
        return server.api().svix().getEndpoint().create(id, new EndpointIn().url(inbox.url()));
    }

    /** An endpoint that gets everything, however often it fails: it is not left alone for that. */
    EndpointOut steadfastEndpoint(Inbox inbox) throws Exception {
        return endpoint(inbox, "{\"circuit\":{\"enabled\":false}}");
    }

    /** An endpoint that gets everything in the way that {@code delivery}, in JSON, says. */
    EndpointOut endpoint(Inbox inbox, String delivery) throws Exception {
        EndpointOut endpoint = endpoint(inbox);
        patch(endpoint, "{\"delivery\":" + delivery + "}");
        return endpoint;
    }

    /** Changes members of an endpoint that clients do not know. */
    void patch(EndpointOut endpoint, String members) throws Exception {
        Api.Answer answer = server.api().call("PATCH", path(endpoint), members.getBytes(StandardCharsets.UTF_8));
        if (answer.status() != 200) {
            throw new AssertionError("not changed: " + answer);
        }
    }

    /** Where an endpoint is in the API. */
    String path(EndpointOut endpoint) {
        return "/api/v1/app/" + id + "/endpoint/" + endpoint.getId();
    }

    /** The endpoint as it is now. */
    EndpointOut endpoint(String endpoint) throws Exception {
        return server.api().svix().getEndpoint().get(id, endpoint);
    }

    /** Publishes a message that must be accepted. */
    String publish(String payload) throws Exception {
        Api.Answer answer = server.api().publish(id, "order.created", payload);
        if (answer.status() != 202) {
            throw new AssertionError("not accepted: " + answer);
        }
        return answer.id();
    }

    /** Publishes so many messages, most of them in batches; all must be accepted. */
    List<String> publish(int count) throws Exception {
        List<String> ids = new ArrayList<>();
        for (int from = 0; from < count; from += 500) {
            List<String> messages = IntStream.range(from, Math.min(count, from + 500))
                    .mapToObj(n -> Api.message("order.created", "{\"n\":" + n + "}"))
                    .toList();
            Api.Answer answer = server.api()
                    .post(Api.messages(id) + "/batch", "{\"messages\":[" + String.join(",", messages) + "]}");
            if (answer.status() != 200) {
                throw new AssertionError("not accepted: " + answer);
            }
            answer.json().path("data").forEach(one -> {
                if (one.path("status").asInt() != 202) {
                    throw new AssertionError("not accepted: " + one);
                }
                ids.add(one.path("message").path("id").asText());
            });
        }
        return ids;
    }
}
