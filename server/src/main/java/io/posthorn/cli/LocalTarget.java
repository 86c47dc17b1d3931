package io.posthorn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** The program on this machine that gets the deliveries. Used by many threads. */
final class LocalTarget implements AutoCloseable {
    /** Those that the JDK's client sets by itself and does not let anybody else set. */
    private static final Set<String> OF_THE_CLIENT =
            Set.of("connection", "content-length", "expect", "host", "upgrade");

    private static final String POST = "POST";

    /** What is read of a response so that its connection can be used again; more is cut off. */
    private static final int MOST_READ = 1 << 20;

    /** A header. */
    record Header(String name, String value) {}

    /** What came of a request. */
    sealed interface Result {
        /**
         * A response.
         *
         * @param body the beginning of it
         * @param truncated whether there was more
         */
        record Response(int status, List<Header> headers, byte[] body, boolean truncated) implements Result {}

        /**
         * None.
         *
         * @param kind timeout, dns, connect, tls or protocol
         * @param detail for people
         */
        record Failure(String kind, String detail) implements Result {}
    }

    private final URI url;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    LocalTarget(URI url) {
        this.url = url;
    }

    /**
     * Makes a request.
     *
     * @param method in capitals
     * @param path and query in the place of those of the URL; null for those
     * @param headers to send, in this order
     * @param body to send
     * @param most how long it may take with everything
     * @param keep how much of the response's body is wanted, bytes
     */
    Result send(String method, @Nullable String path, List<Header> headers, byte[] body, Duration most, int keep)
            throws InterruptedException {
        HttpRequest request;
        try {
            request = request(method, path, headers, body);
        } catch (IllegalArgumentException e) {
            return new Result.Failure("protocol", "the request cannot be made here: " + e.getMessage());
        }
        Future<Result> exchange = threads.submit(() -> exchange(request, keep));
        try {
            return exchange.get(most.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            exchange.cancel(true);
            return new Result.Failure("timeout", "the local program did not answer within " + most.toMillis() + " ms");
        } catch (ExecutionException e) {
            return failure(e.getCause() == null ? e : e.getCause());
        }
    }

    private HttpRequest request(String method, @Nullable String path, List<Header> headers, byte[] body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(path == null ? url : at(path))
                .method(
                        method,
                        body.length == 0 && !method.equals(POST)
                                ? BodyPublishers.noBody()
                                : BodyPublishers.ofByteArray(body));
        for (Header header : headers) {
            if (!OF_THE_CLIENT.contains(header.name().toLowerCase(Locale.ROOT))) {
                request.header(header.name(), header.value());
            }
        }
        return request.build();
    }

    /** Whatever the path is, the program remains the one that the command was given. */
    private URI at(String path) {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("the path does not begin with a slash");
        }
        return URI.create(url.getScheme() + "://" + url.getRawAuthority() + path);
    }

    private Result exchange(HttpRequest request, int keep) throws IOException, InterruptedException {
        HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
        try (InputStream in = response.body()) {
            byte[] kept = in.readNBytes(keep);
            long more = in.skip(MOST_READ);
            return new Result.Response(response.statusCode(), headers(response), kept, more > 0);
        }
    }

    private static List<Header> headers(HttpResponse<?> response) {
        List<Header> all = new ArrayList<>();
        response.headers().map().forEach((name, values) -> {
            if (!name.startsWith(":")) {
                values.forEach(value -> all.add(new Header(name, value)));
            }
        });
        return all;
    }

    private Result.Failure failure(Throwable why) {
        String host = url.getHost() + (url.getPort() < 0 ? "" : ":" + url.getPort());
        for (Throwable cause = why; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                return new Result.Failure("dns", "the name " + url.getHost() + " could not be resolved");
            }
            if (cause instanceof SSLException) {
                return new Result.Failure("tls", "no TLS session with " + host + ": " + cause.getMessage());
            }
        }
        if (why instanceof ConnectException || why instanceof HttpConnectTimeoutException) {
            return new Result.Failure("connect", "no connection to " + host);
        }
        if (why instanceof HttpTimeoutException) {
            return new Result.Failure("timeout", "the local program did not answer in time");
        }
        return new Result.Failure("protocol", "the exchange with " + host + " failed: " + why);
    }

    @Override
    public void close() {
        threads.shutdownNow();
        client.shutdownNow();
    }
}
