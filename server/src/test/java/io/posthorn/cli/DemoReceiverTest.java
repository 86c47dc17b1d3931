package io.posthorn.cli;

import static io.posthorn.cli.DemoEndpoint.FAILING;
import static io.posthorn.cli.DemoEndpoint.HEALTHY;
import static io.posthorn.cli.DemoEndpoint.SLOW;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class DemoReceiverTest {
    private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    private static final String OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private final DemoBoard board = new DemoBoard(1);
    private final DemoReceiver receiver;
    private final Signed sender = new Signed();

    DemoReceiverTest() throws IOException {
        receiver = new DemoReceiver(board);
    }

    @BeforeEach
    void trust() {
        receiver.trust(HEALTHY, SECRET);
        receiver.trust(FAILING, SECRET);
    }

    @AfterEach
    void close() {
        receiver.close();
        sender.close();
    }

    @Test
    void aValidSignatureIsADelivery() throws Exception {
        assertThat(post(HEALTHY, "msg_1", SECRET, "{\"a\":1.0}")).isEqualTo(204);
        DemoTally tally = board.tally(HEALTHY);
        assertThat(List.of(tally.attempts(), tally.verified(), tally.refused(), tally.retries()))
                .containsExactly(1L, 1L, 0L, 0L);
        DemoTally.Arrival arrival = tally.arrival("msg_1");
        assertThat(arrival).isNotNull();
        assertThat(arrival == null ? "" : arrival.body()).isEqualTo("{\"a\":1.0}");
    }

    @Test
    void anotherSecretIsRefused() throws Exception {
        assertThat(post(HEALTHY, "msg_1", OTHER, "{}")).isEqualTo(401);
        assertThat(board.tally(HEALTHY).refused()).isEqualTo(1);
        assertThat(board.tally(HEALTHY).events()).isZero();
    }

    @Test
    void anotherBodyThanTheSignedOneIsRefused() throws Exception {
        assertThat(sender.post(receiver.url(HEALTHY), SECRET, "msg_1", "{\"a\":1}", "{\"a\":2}"))
                .isEqualTo(401);
        assertThat(board.tally(HEALTHY).events()).isZero();
    }

    @Test
    void anEndpointWithoutASecretRefusesEverything() throws Exception {
        assertThat(post(SLOW, "msg_1", SECRET, "{}")).isEqualTo(401);
    }

    @Test
    void twoOfThreeRequestsForEachMessageFail() throws Exception {
        List<Integer> statuses = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            statuses.add(post(FAILING, "msg_1", SECRET, "{}"));
            statuses.add(post(FAILING, "msg_2", SECRET, "{}"));
        }
        assertThat(statuses).containsExactly(500, 500, 500, 500, 204, 204);
        assertThat(board.tally(FAILING).events()).isEqualTo(2);
        assertThat(board.tally(FAILING).retries()).isEqualTo(4);
    }

    private int post(DemoEndpoint endpoint, String message, String secret, String body)
            throws IOException, InterruptedException {
        return sender.post(receiver.url(endpoint), secret, message, body, body);
    }
}
