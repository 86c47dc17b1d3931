package io.posthorn.wire;

import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.Message;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.Time;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A message, an endpoint and an attempt to render, of which each test changes what it is about. */
final class Rendering {
    static final Instant CREATED = Instant.parse("2023-07-19T09:05:13Z");
    static final Instant ATTEMPTED = Instant.parse("2023-07-19T09:05:13.250001Z");
    static final String ULID = "01h5pk4a2b3c4d5e6f7g8h9jkm";

    String eventType = "contact.updated";

    @Nullable
    String eventId;

    String payload = "{\"id\": 7, \"amount\": 1.0, \"big\": 12345678901234567890}";
    Map<String, String> headers = Map.of();
    Map<String, String> endpointMetadata = Map.of();
    Map<String, String> appMetadata = Map.of();

    @Nullable
    String config;

    int only;

    String url = "https://user:secret@customer.example/hooks";
    int attempt = 1;

    @Nullable
    String serverUrl = "https://hooks.sender.example";

    Renderer.Context context() {
        byte[] json = payload.getBytes(StandardCharsets.UTF_8);
        Message message = new Message(
                1,
                1,
                Time.micros(CREATED),
                "msg_" + ULID,
                eventType,
                eventId,
                List.of("news"),
                List.of("t"),
                json,
                only,
                null,
                0);
        Endpoint endpoint = new Endpoint(
                1,
                1,
                "ep_1",
                null,
                url,
                "",
                null,
                null,
                false,
                null,
                null,
                endpointMetadata,
                new SigningSecret(new byte[24]),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                CREATED,
                CREATED);
        Application app =
                new Application(1, 1, "app_1", "acme", "Acme", appMetadata, null, false, null, CREATED, CREATED);
        return new Renderer.Context(
                message, json, headers, endpoint, config, app, attempt, Time.micros(ATTEMPTED), serverUrl);
    }

    Rendered with(Profile profile) throws ContentException {
        Renderer renderer = new Renderer(profile);
        return renderer.print(renderer.draft(context()));
    }

    Rendered builtin(String name) throws ContentException {
        return with(Objects.requireNonNull(Builtins.find(name)).profile());
    }

    static String body(Rendered rendered) {
        return new String(rendered.body(), StandardCharsets.UTF_8);
    }

    static Map<String, String> headers(Rendered rendered) {
        Map<String, String> all = new LinkedHashMap<>();
        for (int i = 0; i < rendered.headers().length; i += 2) {
            all.put(rendered.headers()[i], rendered.headers()[i + 1]);
        }
        return all;
    }
}
