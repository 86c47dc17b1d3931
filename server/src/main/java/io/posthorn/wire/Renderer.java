package io.posthorn.wire;

import com.github.f4b6a3.ulid.Ulid;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Scripts;
import io.posthorn.runtime.Time;
import io.posthorn.wire.Profile.ConfigForm;
import io.posthorn.wire.Profile.Header;
import io.posthorn.wire.Profile.IdForm;
import io.posthorn.wire.Profile.Letters;
import io.posthorn.wire.Profile.TestEvent;
import io.posthorn.wire.Profile.Text;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes requests as a profile describes them. The expressions are compiled once; it is confined to one thread, as they
 * are.
 */
public final class Renderer {
    private static final DateTimeFormatter MICROS = DateTimeFormatter.ofPattern(
                    "uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final String CONTENT_TYPE = "content-type";
    private static final String USER_AGENT = "user-agent";
    /** What can stand in a header and in what is signed, where a full stop separates. */
    private static final Pattern EVENT_ID = Pattern.compile("[a-zA-Z0-9_:/+=-]{1,256}");

    private final Profile profile;
    private final Map<String, Formula> formulas = new HashMap<>();

    /**
     * What a request is made from.
     *
     * @param message what it is about
     * @param payload that of the message, or what became of it: JSON
     * @param messageHeaders what the message's publisher gave with it
     * @param endpoint where it goes
     * @param config the endpoint's free-form configuration, JSON; null for none
     * @param application whose endpoint it is
     * @param attempt 1 for the first
     * @param now the moment of the attempt, microseconds since 1970
     * @param serverUrl what the installation is reached under, without a slash at the end; null if nobody said
     */
    public record Context(
            Message message,
            byte[] payload,
            Map<String, String> messageHeaders,
            Endpoint endpoint,
            @Nullable String config,
            Application application,
            int attempt,
            long now,
            @Nullable String serverUrl) {}

    /**
     * A renderer.
     *
     * @param profile what requests are to be like
     */
    public Renderer(Profile profile) {
        this.profile = profile;
        compile(profile.path());
        compile(profile.userAgent());
        compile(profile.body().contentType());
        compile(profile.body().envelope());
        profile.headers().forEach(header -> compile(header.value()));
    }

    private void compile(@Nullable Text text) {
        if (text instanceof Text.Computed computed) {
            formulas.put(computed.member(), new Formula(computed));
        }
    }

    /** How much it takes, as {@link Scripts} counts it: in characters of expressions, with something for each. */
    public int size() {
        return Scripts.OF_EACH
                + formulas.values().stream().mapToInt(Formula::size).sum();
    }

    /** What it works by. */
    public Profile profile() {
        return profile;
    }

    /** A message's id as the profile writes it: what goes into headers and into what is signed. */
    public String id(Message message) {
        return id(message, profile.id());
    }

    private static String id(Message message, IdForm form) {
        String eventId = message.eventId;
        if (form.eventId() && eventId != null && EVENT_ID.matcher(eventId).matches()) {
            return eventId;
        }
        return form.prefix() + letters(message.id.substring(message.id.indexOf('_') + 1), form.letters());
    }

    private static String letters(String ulid, Letters letters) {
        return switch (letters) {
            case LOWER -> ulid.toLowerCase(Locale.ROOT);
            case UPPER -> ulid.toUpperCase(Locale.ROOT);
            case UUID -> Ulid.from(ulid).toUuid().toString();
            case HEX -> Ulid.from(ulid).toUuid().toString().replace("-", "");
        };
    }

    /**
     * A request before it is printed. Its headers are those of the profile, with {@code content-type}, and {@code
     * user-agent} if the profile has one.
     *
     * @throws ContentException if an expression fails or gives what cannot be sent
     */
    public Draft draft(Context context) throws ContentException {
        Object payload = Payload.tree(context.payload());
        Map<String, @Nullable Object> input = input(context, payload);
        Map<String, Object> ids = ids(context.message());
        Map<String, String> headers = new LinkedHashMap<>();
        Text contentType = profile.body().contentType();
        String type = contentType == null ? null : text(contentType, input, ids);
        headers.put(CONTENT_TYPE, type == null ? profile.body().format().contentType() : type);
        String agent = text(profile.userAgent(), input, ids);
        if (agent != null) {
            headers.put(USER_AGENT, agent);
        }
        for (Header header : profile.headers()) {
            String value = text(header.value(), input, ids);
            if (value != null) {
                headers.put(header.name(), value);
            }
        }
        return new Draft(
                profile.method(), text(profile.path(), input, ids), headers, body(context, payload, input, ids));
    }

    private @Nullable Object body(
            Context context, @Nullable Object payload, Map<String, @Nullable Object> input, Map<String, Object> ids)
            throws ContentException {
        Text.Computed envelope = profile.body().envelope();
        if (envelope == null || isTest(context) || context.message().onlyEndpointNo == Message.BARE) {
            return payload;
        }
        Object body = evaluate(envelope, input, ids);
        if (body == null) {
            throw new ContentException(envelope.member() + ": the expression gave nothing that could be sent");
        }
        return body;
    }

    /** The test event says itself what is sent; it is known by what it is. */
    private boolean isTest(Context context) {
        TestEvent test = profile.testEvent();
        return test != null && test.isMessage(context.message().eventType, context.payload());
    }

    private @Nullable String text(@Nullable Text text, Map<String, @Nullable Object> input, Map<String, Object> ids)
            throws ContentException {
        return switch (text) {
            case null -> null;
            case Text.Fixed(String fixed) -> fixed;
            case Text.Computed computed ->
                switch (evaluate(computed, input, ids)) {
                    case null -> null;
                    case String value -> value;
                    case Number value -> value.toString();
                    case Boolean value -> value.toString();
                    default ->
                        throw new ContentException(computed.member()
                                + ": the expression has to give a text, and gave an" + " object or a list");
                };
        };
    }

    private @Nullable Object evaluate(
            Text.Computed computed, Map<String, @Nullable Object> input, Map<String, Object> ids)
            throws ContentException {
        Formula formula = formulas.get(computed.member());
        if (formula == null) {
            throw new IllegalStateException("the profile has another expression: " + computed.member());
        }
        return formula.evaluate(input, ids);
    }

    private Map<String, @Nullable Object> input(Context context, @Nullable Object payload) throws ContentException {
        Message message = context.message();
        Map<String, @Nullable Object> about = new LinkedHashMap<>();
        about.put("id", id(message));
        about.put("eventType", message.eventType);
        some(about, "eventId", message.eventId);
        about.put("timestamp", iso(message.createdAt));
        about.put("channels", message.channels);
        about.put("tags", message.tags);
        about.put("headers", Facts.headers(context.messageHeaders()));
        about.put("payload", payload);
        Map<String, @Nullable Object> attempt = new LinkedHashMap<>();
        attempt.put("number", context.attempt());
        attempt.put("timestamp", iso(context.now()));
        attempt.put("isRetry", context.attempt() > 1);
        Map<String, @Nullable Object> server = new LinkedHashMap<>();
        some(server, "url", context.serverUrl());
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("message", about);
        all.put("endpoint", endpoint(context.endpoint(), context.config()));
        all.put("application", application(context.application()));
        all.put("attempt", attempt);
        all.put("server", server);
        return all;
    }

    private Map<String, @Nullable Object> endpoint(Endpoint endpoint, @Nullable String config) throws ContentException {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("id", endpoint.id());
        some(all, "uid", endpoint.uid());
        all.put("url", withoutUser(endpoint.url()));
        all.put("description", endpoint.description());
        all.put("metadata", endpoint.metadata());
        if (config != null && profile.config() != ConfigForm.NONE) {
            all.put(
                    "config",
                    profile.config() == ConfigForm.TEXT
                            ? config
                            : Payload.tree(config.getBytes(StandardCharsets.UTF_8)));
        }
        return all;
    }

    private static Map<String, @Nullable Object> application(Application application) {
        Map<String, @Nullable Object> all = new LinkedHashMap<>();
        all.put("id", application.id());
        some(all, "uid", application.uid());
        all.put("name", application.name());
        all.put("metadata", application.metadata());
        return all;
    }

    /** What is not there is not null, so that {@code $exists} tells. */
    private static void some(Map<String, @Nullable Object> all, String name, @Nullable Object value) {
        if (value != null) {
            all.put(name, value);
        }
    }

    /** Name and password may stand in a URL, and are nothing for an expression. */
    private static String withoutUser(String url) {
        int host = url.indexOf("://") + 3;
        int end = url.indexOf('/', host);
        int at = url.lastIndexOf('@', end < 0 ? url.length() : end);
        return host > 2 && at >= host ? url.substring(0, host) + url.substring(at + 1) : url;
    }

    /** As expressions get it: always six decimals, and {@code Z}. */
    static String iso(long micros) {
        return MICROS.format(Time.instant(micros));
    }

    /** What {@code $id} chooses from. */
    private static Map<String, Object> ids(Message message) {
        String ulid = message.id.substring(message.id.indexOf('_') + 1);
        Map<String, Object> all = new HashMap<>();
        for (Letters letters : Letters.values()) {
            all.put(letters.text(), letters(ulid, letters));
        }
        return Map.of(Formula.IDS, all);
    }

    /**
     * The secret that stands in an endpoint's configuration, which its requests are to be signed with instead of the
     * endpoint's own.
     *
     * @param config of the endpoint, JSON; null for none
     * @return null if the profile wants none from there, or there is none
     */
    public @Nullable String secret(@Nullable String config) {
        if (config == null || profile.secretInConfig() == null) {
            return null;
        }
        try {
            return Payload.tree(config.getBytes(StandardCharsets.UTF_8)) instanceof Map<?, ?> map
                            && map.get(profile.secretInConfig()) instanceof String secret
                            && !secret.isEmpty()
                    ? secret
                    : null;
        } catch (ContentException e) {
            throw new IllegalArgumentException("the configuration of an endpoint is JSON", e);
        }
    }

    /**
     * A request as it is sent, but for who it comes from.
     *
     * @param draft one of {@link #draft}, or what somebody made of it
     * @throws ContentException if it cannot be written in the profile's format, is larger than the profile allows, or has
     *     a header that no request can have
     */
    public Rendered print(Draft draft) throws ContentException {
        String method = ProfileParser.noMethod(draft.method());
        if (method != null) {
            throw new ContentException("the method " + method);
        }
        String path = draft.path();
        String wrong = path == null ? null : ProfileParser.noPath(path);
        if (wrong != null) {
            throw new ContentException("the path " + wrong);
        }
        List<String> headers = new ArrayList<>();
        String agent = null;
        for (Map.Entry<String, String> header : draft.headers().entrySet()) {
            String broken = ProfileParser.notSent(header.getKey(), header.getValue());
            if (broken != null) {
                throw new ContentException("the header " + header.getKey() + " " + broken);
            }
            if (header.getKey().equalsIgnoreCase(USER_AGENT)) {
                agent = header.getValue();
            } else {
                headers.add(header.getKey());
                headers.add(header.getValue());
            }
        }
        Integer most = profile.bodyBytes();
        byte[] body = Printer.print(profile.body(), draft.body(), most == null ? Printer.MOST_BYTES : most);
        return new Rendered(draft.method(), path, agent, headers.toArray(String[]::new), body);
    }
}
