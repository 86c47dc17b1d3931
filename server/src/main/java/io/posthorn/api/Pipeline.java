package io.posthorn.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Token;
import io.posthorn.intake.AnswerKeys;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens around every operation:
 *
 * <pre>
 *   whose request? 401 ▶ may they? 403 ▶ their application? 404 ▶ the body 415 413 408 ▶ still valid? 401
 *     ▶ JSON and the contract 422 ▶ a repetition? the answer of then, 409, 422
 *     ▶ the work, written down in the audit log ▶ the answer
 * </pre>
 *
 * <p>An application that the caller may not see is not there: the answer is the same as for one that does not exist.
 */
final class Pipeline {
    private static final String CALLER = "caller";
    private static final int MOST_FIELDS = 50;
    private static final int LONGEST_FIELD = 64;
    private static final int LONGEST_TARGET = 1_000;

    private final Catalog catalog;
    private final Authenticator authenticator;
    private final Bodies bodies;
    private final Blocking blocking;
    private final Repeats repeats;
    private final Audit audit;

    Pipeline(
            Catalog catalog,
            Authenticator authenticator,
            Bodies bodies,
            Blocking blocking,
            AnswerKeys keys,
            Audit audit) {
        this.repeats = new Repeats(keys);
        this.audit = audit;
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
        Call call = inItsApplication(Call.of(ctx, caller));
        if (call == null) {
            Errors.write(request, Answer.notFound("application"));
            return;
        }
        switch (operation.work()) {
            case Operation.Work.Plain(Function<Call, Answer> work) ->
                blocking.run(request, () -> {
                    List<Problem> problems = problems(request, operation, call);
                    return problems.isEmpty() ? audited(operation, call, work) : Answer.invalid(problems);
                });
            case Operation.Work.WithBody body -> withBody(request, call, operation, body);
            case Operation.Work.Live(var conversation) -> {
                List<Problem> problems = problems(request, operation, call);
                if (problems.isEmpty()) {
                    conversation.accept(request, call);
                } else {
                    Errors.write(request, Answer.invalid(problems));
                }
            }
            case Operation.Work.Fast _ -> ctx.fail(404);
        }
    }

    private static List<Problem> problems(HttpServerRequest request, Operation operation, Call call) {
        return Contract.ours().check(operation.path(), operation.method(), call, request::getHeader);
    }

    /**
     * Applications of others are nobody's business, not even whether they exist: null for one of them. Who is bound to an
     * application means the one that was looked at here, by its id, since a uid may be another's by the time that the
     * body has arrived.
     */
    private @Nullable Call inItsApplication(Call call) {
        if (call.caller().token().appNo() == null || !call.names("app")) {
            return call;
        }
        AppView view = catalog.app(call.env(), call.path("app"));
        return view != null && call.caller().sees(view.application().no())
                ? call.with("app", view.application().id())
                : null;
    }

    private void withBody(HttpServerRequest request, Call call, Operation operation, Operation.Work.WithBody work) {
        boolean yaml = work.yamlMember() != null && isYaml(request.headers().get(HttpHeaders.CONTENT_TYPE));
        if (!yaml && !isJson(request.headers().get(HttpHeaders.CONTENT_TYPE))) {
            Errors.write(
                    request,
                    415,
                    "unsupported_media_type",
                    work.yamlMember() == null
                            ? "the body must be JSON in UTF-8, with `Content-Type: application/json`"
                            : "the body must be JSON or YAML in UTF-8, with `Content-Type: application/json` or"
                                    + " `application/yaml`");
            return;
        }
        String key = operation.method().equals(HttpMethod.POST) ? request.getHeader(Repeats.HEADER) : null;
        if (key != null && !Repeats.isKey(key)) {
            Errors.write(request, Answer.invalid(List.of(Repeats.noKey())));
            return;
        }
        bodies.read(
                request,
                body -> blocking.run(
                        request, () -> answer(request, call, operation, work, key, yaml ? wrapped(work, body) : body)));
    }

    private static boolean isYaml(@Nullable String contentType) {
        String type =
                contentType == null ? "" : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return type.equals("application/yaml") || type.equals("application/x-yaml") || type.equals("text/yaml");
    }

    /** YAML as the member of an object that it stands for. What is no UTF-8 is so in JSON, too, which is refused. */
    private static byte[] wrapped(Operation.Work.WithBody work, byte[] yaml) {
        CharsetDecoder strict = StandardCharsets.UTF_8.newDecoder();
        try {
            String text = strict.decode(ByteBuffer.wrap(yaml)).toString();
            return Json.write(Map.of(String.valueOf(work.yamlMember()), text));
        } catch (CharacterCodingException _) {
            return yaml;
        }
    }

    private Answer answer(
            HttpServerRequest request,
            Call call,
            Operation operation,
            Operation.Work.WithBody work,
            @Nullable String key,
            byte[] body) {
        if (!Authenticator.stillPermits(catalog, request, operation.access())) {
            return Errors.UNAUTHORIZED; // revoked or expired while the body was on its way
        }
        Call whole;
        if (work.optional() && body.length == 0) {
            whole = call.with(JsonNodeFactory.instance.objectNode());
        } else {
            switch (Json.parse(body)) {
                case Json.Parsed.Wrong(Problem problem) -> {
                    return Answer.invalid(List.of(problem));
                }
                case Json.Parsed.Value(var node) -> {
                    if (!node.isObject()) {
                        return Answer.invalid(List.of(Problem.type("must be a JSON object", "body")));
                    }
                    whole = call.with(node);
                }
            }
        }
        List<Problem> problems = problems(request, operation, whole);
        if (!problems.isEmpty()) {
            return Answer.invalid(problems);
        }
        return key == null
                ? audited(operation, whole, work.answer())
                : repeats.once(
                        call.caller(),
                        key,
                        operation.method() + " " + call.source().uri(),
                        body,
                        () -> audited(operation, whole, work.answer()));
    }

    /** What it changes is written down with the change; that somebody looked at a secret, when they have seen it. */
    private Answer audited(Operation operation, Call call, Function<Call, Answer> work) {
        boolean secret = operation.access() == Access.SECRET;
        if (operation.method().equals(HttpMethod.GET) && !secret) {
            return work.apply(call);
        }
        Audit.Act act = act(operation, call);
        Answer answer = ScopedValue.where(Audit.ACT, act).call(() -> work.apply(call));
        if (secret && operation.method().equals(HttpMethod.GET) && answer.status() == 200) {
            audit.note(act);
        }
        return answer;
    }

    private Audit.Act act(Operation operation, Call call) {
        Token token = call.caller().token();
        AppView app = call.names("app") ? catalog.app(call.env(), call.path("app")) : null;
        List<String> fields = new ArrayList<>();
        call.body().fieldNames().forEachRemaining(name -> {
            if (fields.size() < MOST_FIELDS) {
                fields.add(withoutNul(cut(name, LONGEST_FIELD)));
            }
        });
        return new Audit.Act(
                token.id(),
                token.name(),
                token.role(),
                token.envNo(),
                call.env(),
                action(operation),
                withoutNul(cut(call.source().path(), LONGEST_TARGET)),
                app == null ? null : app.application().id(),
                null,
                fields,
                call.source().address());
    }

    /** As the document calls it. */
    private static String action(Operation operation) {
        String id = Contract.ours().operationId(operation.method(), operation.path());
        return id == null ? operation.method() + " " + operation.path() : id;
    }

    private static String cut(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most) + "…";
    }

    /** PostgreSQL's text has no NUL, and a field's name may. */
    private static String withoutNul(String text) {
        return text.replace('\0', '\ufffd');
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
