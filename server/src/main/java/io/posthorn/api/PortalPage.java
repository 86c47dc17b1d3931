package io.posthorn.api;

import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Router;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * {@code /portal}: where the links to the customers' portal lead. In this version there is a page that says so; it runs
 * no script, so the token behind the {@code #} of its address stays in the browser.
 */
final class PortalPage {
    private static final String PATH = "/portal";
    private static final byte[] PAGE = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width">
            <meta name="color-scheme" content="light dark">
            <title>Posthorn</title>
            </head>
            <body>
            <h1>Your webhooks</h1>
            <p>The portal in which you look after your endpoints comes with a later version of Posthorn.</p>
            <p>The link that brought you here holds a token for your application: the text between <code>token=</code>
            and <code>&amp;</code> in its address. It works for the API until it expires, in the header
            <code>Authorization: Bearer …</code>. Whoever has the link has the token, so keep it to yourself.</p>
            </body>
            </html>
            """.getBytes(StandardCharsets.UTF_8);
    private static final Answer ANSWER = new Answer(
            200,
            "text/html; charset=utf-8",
            PAGE,
            Map.of(
                    "cache-control", "no-store",
                    "content-security-policy",
                            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
                    "referrer-policy", "no-referrer",
                    "x-content-type-options", "nosniff"));

    private PortalPage() {}

    static void mount(Router router) {
        router.get(PATH).handler(ctx -> write(ctx.request()));
        router.head(PATH).handler(ctx -> write(ctx.request()));
    }

    private static void write(HttpServerRequest request) {
        Errors.write(request, ANSWER);
    }
}
