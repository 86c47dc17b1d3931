package io.posthorn.api;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who calls a server.
 *
 * @param api sends the requests
 * @param port of the server
 * @param token null for none
 * @param environment for the header; null for none
 */
record Client(
        Api api, int port, @Nullable String token, @Nullable String environment) {
    /** One with another token and no environment. */
    Client with(@Nullable String other) {
        return new Client(api, port, other, null);
    }

    Client in(String other) {
        return new Client(api, port, token, other);
    }

    Api.Reply call(String method, String path, @Nullable String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/api/v1" + path))
                .timeout(Duration.ofSeconds(30));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        if (environment != null) {
            request.header(Authenticator.ENVIRONMENT, environment);
        }
        if (body == null) {
            return api.send(request.method(method, BodyPublishers.noBody()));
        }
        return api.send(
                request.header("Content-Type", "application/json").method(method, BodyPublishers.ofString(body)));
    }

    Api.Reply get(String path) {
        return call("GET", path, null);
    }

    Api.Reply post(String path, String body) {
        return call("POST", path, body);
    }

    Api.Reply patch(String path, String body) {
        return call("PATCH", path, body);
    }

    Api.Reply delete(String path) {
        return call("DELETE", path, null);
    }
}
