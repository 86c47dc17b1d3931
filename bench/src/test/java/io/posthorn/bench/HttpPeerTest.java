package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HttpPeerTest {
    private final List<String> bodies = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final HttpPeer.Scratch scratch = new HttpPeer.Scratch();

    private EmbeddedChannel channel() {
        return new EmbeddedChannel(new HttpPeer(scratch) {
            @Override
            void message(ChannelHandlerContext ctx, byte[] data, HttpScan at) {
                bodies.add(new String(data, at.bodyStart, at.bodyEnd - at.bodyStart, StandardCharsets.US_ASCII));
            }

            @Override
            void unreadable(String why) {
                problems.add(why);
            }
        });
    }

    private static byte[] request(String body) {
        return ("POST /e/1 HTTP/1.1\r\nhost: x\r\ncontent-length: " + body.length() + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void messagesSurviveAnyDivisionOfTheBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        StringBuilder all = new StringBuilder();
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            String body = "b".repeat(random.nextInt(700)) + i;
            wanted.add(body);
            all.append(new String(request(body), StandardCharsets.US_ASCII));
        }
        byte[] bytes = all.toString().getBytes(StandardCharsets.US_ASCII);
        EmbeddedChannel one = channel();
        for (int from = 0; from < bytes.length; ) {
            int size = Math.min(bytes.length - from, 1 + random.nextInt(1500));
            one.writeInbound(Unpooled.copiedBuffer(bytes, from, size));
            from += size;
        }
        assertThat(bodies).as("seed %d", seed).isEqualTo(wanted);
        assertThat(problems).isEmpty();
    }

    @Test
    void connectionsDoNotMixWhatTheyKeep() {
        byte[] a = request("aaaa");
        byte[] b = request("bbbb");
        EmbeddedChannel first = channel();
        EmbeddedChannel second = channel();
        first.writeInbound(Unpooled.copiedBuffer(a, 0, 20));
        second.writeInbound(Unpooled.copiedBuffer(b, 0, 50));
        first.writeInbound(Unpooled.copiedBuffer(a, 20, a.length - 20));
        second.writeInbound(Unpooled.copiedBuffer(b, 50, b.length - 50));
        assertThat(bodies).containsExactly("aaaa", "bbbb");
    }

    @Test
    void whatCannotBeReadClosesTheConnection() {
        EmbeddedChannel one = channel();
        one.writeInbound(Unpooled.copiedBuffer(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", StandardCharsets.US_ASCII));
        assertThat(problems).containsExactly("a chunked body");
        assertThat(one.isOpen()).isFalse();
    }
}
