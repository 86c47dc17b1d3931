package io.posthorn.cli;

import static io.posthorn.cli.DemoEndpoint.HEALTHY;
import static io.posthorn.cli.DemoEndpoint.SLOW;
import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.cli.DemoBoard.Sent;
import io.posthorn.cli.DemoTally.Arrival;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class DemoSummaryTest {
    private static final int EVENTS = 100;

    private final DemoBoard board = new DemoBoard(EVENTS);

    @Test
    void percentilesAreFromSendingToArrival() throws Exception {
        all();
        assertThat(board.awaitEnd(Duration.ZERO)).isTrue();
        DemoSummary.Row healthy = DemoSummary.of(board).rows().getFirst();
        assertThat(healthy.p50Millis()).isEqualTo(50);
        assertThat(healthy.p99Millis()).isEqualTo(99);
        assertThat(DemoSummary.of(board).table())
                .contains("  healthy       100       100        0       100      50.0 ms  99.0 ms\n");
    }

    @Test
    void oneMissingArrivalIsNotTheEndAndNoSuccess() throws Exception {
        for (int i = 1; i <= EVENTS; i++) {
            event(i, i != 7);
        }
        assertThat(board.awaitEnd(Duration.ZERO)).isFalse();
        DemoSummary summary = DemoSummary.of(board);
        assertThat(summary.success()).isFalse();
        assertThat(summary.missing()).containsExactly("slow: 1 events have not arrived: msg_007");
        assertThat(ending().verdict(board, summary)).startsWith("This is missing:\n  slow: 1 events");
    }

    @Test
    void aForgedRequestIsNoSuccess() {
        all();
        board.tally(HEALTHY).countRefused();
        assertThat(DemoSummary.of(board).missing()).containsExactly("healthy: 1 requests had no valid signature");
    }

    @Test
    void theWaysOnHaveTheRealIds() {
        all();
        assertThat(ending().verdict(board, DemoSummary.of(board)))
                .startsWith("All 100 events reached all 3 endpoints unchanged. The receivers checked 300 signatures");
        assertThat(ending().waysOn(board, true))
                .contains("stays at http://127.0.0.1:1 until Ctrl-C")
                .contains("-H 'authorization: Bearer token' http://127.0.0.1:1/api/v1/app/app_1/attempt/msg/msg_001\n")
                .contains("/api/v1/app/app_1/attempt/endpoint/ep_2\n")
                .contains("./posthorn serve");
        assertThat(ending().waysOn(board, false))
                .contains("./posthorn demo --stay", "./posthorn serve")
                .doesNotContain("curl", "http://");
    }

    private void all() {
        for (int i = 1; i <= EVENTS; i++) {
            event(i, true);
        }
    }

    private void event(int n, boolean reachesSlow) {
        String id = "msg_%03d".formatted(n);
        board.accepted(id, new Sent(0, "{}"));
        for (DemoEndpoint endpoint : DemoEndpoint.values()) {
            if (endpoint != SLOW || reachesSlow) {
                assertThat(board.tally(endpoint).verified(id)).isEqualTo(1);
                board.delivered(endpoint, id, new Arrival(n * 1_000_000L, "{}"));
            }
        }
    }

    private static DemoEnding ending() {
        return new DemoEnding(
                URI.create("http://127.0.0.1:1"),
                "token",
                new Demo.Stage("app_1", Map.of(DemoEndpoint.FAILING, "ep_2")));
    }
}
