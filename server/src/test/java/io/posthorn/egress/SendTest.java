package io.posthorn.egress;

import static io.posthorn.egress.Caller.always;
import static io.posthorn.egress.Caller.body;
import static io.posthorn.egress.Caller.local;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Requests that are not the usual POST. */
class SendTest {

    @Test
    void methodPathAndUserAgentAreTheCallers() throws Exception {
        BlockingQueue<String> requests = new LinkedBlockingQueue<>();
        try (RawServer server = new RawServer(connection -> {
                    for (String read = connection.read(); !read.isEmpty(); read = connection.read()) {
                        requests.add(read);
                        connection.write(RawServer.OK);
                    }
                });
                Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Target target = caller.target("http://hooks.test:" + server.port() + "/in?a=b");

            assertThat(body(caller.send(
                            target, "PUT", "/other?c=%20d", "Shop/7", "{}", "x-a", "1", "user-agent", "no")))
                    .isEqualTo("ok");
            assertThat(body(caller.send(target, "GET", null, null, ""))).isEqualTo("ok");
            assertThat(body(caller.send(target, "POST", null, null, ""))).isEqualTo("ok");

            String host = "host: hooks.test:" + server.port() + "\r\n";
            assertThat(requests.take())
                    .isEqualTo("PUT /other?c=%20d HTTP/1.1\r\n" + host
                            + "user-agent: Shop/7\r\ncontent-length: 2\r\nx-a: 1\r\n\r\n{}");
            assertThat(requests.take())
                    .isEqualTo("GET /in?a=b HTTP/1.1\r\n" + host + "user-agent: Posthorn/test\r\n\r\n");
            assertThat(requests.take())
                    .isEqualTo("POST /in?a=b HTTP/1.1\r\n" + host
                            + "user-agent: Posthorn/test\r\ncontent-length: 0\r\n\r\n");
            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "CONNECT,null,is not for endpoints",
                "TRACE,null,is not for endpoints",
                "'',null,is not for endpoints",
                "post,null,capital letters",
                "'GET /x',null,capital letters",
                "POST,x,begin with a slash",
                "POST,//a b,must be percent-encoded",
                "POST,'/a\r\nX: y',must be percent-encoded",
                "POST,/a#b,must be percent-encoded",
                "POST,/ä,must be percent-encoded"
            })
    void whatWouldBeAnotherRequestIsRefused(String method, @Nullable String path, String rule) {
        try (Caller caller = new Caller(local(), always("127.0.0.1"))) {
            Target target = caller.target("http://hooks.test/");
            assertThatThrownBy(() -> caller.send(target, method, path, null, "{}"))
                    .hasMessageContaining(rule);
            assertThat(caller.inFlight()).isZero();
        }
    }
}
