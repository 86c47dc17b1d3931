package io.posthorn.catalog;

import static io.posthorn.model.Environment.DEFAULT_NO;

import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointSecrets;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.SigningSecret;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Things to test with. */
final class Samples {
    static final Instant NOW = Instant.parse("2026-01-02T03:04:05.123456Z");

    private Samples() {}

    static Application app(int no) {
        return new Application(no, DEFAULT_NO, "app_" + no, null, "app " + no, Map.of(), null, false, null, NOW, NOW);
    }

    static Endpoint endpoint(int no, @Nullable List<String> types, @Nullable List<String> channels, boolean disabled) {
        return endpoint(no, null, types, channels, disabled);
    }

    static Endpoint endpoint(
            int no,
            @Nullable String uid,
            @Nullable List<String> types,
            @Nullable List<String> channels,
            boolean disabled) {
        return new Endpoint(
                no,
                1,
                "ep_%08d".formatted(no),
                uid,
                "https://example.com/" + no,
                "",
                types,
                channels,
                disabled,
                null,
                null,
                Map.of(),
                new SigningSecret(new byte[24]),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                NOW,
                NOW);
    }

    static AppDraft appDraft(String name, @Nullable String uid) {
        return new AppDraft(name, uid, Map.of(), null);
    }

    static EndpointDraft draft(String url, @Nullable String uid, @Nullable List<String> types) {
        return new EndpointDraft(url, uid, "", types, null, false, null, Map.of(), null);
    }
}
