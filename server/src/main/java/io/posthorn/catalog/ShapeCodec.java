package io.posthorn.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.EndpointShape;
import io.posthorn.model.MessageFilter;
import io.posthorn.runtime.JmesPath;
import io.posthorn.runtime.Script;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An {@link EndpointShape} as JSON: as members of an endpoint in the API, and as the database keeps it. What is not
 * mentioned is as it was; what is null is as it usually is.
 */
public final class ShapeCodec {
    /** Names of the members, in the API and in the database. */
    public static final Set<String> MEMBERS =
            Set.of("profile", "profileSource", "filter", "transformation", "payload", "payloadVersion");

    /** The longest expression there may be, characters. */
    public static final int LONGEST_EXPRESSION = 16 << 10;
    /** The longest profile there may be, characters. */
    public static final int LONGEST_PROFILE = 64 << 10;

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_CONDITIONS = 20;
    private static final int LONGEST_VALUE = 1_024;
    /** In the database only: it is agreed, and nobody can give it. */
    private static final String AGREED_RATE = "agreedRate";

    private static final String FULL = "full";
    private static final String THIN = "thin";

    private ShapeCodec() {}

    /**
     * Reads one. If there is a problem, what is returned is of no meaning.
     *
     * @param member from a name to what is given; missing if nothing is
     * @param base what it is where nothing is given
     */
    public static EndpointShape read(
            Function<String, JsonNode> member, EndpointShape base, PolicyCodec.Problems problems) {
        EndpointShape read = members(member, base, problems);
        if (!Objects.equals(read.transformation(), base.transformation())) {
            check(read.transformation(), List.of("transformation"), Script::broken, problems);
        }
        MessageFilter filter = read.filter();
        if (filter != null && !filter.equals(base.filter())) {
            check(filter.jsonata(), List.of("filter", "jsonata"), Script::broken, problems);
            check(filter.jmespath(), List.of("filter", "jmespath"), JmesPath::broken, problems);
        }
        return read;
    }

    /** What is broken says so with its line and column. */
    private static void check(
            @Nullable String script,
            List<String> path,
            Function<String, @Nullable String> broken,
            PolicyCodec.Problems problems) {
        String rule = script == null || script.isBlank() ? null : broken.apply(script);
        if (rule != null) {
            problems.add(path, rule);
        }
    }

    /** The same of what was read before and has no problem: its scripts are not looked at again. */
    public static EndpointShape checked(Function<String, JsonNode> member, EndpointShape base) {
        return members(member, base, (path, rule) -> {});
    }

    private static EndpointShape members(
            Function<String, JsonNode> member, EndpointShape base, PolicyCodec.Problems problems) {
        Reader reader = new Reader(member, problems);
        String profile = reader.text("profile", base.profile(), 256);
        String own = reader.text("profileSource", base.ownProfile(), LONGEST_PROFILE);
        if (profile != null && own != null) {
            boolean both = isGiven(member.apply("profile")) && isGiven(member.apply("profileSource"));
            if (both) {
                problems.add(List.of("profileSource"), "cannot be given beside profile: one of them has to be null");
            } else if (isGiven(member.apply("profile"))) {
                own = null;
            } else {
                profile = null;
            }
        }
        return new EndpointShape(
                profile,
                own,
                filter(member.apply("filter"), base.filter(), problems),
                reader.text("transformation", base.transformation(), LONGEST_EXPRESSION),
                reader.thin(base.thin()),
                reader.text("payloadVersion", base.payloadVersion(), 64),
                base.agreedRate());
    }

    private static boolean isGiven(JsonNode node) {
        return !node.isMissingNode() && !node.isNull();
    }

    private record Reader(Function<String, JsonNode> member, PolicyCodec.Problems problems) {
        @Nullable
        String text(String name, @Nullable String base, int longest) {
            return ShapeCodec.text(member.apply(name), List.of(name), base, longest, problems);
        }

        boolean thin(boolean base) {
            JsonNode given = member.apply("payload");
            if (given.isMissingNode()) {
                return base;
            }
            String text = given.isNull() ? FULL : given.textValue();
            if (!FULL.equals(text) && !THIN.equals(text)) {
                problems.add(List.of("payload"), "must be " + FULL + " or " + THIN);
            }
            return THIN.equals(text);
        }
    }

    private static @Nullable String text(
            JsonNode given, List<String> path, @Nullable String base, int longest, PolicyCodec.Problems problems) {
        if (given.isMissingNode()) {
            return base;
        }
        if (given.isNull()) {
            return null;
        }
        String text = given.textValue();
        if (text == null || text.isBlank()) {
            problems.add(path, "must be a text that is not empty, or null");
        } else if (text.length() > longest) {
            problems.add(path, "has " + text.length() + " characters; at most " + longest + " are allowed");
        }
        return text;
    }

    private static @Nullable MessageFilter filter(
            JsonNode given, @Nullable MessageFilter base, PolicyCodec.Problems problems) {
        if (given.isMissingNode()) {
            return base;
        }
        if (given.isNull()) {
            return null;
        }
        if (!given.isObject()) {
            problems.add(List.of("filter"), "must be an object or null");
            return null;
        }
        for (var member : given.properties()) {
            if (!Set.of("jsonata", "jmespath", "headers", "tags").contains(member.getKey())) {
                problems.add(
                        List.of("filter", member.getKey()),
                        "is not known; there are jsonata, jmespath, headers and tags");
            }
        }
        MessageFilter filter = new MessageFilter(
                text(given.path("jsonata"), List.of("filter", "jsonata"), null, LONGEST_EXPRESSION, problems),
                text(given.path("jmespath"), List.of("filter", "jmespath"), null, LONGEST_EXPRESSION, problems),
                headers(given.path("headers"), problems),
                tags(given.path("tags"), problems));
        return filter.equals(new MessageFilter(null, null, Map.of(), List.of())) ? null : filter;
    }

    private static Map<String, String> headers(JsonNode given, PolicyCodec.Problems problems) {
        if (!isGiven(given)) {
            return Map.of();
        }
        Map<String, String> headers = new LinkedHashMap<>();
        boolean right = given.isObject() && given.size() <= MOST_CONDITIONS;
        for (var member : given.properties()) {
            String value = member.getValue().textValue();
            right &= value != null
                    && value.length() <= LONGEST_VALUE
                    && member.getKey().length() <= LONGEST_VALUE;
            if (right) {
                headers.put(member.getKey(), value == null ? "" : value);
            }
        }
        if (!right) {
            problems.add(
                    List.of("filter", "headers"),
                    "must be an object of at most " + MOST_CONDITIONS + " texts, each of at most " + LONGEST_VALUE
                            + " characters");
        }
        return java.util.Collections.unmodifiableMap(headers);
    }

    private static List<String> tags(JsonNode given, PolicyCodec.Problems problems) {
        if (!isGiven(given)) {
            return List.of();
        }
        List<String> tags = new ArrayList<>();
        boolean right = given.isArray() && given.size() <= MOST_CONDITIONS;
        for (JsonNode each : given) {
            String tag = each.textValue();
            right &= tag != null && Rules.name(tag) == null;
            tags.add(tag == null ? "" : tag);
        }
        if (!right) {
            problems.add(
                    List.of("filter", "tags"), "must be a list of at most " + MOST_CONDITIONS + " tags of messages");
        }
        return List.copyOf(tags);
    }

    /** As the API shows a filter; null for none. */
    public static @Nullable ObjectNode shown(@Nullable MessageFilter filter) {
        if (filter == null) {
            return null;
        }
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        put(node, "jsonata", filter.jsonata());
        put(node, "jmespath", filter.jmespath());
        if (!filter.headers().isEmpty()) {
            ObjectNode headers = node.putObject("headers");
            filter.headers().forEach(headers::put);
        }
        if (!filter.tags().isEmpty()) {
            var tags = node.putArray("tags");
            filter.tags().forEach(tags::add);
        }
        return node;
    }

    /** As the API shows what the payload is. */
    public static String payload(EndpointShape shape) {
        return shape.thin() ? THIN : FULL;
    }

    private static void put(ObjectNode node, String name, @Nullable String value) {
        if (value != null) {
            node.put(name, value);
        }
    }

    /** As the database keeps it; null for {@link EndpointShape#DEFAULT}. */
    static @Nullable String stored(EndpointShape shape) {
        if (shape.equals(EndpointShape.DEFAULT)) {
            return null;
        }
        ObjectNode node = JsonNodeFactory.instance.objectNode();
        put(node, "profile", shape.profile());
        put(node, "profileSource", shape.ownProfile());
        ObjectNode filter = shown(shape.filter());
        if (filter != null) {
            node.set("filter", filter);
        }
        put(node, "transformation", shape.transformation());
        if (shape.thin()) {
            node.put("payload", THIN);
        }
        put(node, "payloadVersion", shape.payloadVersion());
        if (shape.agreedRate() != null) {
            node.put(AGREED_RATE, shape.agreedRate());
        }
        return node.toString();
    }

    /** The other way round. */
    static EndpointShape stored(@Nullable String json) {
        if (json == null) {
            return EndpointShape.DEFAULT;
        }
        try {
            JsonNode node = JSON.readTree(json);
            // what an earlier version allowed stays as it is: an endpoint must not keep the server from starting
            EndpointShape decided = members(name -> node.path(name), EndpointShape.DEFAULT, (path, rule) -> {});
            int agreed = node.path(AGREED_RATE).asInt();
            return agreed < 1 ? decided : decided.withAgreedRate(agreed);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a stored shape of an endpoint is not JSON", e);
        }
    }
}
