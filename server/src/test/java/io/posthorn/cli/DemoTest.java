package io.posthorn.cli;

import static io.posthorn.cli.DemoEndpoint.FAILING;
import static io.posthorn.cli.DemoEndpoint.HEALTHY;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

final class DemoTest {
    private static final int EVENTS = 20;
    private static final Duration DEADLINE = Duration.ofSeconds(20);

    private final DemoBoard board = new DemoBoard(EVENTS);
    private final Captured process = new Captured(Path.of(""), Map.of());

    @Test
    void everythingArrivesAndIsCounted() throws Exception {
        try (SmallServer server = new SmallServer(id -> true, UnaryOperator.identity())) {
            DemoSummary summary = run(server);
            assertThat(summary.missing()).isEmpty();
            assertThat(summary.success()).isTrue();
            assertThat(summary.rows()).extracting(DemoSummary.Row::events).containsExactly(EVENTS, EVENTS, EVENTS);
            assertThat(row(summary, FAILING).attempts()).isEqualTo(3L * EVENTS);
            assertThat(row(summary, FAILING).retries()).isEqualTo(2L * EVENTS);
            assertThat(row(summary, HEALTHY).retries()).isZero();
            assertThat(process.out()).contains("accepted 20/20  healthy 20  failing 20 (40 retries)  slow 20");
        }
    }

    @Test
    void anEventThatIsNotAcceptedEndsTheRun() throws Exception {
        try (SmallServer server = new SmallServer(id -> id.compareTo("msg_005") < 0, UnaryOperator.identity())) {
            DemoSummary summary = run(server);
            assertThat(summary.success()).isFalse();
            assertThat(summary.missing())
                    .anySatisfy(line -> assertThat(line).matches("(1[6-9]|20) of 20 events were not accepted"))
                    .anySatisfy(line -> assertThat(line).contains("/msg answered 422: {\"detail\":\"not msg_00"));
        }
    }

    @Test
    void aChangedPayloadIsFound() throws Exception {
        try (SmallServer server = new SmallServer(id -> true, body -> body.replace(":", ": "))) {
            assertThat(run(server).missing())
                    .anySatisfy(line -> assertThat(line)
                            .startsWith(
                                    "healthy: 20 events arrived with another payload: msg_001, msg_002, msg_003 …"));
        }
    }

    private static DemoSummary.Row row(DemoSummary summary, DemoEndpoint endpoint) {
        return summary.rows().stream()
                .filter(row -> row.endpoint() == endpoint)
                .findFirst()
                .orElseThrow();
    }

    private DemoSummary run(SmallServer server) throws Exception {
        try (DemoReceiver receiver = new DemoReceiver(board);
                DemoApi api = new DemoApi(server.url(), SmallServer.TOKEN)) {
            Demo demo = new Demo(api, receiver, board, Clock.systemUTC());
            demo.run(demo.prepare(), Duration.ZERO, DEADLINE, new DemoView(board, process.surroundings()));
            return DemoSummary.of(board);
        }
    }
}
