package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Versions;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.EventType;
import io.posthorn.model.Message;
import io.posthorn.model.MessageFilter;
import io.posthorn.model.SigningSecret;
import io.posthorn.runtime.ScriptException;
import io.posthorn.runtime.Time;
import io.posthorn.wire.ContentException;
import io.posthorn.wire.Draft;
import io.posthorn.wire.Payload;
import io.posthorn.wire.Printer;
import io.posthorn.wire.Profile;
import io.posthorn.wire.Rendered;
import io.posthorn.wire.Renderer;
import io.posthorn.wire.SchemeSigner;
import io.posthorn.wire.Signable;
import io.posthorn.wire.Transformer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From a message to the request of one endpoint, in the order in which the package tells it. It does one piece of work at
 * a time, on whatever thread: the signer's state stays between them.
 */
final class RequestMaker {
    /** Says which version of the payload a request has. */
    static final String VERSION_HEADER = "webhook-payload-version";

    /** What came of it. */
    sealed interface Made {
        /** A request, signed. */
        record Request(Outgoing outgoing) implements Made {}

        /** Nothing is to be sent. */
        record Unwanted() implements Made {}

        /**
         * No request can be made.
         *
         * @param detail for people, with the place
         */
        record Broken(String detail) implements Made {}
    }

    /** What came of all but the signature. */
    sealed interface Unsigned {
        /**
         * A request.
         *
         * @param version of the payload; null if its event type has none
         */
        record Ready(
                Renderer renderer,
                Rendered rendered,
                @Nullable String version) implements Unsigned {}

        /** The filter does not hold. */
        record NotWanted() implements Unsigned {}

        /** The transformation says so. */
        record NotSent() implements Unsigned {}
    }

    /**
     * The payload that the endpoint was written for.
     *
     * @param json it
     * @param version null if its event type has none
     */
    private record Versioned(byte[] json, @Nullable String version) {}

    private final Catalog catalog;
    private final Endpoint endpoint;
    private final ProfileSource source;
    private @Nullable Profile profile;
    private final UrlParts url;
    private final boolean svixHeaders;
    private final Shaping shaping;
    private final Time time;
    private final String[] fixed;
    private @Nullable SchemeSigner signer;

    /** Where the profile comes from. */
    @FunctionalInterface
    interface ProfileSource {
        /**
         * The profile.
         *
         * @throws ContentException if it cannot be read
         */
        Profile get() throws ContentException;
    }

    /**
     * Where its requests go, for signatures that cover that.
     *
     * @param origin scheme, host and port
     * @param path and query
     */
    record UrlParts(String origin, String path) {}

    /**
     * A maker.
     *
     * @param catalog knows event types and applications
     * @param endpoint whose requests it makes
     * @param source of what they are like; asked with the first request, away from the event loop, since it may have to be
     *     read
     * @param url where they go
     * @param svixHeaders whether the headers of Standard Webhooks go by their other names too
     * @param shaping what it needs beside
     */
    RequestMaker(
            Catalog catalog,
            Endpoint endpoint,
            ProfileSource source,
            UrlParts url,
            boolean svixHeaders,
            Shaping shaping,
            Time time) {
        this.catalog = catalog;
        this.endpoint = endpoint;
        this.source = source;
        this.url = url;
        this.svixHeaders = svixHeaders;
        this.shaping = shaping;
        this.time = time;
        this.fixed = Credentials.headers(endpoint).toArray(String[]::new);
    }

    /**
     * Makes a request. Nothing is thrown for what a message or an expression does.
     *
     * @param attempt 1 for the first
     */
    Made make(Message message, int attempt) {
        AppView app = catalog.appByNo(message.appNo);
        if (app == null) {
            return new Made.Unwanted();
        }
        try {
            return make(message, app.application(), attempt);
        } catch (ContentException e) {
            return new Made.Broken(e.detail());
        }
    }

    private Made make(Message message, Application application, int attempt) throws ContentException {
        long now = time.micros();
        return switch (unsigned(message, application, attempt, now)) {
            case Unsigned.Ready(Renderer renderer, Rendered rendered, String version) ->
                new Made.Request(signed(message, renderer, rendered, version, now));
            case Unsigned.NotWanted _, Unsigned.NotSent _ -> new Made.Unwanted();
        };
    }

    /**
     * All but the signature and the headers that the endpoint has.
     *
     * @param attempt 1 for the first
     * @param now microseconds since 1970
     * @throws ContentException if an expression fails or gives what cannot be sent, with its place
     */
    Unsigned unsigned(Message message, Application application, int attempt, long now) throws ContentException {
        MakerTools tools = MakerTools.ofThread();
        Versioned full = versioned(message, application, tools);
        MessageFilter filter = endpoint.shape().filter();
        boolean example = message.isExample(); // whoever tries the endpoint wants to see it arrive, and whole
        if (filter != null && !example && !tools.filters().wants(filter, message, Payload.tree(full.json))) {
            return new Unsigned.NotWanted();
        }
        Renderer renderer = tools.renderer(profile());
        Versioned versioned = endpoint.shape().thin() && !example
                ? new Versioned(shaping.thin().payload(message, endpoint, now), null)
                : full;
        Draft draft = renderer.draft(new Renderer.Context(
                message,
                versioned.json,
                message.headers,
                endpoint,
                endpoint.secrets().config(),
                application,
                attempt,
                now,
                shaping.publicUrl().get()));
        draft = new Draft(
                draft.method(),
                draft.path(),
                withOwn(draft.headers(), renderer.profile().carried(message.headers)),
                draft.body());
        String script = endpoint.shape().transformation();
        if (script != null) {
            switch (tools.transformer().apply(script, draft, message, endpoint, application, attempt)) {
                case Transformer.Result.DoNotSend _ -> {
                    return new Unsigned.NotSent();
                }
                case Transformer.Result.Request(Draft transformed) -> draft = transformed;
            }
        }
        return new Unsigned.Ready(renderer, renderer.print(draft), versioned.version);
    }

    /** With the headers that the publisher gave, behind those of the profile. */
    private Map<String, String> withOwn(Map<String, String> headers, Map<String, String> given) {
        if (given.isEmpty()) {
            return headers;
        }
        Map<String, String> all = new LinkedHashMap<>(headers);
        given.forEach((name, value) -> {
            if (headers.keySet().stream().noneMatch(name::equalsIgnoreCase)) {
                all.put(name, value);
            }
        });
        return all;
    }

    private Versioned versioned(Message message, Application application, MakerTools tools) throws ContentException {
        EventType type = catalog.eventType(application.envNo(), message.eventType);
        return switch (Versions.plan(type, endpoint.shape().payloadVersion(), Time.instant(message.createdAt))) {
            case Versions.Plan.Missing(String _, String detail) -> throw new ContentException(detail);
            case Versions.Plan.Steps(String version, List<String> steps) ->
                new Versioned(steps.isEmpty() ? message.payload : converted(message.payload, steps, tools), version);
        };
    }

    private static byte[] converted(byte[] payload, List<String> steps, MakerTools tools) throws ContentException {
        Object tree = Payload.tree(payload);
        for (String step : steps) {
            try {
                tree = tools.scripts().get(step).evaluate(tree, Map.of());
            } catch (ScriptException e) {
                throw new ContentException("a step to an earlier version of the payload: " + e.getMessage());
            }
        }
        return Printer.json(tree);
    }

    private Outgoing signed(Message message, Renderer renderer, Rendered rendered, @Nullable String version, long now)
            throws ContentException {
        List<String> headers = new ArrayList<>(Arrays.asList(rendered.headers()));
        putAll(headers, fixed);
        if (version != null) {
            headers.add(VERSION_HEADER);
            headers.add(version);
        }
        String path = rendered.path();
        String[] unsigned = headers.toArray(String[]::new);
        String[] signatures = signatures(
                renderer,
                new Signable(
                        renderer.id(message),
                        rendered.method(),
                        url.origin + (path == null ? url.path : path),
                        unsigned,
                        rendered.body()),
                now);
        putAll(headers, signatures);
        if (svixHeaders) {
            addSvixNames(headers);
        }
        return new Outgoing(
                message,
                rendered.method(),
                path,
                rendered.userAgent(),
                headers.toArray(String[]::new),
                rendered.body());
    }

    /**
     * In the place of those with the same names: a receiver that reads the first of two must not read the one that the
     * publisher or a transformation has put there.
     */
    private static void putAll(List<String> headers, String[] over) {
        for (int i = headers.size() - 2; i >= 0; i -= 2) {
            if (MessageHeaders.has(over, headers.get(i))) {
                headers.subList(i, i + 2).clear();
            }
        }
        headers.addAll(Arrays.asList(over));
    }

    /** A secret may be of another kind than the profile that the environment has got since. */
    private String[] signatures(Renderer renderer, Signable request, long now) throws ContentException {
        try {
            return signer(renderer, now).sign(request, now);
        } catch (IllegalArgumentException e) {
            throw new ContentException("the request cannot be signed: " + e.getMessage());
        }
    }

    private static void addSvixNames(List<String> headers) {
        int count = headers.size();
        for (int i = 0; i < count; i += 2) {
            switch (headers.get(i)) {
                case "webhook-id", "webhook-timestamp", "webhook-signature" -> {
                    headers.add("svix-" + headers.get(i).substring("webhook-".length()));
                    headers.add(headers.get(i + 1));
                }
                default -> {}
            }
        }
    }

    private SchemeSigner signer(Renderer renderer, long now) {
        SchemeSigner present = signer;
        if (present == null) {
            String own = renderer.secret(endpoint.secrets().config());
            present = new SchemeSigner(
                    renderer.profile().schemes(),
                    own == null ? endpoint.secret() : SigningSecret.text(own),
                    own == null ? endpoint.oldSecrets() : List.of(),
                    now);
            signer = present;
        }
        return present;
    }

    private Profile profile() throws ContentException {
        Profile present = profile;
        if (present == null) {
            present = source.get();
            profile = present;
        }
        return present;
    }

    /** Whether requests of an endpoint are made otherwise than the usual ones, whatever its profile is. */
    static boolean isNeeded(EndpointShape shape) {
        return shape.ownProfile() != null
                || shape.filter() != null
                || shape.transformation() != null
                || shape.thin()
                || shape.payloadVersion() != null;
    }
}
