package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The document and its page, as anybody gets them. */
class DocsRouteTest {
    private static final Api api = Api.usual();

    @AfterAll
    static void close() {
        api.close();
    }

    private static HttpResponse<byte[]> get(String path, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + api.server.port() + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            return api.http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theDocumentIsServedAsItIs() throws IOException {
        HttpResponse<byte[]> plain = get("/openapi.yaml");
        assertThat(plain.statusCode()).isEqualTo(200);
        assertThat(plain.headers().firstValue("content-type")).contains("application/yaml; charset=utf-8");
        assertThat(plain.body()).isEqualTo(Contract.ours().document().bytes());
        HttpResponse<byte[]> compressed = get("/openapi.yaml", "Accept-Encoding", "gzip, br");
        assertThat(compressed.headers().firstValue("content-encoding")).contains("gzip");
        assertThat(new GZIPInputStream(new ByteArrayInputStream(compressed.body())).readAllBytes())
                .isEqualTo(plain.body());
    }

    @Test
    void theRootLeadsToThePage() {
        HttpResponse<byte[]> root = get("/");
        assertThat(root.statusCode()).isEqualTo(302);
        assertThat(root.headers().firstValue("location")).contains("/docs");
        assertThat(root.body()).isEmpty();
    }

    @Test
    void whoHasItAlreadyIsToldSo() {
        for (String path : List.of("/openapi.yaml", "/docs", "/docs/swagger-ui-bundle.js")) {
            String tag = get(path).headers().firstValue("etag").orElseThrow();
            HttpResponse<byte[]> again = get(path, "If-None-Match", "W/\"other\", " + tag);
            assertThat(again.statusCode()).as(path).isEqualTo(304);
            assertThat(again.body()).isEmpty();
            assertThat(get(path, "If-None-Match", "W/\"other\"").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void thePageHasAllThatItNeedsAndMayAskNobodyElse() {
        HttpResponse<byte[]> page = get("/docs");
        String html = new String(page.body(), StandardCharsets.UTF_8);
        Matcher files = Pattern.compile("(?:src|href)=\"(/[^\"]*)\"").matcher(html);
        int found = 0;
        while (files.find()) {
            HttpResponse<byte[]> file = get(files.group(1));
            assertThat(file.statusCode()).as(files.group(1)).isEqualTo(200);
            assertThat(file.body()).isNotEmpty();
            assertThat(file.headers().firstValue("x-content-type-options")).contains("nosniff");
            found++;
        }
        assertThat(found).isEqualTo(5);
        assertThat(html).doesNotContain("http:", "https:", "<style", "onload");
        String policy = page.headers().firstValue("content-security-policy").orElseThrow();
        assertThat(policy)
                .contains("default-src 'none'", "script-src 'self'", "connect-src 'self'")
                .doesNotContain("unsafe", "*", "http");
    }
}
