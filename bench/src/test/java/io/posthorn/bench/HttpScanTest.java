package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpScanTest {
    private final HttpScan scan = new HttpScan();

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void findsBodyStatusAndEnd() {
        String head = "HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nx: y\r\n\r\n";
        byte[] data = ascii(head + "helloHTTP/1.1 200 OK\r\n");
        assertThat(scan.find(data, 0, data.length)).isEqualTo(head.length() + 5);
        assertThat(scan.status(data)).isEqualTo(202);
        assertThat(new String(data, scan.bodyStart, scan.bodyEnd - scan.bodyStart, StandardCharsets.US_ASCII))
                .isEqualTo("hello");
        assertThat(scan.hasLength).isTrue();
    }

    @Test
    void findsTheSecondOfTwo() {
        String one = "POST /e/1 HTTP/1.1\r\ncontent-length: 2\r\n\r\nab";
        byte[] data = ascii(one + "POST /e/22 HTTP/1.1\r\ncontent-length:3\r\n\r\ncde");
        int end = scan.find(data, 0, data.length);
        assertThat(end).isEqualTo(one.length());
        assertThat(scan.find(data, end, data.length)).isEqualTo(data.length);
        assertThat(scan.bodyEnd - scan.bodyStart).isEqualTo(3);
        assertThat(scan.start).isEqualTo(end);
    }

    @Test
    void everyPrefixIsIncomplete() {
        byte[] data = ascii("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nbody");
        for (int to = 0; to < data.length; to++) {
            assertThat(scan.find(data, 0, to)).as("the first %d bytes", to).isEqualTo(HttpScan.INCOMPLETE);
        }
    }

    @Test
    void noLengthIsNoBody() {
        byte[] data = ascii("HTTP/1.1 204 No Content\r\nserver: x\r\n\r\n");
        assertThat(scan.find(data, 0, data.length)).isEqualTo(data.length);
        assertThat(scan.hasLength).isFalse();
        assertThat(scan.bodyStart).isEqualTo(scan.bodyEnd);
    }

    @Test
    void aHeaderThatOnlyBeginsLikeItIsNotIt() {
        byte[] data = ascii(
                "HTTP/1.1 200 OK\r\ncontent-length-of-it: 9\r\nx-content-length: 9\r\ncontent-length: 1\r\n\r\nz");
        assertThat(scan.find(data, 0, data.length)).isEqualTo(data.length);
        assertThat(scan.bodyEnd - scan.bodyStart).isEqualTo(1);
    }

    @Test
    void chunkedIsToldApart() {
        byte[] data = ascii("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        assertThat(scan.find(data, 0, data.length)).isEqualTo(HttpScan.CHUNKED);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "1 2", "99999999999", "0x10"})
    void badLengths(String length) {
        byte[] data = ascii("HTTP/1.1 200 OK\r\ncontent-length: " + length + "\r\n\r\n");
        assertThat(scan.find(data, 0, data.length)).isEqualTo(HttpScan.BAD_LENGTH);
    }

    @Test
    void headersByNameInAnyCase() {
        byte[] data =
                ascii("POST / HTTP/1.1\r\nWebHook-Id:  msg_1 \r\nwebhook-id-2: other\r\ncontent-length: 0\r\n\r\n");
        scan.find(data, 0, data.length);
        assertThat(scan.header(data, "webhook-id")).isEqualTo("msg_1");
        assertThat(scan.header(data, "webhook-id-2")).isEqualTo("other");
        assertThat(scan.header(data, "webhook")).isNull();
    }

    @Test
    void aRequestHasNoStatus() {
        byte[] data = ascii("POST /e/1 HTTP/1.1\r\ncontent-length: 0\r\n\r\n");
        scan.find(data, 0, data.length);
        assertThat(scan.status(data)).isEqualTo(-1);
    }
}
