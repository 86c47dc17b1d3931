package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PayloadTest {
    private static byte[] payload(int run, long seq, long time) {
        ByteBuf buf = Unpooled.buffer().writeBytes(new byte[3]).writeBytes(Payload.template(run));
        Payload.patch(buf, 3, seq, time);
        byte[] bytes = new byte[buf.readableBytes()];
        buf.readBytes(bytes);
        return bytes;
    }

    @Test
    void isJsonOfTheStatedLength() throws IOException {
        byte[] bytes = payload(42, 123_456_789L, 9_876_543_210L);
        JsonNode json = new ObjectMapper().readTree(bytes, 3, Payload.BYTES);
        assertThat(bytes).hasSize(3 + Payload.BYTES);
        assertThat(json.path("run").asInt()).isEqualTo(42);
        assertThat(json.path("seq").asLong()).isEqualTo(123_456_789L);
        assertThat(json.path("at").asLong()).isEqualTo(9_876_543_210L);
        assertThat(json.path("pad").asText()).matches("[a-z]{300,}");
    }

    @Test
    void readsWhatItWrote() {
        for (long seq : new long[] {0, 1, 10, 999_999_999_999L}) {
            byte[] bytes = payload(7, seq, seq * 3);
            assertThat(Payload.isOne(bytes, 3, bytes.length)).isTrue();
            assertThat(Payload.isIntact(bytes, 3, Payload.template(7))).isTrue();
            assertThat(Payload.run(bytes, 3)).isEqualTo(7);
            assertThat(Payload.seq(bytes, 3)).isEqualTo(seq);
            assertThat(Payload.time(bytes, 3)).isEqualTo(seq * 3);
        }
    }

    @Test
    void aChangedByteShows() {
        byte[] template = Payload.template(7);
        byte[] bytes = payload(7, 5, 6);
        bytes[3 + Payload.BYTES - 3] ^= 1;
        assertThat(Payload.isOne(bytes, 3, bytes.length)).isTrue();
        assertThat(Payload.isIntact(bytes, 3, template)).isFalse();
        bytes[3] = ' ';
        assertThat(Payload.isOne(bytes, 3, bytes.length)).isFalse();
        assertThat(Payload.isOne(payload(7, 5, 6), 3, 3 + Payload.BYTES - 1)).isFalse();
    }

    @Test
    void requestsCarryTheNumbersToTheRightApplication() {
        Plan plan = new Plan("test", 3, 2, true, Plan.Behaviour.OK);
        Installed installed = new Installed(plan, 8071, "secret", List.of("app_a", "app_b", "app_c"), 100);
        Requests requests = new Requests(installed, Payload.template(9));
        ByteBuf buf = requests.encode(Unpooled.buffer().alloc(), 4, 777);
        byte[] data = new byte[buf.readableBytes()];
        buf.readBytes(data);
        buf.release();
        HttpScan scan = new HttpScan();
        assertThat(scan.find(data, 0, data.length)).isEqualTo(data.length);
        String text = new String(data, java.nio.charset.StandardCharsets.US_ASCII);
        assertThat(text).startsWith("POST /api/v1/app/app_b/msg?with_content=false HTTP/1.1\r\n");
        assertThat(scan.header(data, "authorization")).isEqualTo("Bearer secret");
        assertThat(text)
                .contains("{\"eventType\":\"bench.t1\",\"payload\":{\"run\":\"0000009\",\"seq\":\"000000000004\"");
        assertThat(text).endsWith("\"}}");
    }

    @Test
    void requestsCarryTheirKeys() {
        Plan plan = new Plan("test", 1, 1, false, 300, Plan.Behaviour.OK);
        Installed installed = new Installed(plan, 8071, "secret", List.of("app_a"), 0);
        ByteBuf buf = new Requests(installed, Payload.template(9))
                .encode(Unpooled.buffer().alloc(), 642, 777);
        byte[] data = new byte[buf.readableBytes()];
        buf.readBytes(data);
        buf.release();
        assertThat(new HttpScan().find(data, 0, data.length)).isEqualTo(data.length);
        assertThat(new String(data, java.nio.charset.StandardCharsets.US_ASCII))
                .contains("{\"orderingKey\":\"0042\",\"eventType\":\"bench.t0\",\"payload\":{\"run\":\"0000009\"");
    }

    @Test
    void whatComesBeforeItsTurnIsNoticed() {
        Plan plan = new Plan("test", 1, 1, false, 2, Plan.Behaviour.OK);
        Run run = new Run(1, new Installed(plan, 8071, "secret", List.of("app_a"), 0));
        run.accepted(run.send(), 0, 1);
        int other = run.send();
        int second = run.send();
        int afterUnknown = run.send(); // nobody knows whether it was accepted after the one with its key
        run.arrived(0, afterUnknown, 0, 1);
        run.arrived(0, other, 0, 1);
        assertThat(run.disordered).isZero();
        run.arrived(0, second, 0, 1);
        assertThat(run.disordered).isEqualTo(1);
    }
}
