package io.posthorn.wire;

import io.posthorn.runtime.Nearest;
import io.posthorn.wire.Profile.Body;
import io.posthorn.wire.Profile.Check;
import io.posthorn.wire.Profile.ConfigForm;
import io.posthorn.wire.Profile.Format;
import io.posthorn.wire.Profile.Header;
import io.posthorn.wire.Profile.IdForm;
import io.posthorn.wire.Profile.Letters;
import io.posthorn.wire.Profile.TestEvent;
import io.posthorn.wire.Profile.Text;
import io.posthorn.wire.Yaml.Items;
import io.posthorn.wire.Yaml.Members;
import io.posthorn.wire.Yaml.Part;
import io.posthorn.wire.Yaml.Scalar;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads profiles. All that is wrong is told at once, each thing with its line; {@code docs/profiles.md} says what may
 * stand in one.
 */
public final class ProfileParser {
    /** The longest a file may be, characters. */
    public static final int MOST_CHARACTERS = 64 << 10;

    private static final int MOST_HEADERS = 50;
    private static final int MOST_SCHEMES = 8;
    private static final int MOST_TEXT = 4_096;
    /** Of a path with its query, characters. */
    private static final int MOST_PATH = 2_048;

    private static final int MOST_PROBLEMS = 50;
    private static final int MOST_BODY_BYTES = 16 << 20;
    private static final int MOST_RATE = 100_000;

    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+\\-.^_`|~0-9A-Za-z]{1,256}");
    private static final Pattern METHOD = Pattern.compile("[A-Z]{3,16}");
    private static final Pattern PREFIX = Pattern.compile("[a-zA-Z0-9_-]{0,32}");
    private static final Pattern EVENT_TYPE = Pattern.compile("[a-zA-Z0-9._-]{1,256}");
    private static final Pattern XML_NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9._-]*(:[A-Za-z_][A-Za-z0-9._-]*)?");

    /** They belong to the connection or have a member of their own here. */
    private static final Map<String, String> NOT_AS_HEADER = Map.ofEntries(
            Map.entry("content-type", "stands under body as contentType"),
            Map.entry("user-agent", "stands beside headers as userAgent"),
            Map.entry("host", "is that of the URL"),
            Map.entry("content-length", "is that of the body"),
            Map.entry("transfer-encoding", "belongs to the connection"),
            Map.entry("connection", "belongs to the connection"),
            Map.entry("keep-alive", "belongs to the connection"),
            Map.entry("proxy-connection", "belongs to the connection"),
            Map.entry("proxy-authorization", "belongs to the connection"),
            Map.entry("te", "belongs to the connection"),
            Map.entry("trailer", "belongs to the connection"),
            Map.entry("upgrade", "belongs to the connection"),
            Map.entry("expect", "belongs to the connection"),
            Map.entry("content-encoding", "is not possible: bodies are sent as they are"));

    private final List<ProfileProblem> problems;

    private ProfileParser(List<ProfileProblem> problems) {
        this.problems = problems;
    }

    /** What came of it. */
    public sealed interface Result {
        /** Nothing is wrong with it, but its {@code delivery} has not been looked at. */
        record Parsed(Profile profile) implements Result {}

        /**
         * Something is wrong with it.
         *
         * @param problems in the order of the file, at least one
         */
        record Wrong(List<ProfileProblem> problems) implements Result {}
    }

    /**
     * Reads one.
     *
     * @param source YAML
     */
    public static Result parse(String source) {
        List<ProfileProblem> problems = new ArrayList<>();
        if (source.length() > MOST_CHARACTERS) {
            String rule = "must have at most " + MOST_CHARACTERS + " characters, has " + source.length();
            return new Result.Wrong(List.of(new ProfileProblem(1, 1, "", rule)));
        }
        Part root = Yaml.read(source, problems);
        if (root == null) {
            return problems.isEmpty()
                    ? parsed(new Members(Map.of(), Map.of(), Place.START), problems)
                    : wrong(problems);
        }
        if (!(root instanceof Members members)) {
            problems.add(new ProfileProblem(
                    root.place().line(), root.place().column(), "", "must have members, such as `description: …`"));
            return wrong(problems);
        }
        return parsed(members, problems);
    }

    private static Result parsed(Members members, List<ProfileProblem> problems) {
        Profile profile = new ProfileParser(problems).profile(members);
        return problems.isEmpty() ? new Result.Parsed(profile) : wrong(problems);
    }

    private static Result wrong(List<ProfileProblem> problems) {
        return new Result.Wrong(problems.stream()
                .sorted((one, other) -> one.line() == other.line()
                        ? Integer.compare(one.column(), other.column())
                        : Integer.compare(one.line(), other.line()))
                .limit(MOST_PROBLEMS)
                .toList());
    }

    private Profile profile(Members members) {
        Map<String, Place> places = new HashMap<>();
        Yaml.places(members, "", places);
        Group all = new Group(members, "", members.place());
        Group limits = all.group("limits");
        Profile profile = new Profile(
                all.text("description", "", ProfileParser::tooLong),
                all.text("method", "POST", ProfileParser::noMethod),
                all.computable("path", ProfileParser::noPath),
                body(all.group("body")),
                headers(all.group("headers")),
                messageHeaders(all),
                all.computable("userAgent", ProfileParser::noHeaderValue),
                id(all.group("id")),
                schemes(all),
                all.oneOf("config", ConfigForm.NONE, ConfigForm.values(), ConfigForm::text),
                all.textOrNull("secretInConfig", ProfileParser::tooLong),
                all.oneOf("check", Check.NONE, Check.values(), Check::text),
                testEvent(all),
                limits.whole("bodyBytes", 1, MOST_BODY_BYTES),
                limits.whole("rateLimit", 1, MOST_RATE),
                all.plain("delivery"),
                Map.copyOf(places));
        limits.nothingElse();
        all.nothingElse();
        return profile;
    }

    private Body body(Group group) {
        Body body = new Body(
                group.oneOf("format", Format.JSON, Format.values(), Format::text),
                group.computable("contentType", ProfileParser::noContentType),
                group.expression("envelope"),
                group.textOrNull("root", ProfileParser::noXmlName));
        if (body.root() != null && body.format() != Format.XML) {
            group.problem("root", "is only for the format xml");
        }
        group.nothingElse();
        return body;
    }

    private List<Header> headers(Group group) {
        List<Header> headers = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        for (String name : group.names()) {
            String lower = name.toLowerCase(Locale.ROOT);
            String elsewhere = NOT_AS_HEADER.get(lower);
            if (!TOKEN.matcher(name).matches()) {
                group.problemAtName(name, "is no name that a header can have");
            } else if (elsewhere != null) {
                group.problemAtName(name, elsewhere);
            } else if (!seen.add(lower)) {
                group.problemAtName(name, "is there twice: names of headers have no case");
            }
            Text value = group.computable(name, ProfileParser::noHeaderValue);
            if (value != null) {
                headers.add(new Header(name, value));
            }
        }
        if (headers.size() > MOST_HEADERS) {
            group.problem("", "must be at most " + MOST_HEADERS);
        }
        return List.copyOf(headers);
    }

    /** {@code all}, {@code none}, or names; null is for all. */
    private @Nullable Set<String> messageHeaders(Group all) {
        Part part = all.part("messageHeaders");
        return switch (part) {
            case null -> null;
            case Items(List<Part> parts, Place _) when parts.isEmpty() -> Set.of();
            case Items _ -> lower(all.texts("messageHeaders", List.of(), ProfileParser::noHeaderName));
            case Scalar scalar when "all".equals(scalar.value()) -> null;
            case Scalar scalar when "none".equals(scalar.value()) -> Set.of();
            default -> {
                all.problem("messageHeaders", "must be all, none, or a list of names of headers");
                yield null;
            }
        };
    }

    private static Set<String> lower(List<String> names) {
        return names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toUnmodifiableSet());
    }

    private static IdForm id(Group group) {
        IdForm form = new IdForm(
                group.text(
                        "prefix",
                        IdForm.USUAL.prefix(),
                        text -> PREFIX.matcher(text).matches()
                                ? null
                                : "must be at most 32 letters, digits, hyphens and underscores"),
                group.oneOf("letters", IdForm.USUAL.letters(), Letters.values(), Letters::text),
                group.flag("eventId", false));
        group.nothingElse();
        return form;
    }

    private @Nullable TestEvent testEvent(Group all) {
        if (!all.has("testEvent")) {
            all.known("testEvent");
            return null;
        }
        Group group = all.group("testEvent");
        String type = group.needed(
                "eventType",
                text -> EVENT_TYPE.matcher(text).matches()
                        ? null
                        : "must be 1 to 256 letters, digits, hyphens, underscores and dots");
        Part payload = group.part("payload");
        String json = "{}";
        if (payload == null) {
            group.problem("payload", "is needed");
        } else if (payload instanceof Scalar(Object value, Place place, Place _) && value instanceof String text) {
            json = text;
            String wrong = Payload.broken(text.getBytes(StandardCharsets.UTF_8));
            if (wrong != null) {
                add(place, "testEvent.payload", "must be JSON, or members to be written as JSON: " + wrong);
            }
        } else {
            try {
                json = new String(Printer.json(Yaml.plain(payload)), StandardCharsets.UTF_8);
            } catch (ContentException e) {
                add(payload.place(), "testEvent.payload", e.detail());
            }
        }
        group.nothingElse();
        return new TestEvent(type, json);
    }

    private List<Scheme> schemes(Group all) {
        Part part = all.part("signatures");
        if (part == null) {
            return List.of();
        }
        if (!(part instanceof Items(List<Part> parts, Place place))) {
            add(part.place(), "signatures", "must be a list; [] is for requests without a signature");
            return List.of();
        }
        if (parts.size() > MOST_SCHEMES) {
            add(place, "signatures", "must be at most " + MOST_SCHEMES);
        }
        List<Scheme> schemes = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            String path = "signatures." + i;
            if (parts.get(i) instanceof Members members) {
                schemes.add(scheme(new Group(members, path, members.place())));
            } else {
                add(parts.get(i).place(), path, "must have members, such as `algorithm: hmac-sha256`");
            }
        }
        return List.copyOf(schemes);
    }

    private Scheme scheme(Group group) {
        Kind kind = group.oneOf("scheme", Kind.HEADER, Kind.values(), Kind::text);
        return switch (kind) {
            case HEADER -> inHeader(group);
            case MESSAGE_SIGNATURE -> messageSignature(group);
        };
    }

    /** What {@code scheme} may be. */
    private enum Kind {
        HEADER,
        MESSAGE_SIGNATURE;

        String text() {
            return word(this);
        }
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Scheme inHeader(Group group) {
        String prefix = group.textOrNull("prefix", ProfileParser::noHeaderValue);
        String each = group.textOrNull("each", ProfileParser::noHeaderValue);
        if (prefix != null && each != null) {
            group.problem("prefix", "must not be given beside each, which says what stands before a signature");
        }
        Scheme scheme = new Scheme.InHeader(
                algorithm(group),
                key(group),
                group.oneOf("encoding", Scheme.Encoding.HEX, Scheme.Encoding.values(), ProfileParser::word),
                group.text("content", "{body}", ProfileParser::tooLong),
                group.oneOf("timestamp", Scheme.Clock.SECONDS, Scheme.Clock.values(), ProfileParser::word),
                group.needed("header", ProfileParser::noHeaderName),
                group.text("value", "{signatures}", ProfileParser::noHeaderValue),
                each == null ? (prefix == null ? "" : prefix) + "{signature}" : each,
                group.textOrNull("separator", ProfileParser::noHeaderValue),
                group.textOrNull("previousHeader", ProfileParser::noHeaderName),
                group.textOrNull("timestampHeader", ProfileParser::noHeaderName));
        return ruled(group, scheme);
    }

    private static Scheme messageSignature(Group group) {
        return ruled(
                group,
                new Scheme.MessageSignature(
                        algorithm(group),
                        key(group),
                        group.text("label", "sig", ProfileParser::tooLong),
                        group.texts(
                                "components",
                                List.of("@method", "@target-uri", "content-digest", "content-type"),
                                ProfileParser::tooLong),
                        group.textOrNull("keyId", ProfileParser::noHeaderValue)));
    }

    private static Scheme.Algorithm algorithm(Group group) {
        return group.oneOf("algorithm", Scheme.Algorithm.HMAC_SHA256, Scheme.Algorithm.values(), ProfileParser::word);
    }

    private static Scheme.KeyForm key(Group group) {
        return group.oneOf("key", Scheme.KeyForm.TEXT, Scheme.KeyForm.values(), ProfileParser::word);
    }

    /** The rules of schemes are where they are used; one at a time, and only where nothing else is wrong. */
    private static Scheme ruled(Group group, Scheme scheme) {
        boolean unknown = group.nothingElse();
        SchemeRules.Broken broken = group.isWrong() || unknown ? null : SchemeRules.broken(scheme);
        if (broken != null) {
            group.problem(broken.field().equals("clock") ? "timestamp" : broken.field(), broken.rule());
        }
        return scheme;
    }

    private static @Nullable String tooLong(String text) {
        return text.length() > MOST_TEXT ? "must have at most " + MOST_TEXT + " characters" : null;
    }

    /** What is wrong with a method; null if nothing is. */
    static @Nullable String noMethod(String text) {
        return METHOD.matcher(text).matches() && !text.equals("CONNECT") && !text.equals("TRACE")
                ? null
                : "must be a method of HTTP in capitals, such as POST";
    }

    /** What is wrong with a path and its query; null if nothing is. Whatever passes here can be sent. */
    static @Nullable String noPath(String text) {
        boolean fine = text.startsWith("/") && text.length() <= MOST_PATH;
        for (int i = 0; fine && i < text.length(); i++) {
            char c = text.charAt(i);
            fine = c > ' ' && c < 0x7f && c != '#' && c != '\\';
        }
        return fine
                ? null
                : "must begin with a slash, have at most " + MOST_PATH
                        + " characters, and have only ASCII without blanks, # and backslashes in it";
    }

    private static @Nullable String noContentType(String text) {
        return text.indexOf('/') < 1 ? "must be a type such as application/json" : noHeaderValue(text);
    }

    private static @Nullable String noHeaderName(String text) {
        return TOKEN.matcher(text).matches() && !NOT_AS_HEADER.containsKey(text.toLowerCase(Locale.ROOT))
                ? null
                : "must be a name that a header can have";
    }

    /** What is wrong with the value of a header; null if nothing is. */
    static @Nullable String noHeaderValue(String text) {
        if (text.length() > MOST_TEXT) {
            return "must have at most " + MOST_TEXT + " characters";
        }
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if ((c < ' ' && c != '\t') || c >= 0x7f) {
                return "must have only printable ASCII in it";
            }
        }
        return null;
    }

    /** What is wrong with a header that is to be sent; null if nothing is. */
    static @Nullable String notSent(String name, String value) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (!TOKEN.matcher(name).matches()) {
            return "is no name that a header can have";
        }
        String elsewhere = NOT_AS_HEADER.get(lower);
        boolean own = lower.equals("content-type") || lower.equals("user-agent");
        return elsewhere != null && !own ? elsewhere : noHeaderValue(value);
    }

    private static @Nullable String noXmlName(String text) {
        return text.length() <= 256 && XML_NAME.matcher(text).matches()
                ? null
                : "must be a name that an element can have";
    }

    private void add(Place place, String path, String rule) {
        problems.add(new ProfileProblem(place.line(), place.column(), path, rule));
    }

    /** The members of a part. */
    private final class Group {
        private final @Nullable Members members;
        private final String path;
        private final Place place;
        private final List<String> known = new ArrayList<>();

        Group(@Nullable Members members, String path, Place place) {
            this.members = members;
            this.path = path;
            this.place = place;
        }

        private String inner(String name) {
            return name.isEmpty() ? path : path.isEmpty() ? name : path + "." + name;
        }

        void known(String name) {
            if (!known.contains(name)) {
                known.add(name);
            }
        }

        boolean has(String name) {
            return members != null && members.members().containsKey(name);
        }

        List<String> names() {
            return members == null ? List.of() : List.copyOf(members.members().keySet());
        }

        /** Null if it is not there, or null. */
        @Nullable
        Part part(String name) {
            known(name);
            Part part = members == null ? null : members.members().get(name);
            return part instanceof Scalar scalar && scalar.value() == null ? null : part;
        }

        void problem(String name, String rule) {
            Part part = members == null ? null : members.members().get(name);
            add(part == null ? place : part.place(), inner(name), rule);
        }

        void problemAtName(String name, String rule) {
            Place named = members == null ? null : members.names().get(name);
            add(named == null ? place : named, inner(name), rule);
        }

        Group group(String name) {
            Part part = part(name);
            if (part == null || part instanceof Members) {
                return new Group((Members) part, inner(name), part == null ? place : part.place());
            }
            problem(name, "must have members");
            return new Group(null, inner(name), part.place());
        }

        /** Whether something is wrong with one of its members already. */
        boolean isWrong() {
            return problems.stream().anyMatch(problem -> problem.path().startsWith(path + "."));
        }

        /** Whether there is. */
        boolean nothingElse() {
            boolean there = false;
            for (String name : names()) {
                if (!known.contains(name)) {
                    String hint = Nearest.hint(name, known, "a member of " + (path.isEmpty() ? "a profile" : path));
                    problemAtName(name, hint.contains("?") ? hint : hint + "; there are " + String.join(", ", known));
                    there = true;
                }
            }
            return there;
        }

        private <T extends @Nullable Object> T scalar(
                String name, T usual, Function<Scalar, @Nullable T> read, String rule) {
            Part part = part(name);
            if (part == null) {
                return usual;
            }
            T value = part instanceof Scalar scalar ? read.apply(scalar) : null;
            if (value == null) {
                problem(name, rule);
                return usual;
            }
            return value;
        }

        @Nullable
        String textOrNull(String name, Function<String, @Nullable String> rule) {
            String text = this.<@Nullable String>scalar(
                    name, null, scalar -> scalar.value() instanceof String value ? value : null, "must be a text");
            if (text != null) {
                String wrong = rule.apply(text);
                if (wrong != null) {
                    problem(name, wrong);
                }
            }
            return text;
        }

        String text(String name, String usual, Function<String, @Nullable String> rule) {
            String text = textOrNull(name, rule);
            return text == null ? usual : text;
        }

        String needed(String name, Function<String, @Nullable String> rule) {
            if (part(name) == null) {
                add(place, inner(name), "is needed");
                return "";
            }
            return text(name, "", rule);
        }

        boolean flag(String name, boolean usual) {
            return scalar(
                    name,
                    usual,
                    scalar -> scalar.value() instanceof Boolean value ? value : null,
                    "must be true or false");
        }

        @Nullable
        Integer whole(String name, int least, int most) {
            return this.<@Nullable Integer>scalar(
                    name,
                    null,
                    scalar -> scalar.value() instanceof Long value && value >= least && value <= most
                            ? Integer.valueOf(value.intValue())
                            : null,
                    "must be a whole number from " + least + " to " + most);
        }

        <T> T oneOf(String name, T usual, T[] values, Function<T, String> text) {
            List<String> words = new ArrayList<>();
            for (T value : values) {
                words.add(text.apply(value));
            }
            return scalar(
                    name,
                    usual,
                    scalar -> {
                        int at = words.indexOf(String.valueOf(scalar.value()));
                        return at < 0 ? null : values[at];
                    },
                    "must be one of " + String.join(", ", words));
        }

        List<String> texts(String name, List<String> usual, Function<String, @Nullable String> rule) {
            Part part = part(name);
            if (part == null) {
                return usual;
            }
            List<String> texts = new ArrayList<>();
            if (part instanceof Items items && !items.parts().isEmpty()) {
                for (Part each : items.parts()) {
                    String text = each instanceof Scalar(Object value, Place _, Place _) && value instanceof String s
                            ? s
                            : null;
                    String wrong = text == null ? "must be a text" : rule.apply(text);
                    if (text == null || wrong != null) {
                        add(each.place(), inner(name), "each of them " + wrong);
                    } else {
                        texts.add(text);
                    }
                }
            } else {
                problem(name, "must be a list of texts");
            }
            return List.copyOf(texts);
        }

        /** JSONata that is written down as it is. */
        Text.@Nullable Computed expression(String name) {
            Part part = part(name);
            if (part == null) {
                return null;
            }
            if (!(part instanceof Scalar(Object value, Place _, Place content)) || !(value instanceof String text)) {
                problem(
                        name,
                        "must be an expression, which is a text; put one that YAML reads otherwise in a block (|)");
                return null;
            }
            return computed(inner(name), text, content);
        }

        private Text.Computed computed(String member, String text, Place content) {
            ProfileProblem broken = Formula.broken(text, member, content);
            if (broken != null) {
                problems.add(broken);
            }
            return new Text.Computed(text, member, content);
        }

        /** A text, or an object with the member {@code expression}. */
        @Nullable
        Text computable(String name, Function<String, @Nullable String> rule) {
            Part part = part(name);
            return switch (part) {
                case null -> null;
                case Members given -> {
                    Group group = new Group(given, inner(name), given.place());
                    Text.Computed computed = group.expression("expression");
                    if (!group.has("expression")) {
                        add(given.place(), inner(name), "must be a text, or {expression: JSONATA}");
                    }
                    group.nothingElse();
                    yield computed;
                }
                case Scalar scalar
                when scalar.value() instanceof String text -> {
                    String wrong = rule.apply(text);
                    if (wrong != null) {
                        problem(name, wrong);
                    }
                    yield new Text.Fixed(text);
                }
                case Scalar scalar when scalar.value() != null -> new Text.Fixed(String.valueOf(scalar.value()));
                default -> {
                    problem(name, "must be a text, or {expression: JSONATA}");
                    yield null;
                }
            };
        }

        Map<String, @Nullable Object> plain(String name) {
            Part part = part(name);
            if (part == null) {
                return Map.of();
            }
            if (!(part instanceof Members given)) {
                problem(name, "must have members");
                return Map.of();
            }
            Map<String, @Nullable Object> all = new LinkedHashMap<>();
            given.members().forEach((member, each) -> all.put(member, Yaml.plain(each)));
            return java.util.Collections.unmodifiableMap(all);
        }
    }
}
