package io.posthorn.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens around every operation:
 *
 * <pre>
 *   whose request? 401 ▶ may they? 403 ▶ their application? 404 ▶ the body 415 413 408 422 ▶ the work ▶ the answer
 * </pre>
 *
 * <p>An application that the caller may not see is not there: the answer is the same as for one that does not exist.
 */
final class Pipeline {
    private static final String CALLER = "caller";

    private final Catalog catalog;
    private final Authenticator authenticator;
    private final Bodies bodies;
    private final Blocking blocking;

    Pipeline(Catalog catalog, Authenticator authenticator, Bodies bodies, Blocking blocking) {
        this.catalog = catalog;
        this.authenticator = authenticator;
        this.bodies = bodies;
        this.blocking = blocking;
    }

    /** Finds out whose request it is; if that is nobody, it has been answered. Comes before {@link #handle}. */
    boolean authenticated(RoutingContext ctx) {
        Caller caller = authenticator.caller(ctx.request());
        if (caller == null) {
            return false;
        }
        ctx.put(CALLER, caller);
        return true;
    }

    /** Takes a request for an operation, with nothing read of it. */
    void handle(RoutingContext ctx, Operation operation) {
        HttpServerRequest request = ctx.request();
        Caller caller = Objects.requireNonNull(ctx.get(CALLER), "authentication comes first");
        if (!Authenticator.permits(request, caller, operation.access())) {
            return;
        }
        Call call = Call.of(ctx, caller);
        if (!seesItsApplication(call)) {
            Errors.write(request, Answer.notFound("application"));
            return;
        }
        switch (operation.work()) {
            case Operation.Work.Plain(Function<Call, Answer> work) -> blocking.run(request, () -> work.apply(call));
            case Operation.Work.WithBody(boolean optional, Function<Call, Answer> work) ->
                withBody(request, call, optional, work);
            case Operation.Work.Live(var conversation) -> conversation.accept(request, call);
            case Operation.Work.Fast _ -> ctx.fail(404);
        }
    }

    /** Applications of others are nobody's business, not even whether they exist. */
    private boolean seesItsApplication(Call call) {
        if (call.caller().token().appNo() == null || !call.names("app")) {
            return true;
        }
        AppView view = catalog.app(call.env(), call.path("app"));
        return view != null && call.caller().sees(view.application().no());
    }

    private void withBody(HttpServerRequest request, Call call, boolean optional, Function<Call, Answer> work) {
        if (!isJson(request.headers().get(HttpHeaders.CONTENT_TYPE))) {
            Errors.write(
                    request,
                    415,
                    "unsupported_media_type",
                    "the body must be JSON in UTF-8, with `Content-Type: application/json`");
            return;
        }
        bodies.read(request, body -> blocking.run(request, () -> parse(call, body, optional, work)));
    }

    private static Answer parse(Call call, byte[] body, boolean optional, Function<Call, Answer> work) {
        if (optional && body.length == 0) {
            return work.apply(call.with(JsonNodeFactory.instance.objectNode()));
        }
        return switch (Json.parse(body)) {
            case Json.Parsed.Wrong(Problem problem) -> Answer.invalid(List.of(problem));
            case Json.Parsed.Value(var node) ->
                node.isObject()
                        ? work.apply(call.with(node))
                        : Answer.invalid(List.of(Problem.type("must be a JSON object", "body")));
        };
    }

    /** A body without a type is taken for what it should be. */
    private static boolean isJson(@Nullable String header) {
        if (header == null) {
            return true;
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        String type = parts[0].strip();
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                return false;
            }
        }
        return type.equals("application/json") || (type.startsWith("application/") && type.endsWith("+json"));
    }
}
