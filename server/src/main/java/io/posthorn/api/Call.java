package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A request as a route sees it, away from its event loop. */
public final class Call {
    private final Caller caller;
    private final Source source;
    private final Map<String, String> path;
    private final Query query;
    private final JsonNode body;

    /**
     * Where a request came from, and to.
     *
     * @param uri path and query as they came
     * @param path the path of it
     * @param address of the client; of the last proxy if there is one
     */
    record Source(String uri, String path, String address) {}

    Call(Caller caller, Source source, Map<String, String> path, Map<String, List<String>> query, JsonNode body) {
        this.caller = caller;
        this.source = source;
        this.path = path;
        this.query = new Query(query);
        this.body = body;
    }

    /** What a route needs of a request, taken on its event loop. */
    static Call of(RoutingContext ctx, Caller caller) {
        Map<String, List<String>> query = new HashMap<>();
        ctx.queryParams()
                .forEach(entry -> query.computeIfAbsent(entry.getKey(), name -> new ArrayList<>())
                        .add(entry.getValue()));
        return new Call(caller, source(ctx.request()), Map.copyOf(ctx.pathParams()), query, MissingNode.getInstance());
    }

    private static Source source(HttpServerRequest request) {
        SocketAddress remote = request.remoteAddress();
        return new Source(
                request.uri(),
                Objects.requireNonNullElse(request.path(), ""),
                remote == null || remote.host() == null ? "" : remote.hostAddress());
    }

    Source source() {
        return source;
    }

    Call with(JsonNode object) {
        return new Call(caller, source, path, query.values(), object);
    }

    /** With another value of a part of the path. */
    Call with(String part, String value) {
        Map<String, String> other = new HashMap<>(path);
        other.put(part, value);
        return new Call(caller, source, Map.copyOf(other), query.values(), body);
    }

    /** Whose request it is. */
    public Caller caller() {
        return caller;
    }

    /** The number of the environment that it concerns. */
    public int env() {
        return caller.env();
    }

    /** Whether the route's path has such a part. */
    boolean names(String part) {
        return path.containsKey(part);
    }

    /**
     * A part of the path, decoded.
     *
     * @param name as in the route's path, without the colon
     */
    public String path(String name) {
        String value = path.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the route's path has no :" + name);
        }
        return value;
    }

    /** The query. */
    public Query query() {
        return query;
    }

    /** The body, a JSON object; missing if the route reads none. */
    public JsonNode body() {
        return body;
    }
}
