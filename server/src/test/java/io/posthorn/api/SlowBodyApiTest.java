package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What happens to a token and its application while a body is on its way. */
final class SlowBodyApiTest {
    private static final String BODY = "{\"url\":\"https://example.org/\"}";

    private final Api api = Api.usual();
    private final String app =
            api.post("/app", "{\"name\":\"one\",\"uid\":\"u\"}").id();

    @AfterEach
    void close() {
        api.close();
    }

    private Api.Reply token() {
        return api.post(
                "/token",
                "{\"name\":\"its own\",\"role\":\"application\",\"appId\":\"u\",\"expiresAt\":\""
                        + Instant.now().plus(Duration.ofHours(1)) + "\"}");
    }

    /** Makes an endpoint of {@code u}; between the head of the request, which is let pass, and its body comes this. */
    private String around(Api.Reply token, Runnable meanwhile) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.server.port())) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write(("POST /api/v1/app/u/endpoint HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                    + "Content-Type: application/json\r\nExpect: 100-continue\r\nAuthorization: Bearer "
                                    + token.body().path("token").textValue() + "\r\nContent-Length: " + BODY.length()
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            StringBuilder head = new StringBuilder();
            while (head.indexOf("\r\n\r\n") < 0) {
                int next = in.read();
                assertThat(next).as("the server waits for the body: " + head).isNotNegative();
                head.append((char) next);
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 100 ");
            meanwhile.run();
            socket.getOutputStream().write(BODY.getBytes(StandardCharsets.US_ASCII));
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void whoIsBoundToAnApplicationMeansTheOneThatWasChecked() throws IOException {
        String answer = around(token(), () -> {
            assertThat(api.patch("/app/u", "{\"uid\":\"renamed\"}").status()).isEqualTo(200);
            assertThat(api.post("/app", "{\"name\":\"two\",\"uid\":\"u\"}").status())
                    .isEqualTo(201);
        });
        assertThat(answer).startsWith("HTTP/1.1 201 ");
        assertThat(api.get("/app/u/endpoint").body().path("data")).isEmpty();
        assertThat(api.get("/app/" + app + "/endpoint").body().path("data")).hasSize(1);
    }

    @Test
    void aTokenThatIsRevokedMeanwhileChangesNothing() throws IOException {
        Api.Reply token = token();
        String answer = around(
                token,
                () -> assertThat(api.delete("/token/" + token.id()).status()).isEqualTo(204));
        assertThat(answer).startsWith("HTTP/1.1 401 ").contains("authentication_failed");
        assertThat(api.get("/app/u/endpoint").body().path("data")).isEmpty();
    }

    @Test
    void aTokenThatExpiresMeanwhileChangesNothing() throws IOException {
        String answer = around(token(), () -> api.ahead.set(Duration.ofHours(2)));
        assertThat(answer).startsWith("HTTP/1.1 401 ").contains("authentication_failed");
        assertThat(api.get("/app/u/endpoint").body().path("data")).isEmpty();
    }
}
