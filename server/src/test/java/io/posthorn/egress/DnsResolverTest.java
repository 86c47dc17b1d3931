package io.posthorn.egress;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.resolver.dns.SingletonDnsServerAddressStreamProvider;
import io.posthorn.egress.AddressResolver.Resolution;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("NullAway.Init") // filled before each test
class DnsResolverTest {
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicInteger questions = new AtomicInteger();
    private final CompletableFuture<Void> slow = new CompletableFuture<>();
    private DatagramSocket socket;
    private DnsResolver resolver;

    @BeforeEach
    void start() throws IOException {
        socket = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        Thread.startVirtualThread(this::serve);
        resolver = new DnsResolver(
                Duration.ofSeconds(30),
                new SingletonDnsServerAddressStreamProvider((InetSocketAddress) socket.getLocalSocketAddress()),
                nanos::get);
    }

    @AfterEach
    void stop() {
        resolver.close();
        socket.close();
    }

    /** Knows one name, with an address of each family; is slow about another. */
    private void serve() {
        byte[] bytes = new byte[512];
        while (!socket.isClosed()) {
            DatagramPacket packet = new DatagramPacket(bytes, bytes.length);
            try {
                socket.receive(packet);
                byte[] answer = answer(bytes.clone());
                packet.setData(answer);
                socket.send(packet);
            } catch (IOException e) {
                assertThat(socket.isClosed()).as("%s", e).isTrue();
            }
        }
    }

    private byte[] answer(byte[] bytes) {
        ByteBuffer question = ByteBuffer.wrap(bytes);
        questions.incrementAndGet();
        int at = 12;
        StringBuilder name = new StringBuilder();
        while (question.get(at) != 0) {
            int length = question.get(at);
            name.append(new String(bytes, at + 1, length, StandardCharsets.US_ASCII))
                    .append('.');
            at += length + 1;
        }
        boolean v6 = question.getShort(at + 1) == 28;
        String host = name.toString();
        if (host.startsWith("slow.")) {
            slow.orTimeout(10, TimeUnit.SECONDS).join();
        }
        boolean known = host.startsWith("hooks.") || host.startsWith("slow.");
        byte[] address =
                known ? InetAddress.ofLiteral(v6 ? "2001:db8::7" : "192.0.2.7").getAddress() : new byte[0];
        int end = at + 5;
        ByteBuffer answer = ByteBuffer.allocate(end + (known ? 12 + address.length : 0));
        answer.putShort(question.getShort(0)).putShort((short) (known ? 0x8180 : 0x8183));
        answer.putShort((short) 1).putShort((short) (known ? 1 : 0)).putInt(0);
        answer.put(bytes, 12, end - 12);
        if (known) {
            answer.putShort((short) 0xc00c).putShort((short) (v6 ? 28 : 1)).putShort((short) 1);
            answer.putInt(300).putShort((short) address.length).put(address);
        }
        return answer.array();
    }

    private CompletableFuture<Resolution> ask(String host) {
        CompletableFuture<Resolution> result = new CompletableFuture<>();
        resolver.resolve(host, result::complete);
        return result;
    }

    /** Whoever asked first hears first, and only then the cache: waits until it has. */
    private int askedUntilRemembered() {
        Caller.await(ask("barrier.test"));
        return questions.get();
    }

    @Test
    void returnsTheAddressesOfBothFamiliesAndRemembersThem() {
        Resolution found = Caller.await(ask("hooks.test"));

        assertThat(found).isInstanceOf(Resolution.Addresses.class);
        List<byte[]> addresses = ((Resolution.Addresses) found)
                .addresses().stream().map(InetAddress::getAddress).toList();
        assertThat(addresses)
                .containsExactly(
                        InetAddress.ofLiteral("192.0.2.7").getAddress(),
                        InetAddress.ofLiteral("2001:db8::7").getAddress());
        int asked = askedUntilRemembered();
        assertThat(ask("hooks.test")).as("known, so at once").isCompletedWithValue(found);
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(29));
        assertThat(ask("hooks.test")).isCompletedWithValue(found);
        assertThat(questions).hasValue(asked);

        nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
        Caller.await(ask("hooks.test"));
        assertThat(questions).hasValueGreaterThan(asked);
    }

    @Test
    void thatANameHasNoAddressIsRememberedForAShorterTime() {
        Resolution missing = Caller.await(ask("missing.test"));

        assertThat(missing).isInstanceOf(Resolution.Unresolved.class);
        assertThat(((Resolution.Unresolved) missing).reason()).contains("no such name");
        int asked = askedUntilRemembered();
        nanos.addAndGet(TimeUnit.SECONDS.toNanos(4));
        assertThat(ask("missing.test")).isCompletedWithValue(missing);
        assertThat(questions).hasValue(asked);

        nanos.addAndGet(TimeUnit.SECONDS.toNanos(2));
        Caller.await(ask("missing.test"));
        assertThat(questions).hasValueGreaterThan(asked);
    }

    @Test
    void questionsForTheSameNameAtTheSameTimeAreOne() {
        CompletableFuture<Resolution> first = ask("slow.test");
        CompletableFuture<Resolution> second = ask("slow.test");

        assertThat(first).isNotDone();
        assertThat(second).isNotDone();
        slow.complete(null);
        assertThat(Caller.await(first)).isSameAs(Caller.await(second)).isInstanceOf(Resolution.Addresses.class);
        assertThat(questions).as("one for each family").hasValue(2);
    }

    @Test
    void aServerThatDoesNotAnswerEndsAsUnresolved() throws IOException {
        try (DatagramSocket silent = new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
                DnsResolver waiting = new DnsResolver(
                        Duration.ofSeconds(30),
                        new SingletonDnsServerAddressStreamProvider((InetSocketAddress) silent.getLocalSocketAddress()),
                        nanos::get)) {
            CompletableFuture<Resolution> result = new CompletableFuture<>();
            waiting.resolve("hooks.test", result::complete);

            assertThat(Caller.await(result))
                    .isEqualTo(new Resolution.Unresolved("the DNS servers did not answer in time"));
        }
    }
}
