package io.posthorn.api;

import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * {@code /openapi.yaml}, and a page at {@code /docs} to browse it, made with Swagger UI; {@code /} leads there. Anybody may see them: they tell
 * what the server can do, not what is in it. The page loads nothing from other hosts, and its policy would not let it.
 *
 * <p>The files are read and compressed when they are first asked for. Browsers keep them and ask by the {@code ETag}
 * whether they are still the same.
 */
final class DocsRoute {
    /** As in the pom: the files of a webjar stand under its version. */
    private static final String SWAGGER_UI = "/META-INF/resources/webjars/swagger-ui/5.34.1/";

    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; "
            + "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final List<Served> FILES = List.of(
            new Served("/openapi.yaml", "application/yaml; charset=utf-8", "/openapi.yaml"),
            new Served("/docs", "text/html; charset=utf-8", "/docs/page.html"),
            new Served("/docs/page.css", "text/css; charset=utf-8", "/docs/page.css"),
            new Served("/docs/page.js", "text/javascript; charset=utf-8", "/docs/page.js"),
            new Served("/docs/swagger-ui.css", "text/css; charset=utf-8", SWAGGER_UI + "swagger-ui.css"),
            new Served(
                    "/docs/swagger-ui-bundle.js",
                    "text/javascript; charset=utf-8",
                    SWAGGER_UI + "swagger-ui-bundle.js"));

    /** Who opens the server in a browser wants to know what it is. */
    private static final Answer TO_THE_PAGE =
            new Answer(302, null, new byte[0], Map.of("location", "/docs", "cache-control", "no-cache"));

    private final Blocking blocking;
    private final Map<Served, Content> contents = new ConcurrentHashMap<>();

    private record Served(String path, String type, String resource) {}

    private record Content(byte[] plain, byte[] compressed, String tag) {}

    DocsRoute(Blocking blocking) {
        this.blocking = blocking;
    }

    void mount(Router router) {
        router.get("/").handler(ctx -> Errors.write(ctx.request(), TO_THE_PAGE));
        router.head("/").handler(ctx -> Errors.write(ctx.request(), TO_THE_PAGE));
        for (Served file : FILES) {
            router.get(file.path()).handler(ctx -> handle(ctx, file));
        }
    }

    private void handle(RoutingContext ctx, Served file) {
        String known = ctx.request().getHeader(HttpHeaders.IF_NONE_MATCH);
        String encodings = ctx.request().getHeader(HttpHeaders.ACCEPT_ENCODING);
        boolean compressed = encodings != null && encodings.contains("gzip");
        blocking.run(
                ctx.request(), () -> answer(file, contents.computeIfAbsent(file, DocsRoute::read), known, compressed));
    }

    private static Answer answer(Served file, Content content, @Nullable String known, boolean compressed) {
        Map<String, String> headers = new HashMap<>(Map.of(
                "etag", content.tag(),
                "cache-control", "no-cache",
                "vary", "accept-encoding",
                "x-content-type-options", "nosniff",
                "referrer-policy", "no-referrer"));
        if (file.path().equals("/docs")) {
            headers.put("content-security-policy", POLICY);
        }
        if (known != null && known.contains(content.tag())) {
            return new Answer(304, null, new byte[0], headers);
        }
        if (compressed) {
            headers.put("content-encoding", "gzip");
        }
        return new Answer(200, file.type(), compressed ? content.compressed() : content.plain(), headers);
    }

    private static Content read(Served file) {
        try (InputStream in = DocsRoute.class.getResourceAsStream(file.resource())) {
            if (in == null) {
                throw new IllegalStateException("the server comes without its " + file.resource());
            }
            byte[] plain = in.readAllBytes();
            ByteArrayOutputStream compressed = new ByteArrayOutputStream();
            try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
                gzip.write(plain);
            }
            return new Content(plain, compressed.toByteArray(), tag(plain));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Weak, since the compressed one and the plain one share it. */
    private static String tag(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return "W/\"" + HexFormat.of().formatHex(Arrays.copyOf(hash, 8)) + "\"";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
