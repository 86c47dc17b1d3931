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
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A message that nobody sent, to see what a profile makes of one.
 *
 * @param eventType of it
 * @param payload JSON
 * @param headers what its publisher gave with it
 * @param config of the endpoint, JSON; null for none
 * @param attempt 1 for the first
 */
public record Sample(
        String eventType,
        String payload,
        Map<String, String> headers,
        @Nullable String config,
        int attempt) {

    /** What samples are signed with, everywhere the same: {@code whsec_} and base64. */
    public static final String SECRET = "whsec_c2FtcGxlLXNlY3JldC1vZi1wb3N0aG9ybiE=";

    private static final String EVENT_TYPE = "invoice.paid";
    private static final String PAYLOAD = """
            {"id":"inv_1042","title":"Invoice 1042 is paid","amount":199.50,"currency":"EUR","customer":{"id":"cus_7",\
            "name":"Acme Ltd."}}""";
    private static final String CONFIG = """
            {"secret":"sample-secret","project":"1200000000000001","key":"sample-key","token":"sample-token",\
            "list":"5abbe4b7ddc1b351ef961414","routing_key":"R0UT1NGKEYSAMPLE0000000000000000"}""";

    /** The sample of those who give none. */
    public static Sample usual() {
        return new Sample(EVENT_TYPE, PAYLOAD, Map.of(), CONFIG, 1);
    }

    /**
     * What a renderer makes a request from.
     *
     * @param now the moment of the attempt, microseconds since 1970
     */
    public Renderer.Context context(long now) {
        Instant moment = Time.instant(now);
        byte[] json = payload.getBytes(StandardCharsets.UTF_8);
        Message message =
                new Message(1, 1, now, "msg_01ks0sampe0000000000000000", eventType, null, List.of(), List.of(), json);
        return new Renderer.Context(
                message,
                json,
                headers,
                endpoint(moment),
                config,
                new Application(
                        1,
                        1,
                        "app_01ks0sampe0000000000000000",
                        "acme",
                        "Acme",
                        Map.of(),
                        null,
                        false,
                        null,
                        moment,
                        moment),
                attempt,
                now,
                "https://posthorn.example");
    }

    private static Endpoint endpoint(Instant moment) {
        return new Endpoint(
                1,
                1,
                "ep_01ks0sampe0000000000000000",
                "main",
                "https://customer.example/hooks",
                "",
                null,
                null,
                false,
                null,
                null,
                Map.of(),
                SigningSecret.parse(SECRET),
                List.of(),
                List.of(),
                1,
                DeliveryPolicy.DEFAULT,
                EndpointShape.DEFAULT,
                EndpointSecrets.NONE,
                false,
                moment,
                moment);
    }
}
