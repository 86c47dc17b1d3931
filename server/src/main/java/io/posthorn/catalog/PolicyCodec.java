package io.posthorn.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.DeliveryPolicy.Afterwards;
import io.posthorn.model.DeliveryPolicy.Circuit;
import io.posthorn.model.DeliveryPolicy.Concurrency;
import io.posthorn.model.DeliveryPolicy.Disabling;
import io.posthorn.model.DeliveryPolicy.Exponential;
import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.Notification;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.DeliveryPolicy.Retry;
import io.posthorn.model.DeliveryPolicy.Success;
import io.posthorn.runtime.Durations;
import io.posthorn.runtime.Expression;
import io.posthorn.runtime.KeyPath;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link DeliveryPolicy} as JSON, as the API has it and as the database keeps it. What is not mentioned is as it was;
 * what is null is as it usually is. The database keeps only what differs from the usual, so that an owner who has decided
 * one thing has not decided all others too.
 */
public final class PolicyCodec {
    private static final Logger LOG = LoggerFactory.getLogger(PolicyCodec.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LEAST_DELAY = Duration.ofMillis(10);
    private static final Duration MONTH = Duration.ofDays(30);
    private static final Duration QUARTER = Duration.ofDays(90);
    private static final Duration USUAL_INITIAL = Duration.ofSeconds(5);
    private static final double USUAL_FACTOR = 2;
    private static final Duration USUAL_CAP = Duration.ofHours(24);
    private static final int MOST_DELAYS = 50;
    private static final int MOST_ATTEMPTS = 100;
    private static final int MOST_STATUSES = 50;
    private static final int LONGEST_TEXT = 1_024;
    private static final int MOST_EMAILS = 10;
    private static final int LONGEST_EMAIL = 254;
    private static final Pattern STATUS = Pattern.compile("[1-5]xx|[1-5][0-9][0-9]");
    /**
     * An address as forms take it, HTML 4.10.5.1.5, which has no quotes, comments or line breaks to smuggle; and dots
     * only between other characters, since RFC 5322 and so the mail room refuse the rest.
     */
    private static final Pattern EMAIL = Pattern.compile("[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]++"
            + "(?:\\.[a-zA-Z0-9!#$%&'*+/=?^_`{|}~-]++)*+@[a-zA-Z0-9]"
            + "(?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*");

    private PolicyCodec() {}

    /**
     * A rule between members that is broken.
     *
     * @param path of the member to name, from {@code delivery} on
     * @param rule for people
     */
    record Broken(List<String> path, String rule) {}

    /** What is wrong with a policy as a whole, whose members are fine by themselves; null if nothing is. */
    static @Nullable Broken broken(DeliveryPolicy policy) {
        Exponential exponential = policy.retry().exponential();
        if (exponential != null && exponential.cap().compareTo(exponential.initial()) < 0) {
            return new Broken(
                    List.of("delivery", "retry", "exponential", "cap"),
                    "must not be less than initial, which is " + Durations.show(exponential.initial()) + "; it is "
                            + Durations.show(exponential.cap()));
        }
        if (exponential != null
                && policy.retry().maxAttempts() == null
                && policy.retry().maxAge() == null) {
            return new Broken(
                    List.of("delivery", "retry", "exponential"),
                    "needs maxAttempts or maxAge beside it, because it would never end");
        }
        return null;
    }

    /** Told what is wrong, and where. */
    @FunctionalInterface
    public interface Problems {
        /**
         * A rule is broken.
         *
         * @param path names of members, from the outermost on
         * @param rule for people
         */
        void add(List<String> path, String rule);
    }

    /**
     * Reads one. If there is a problem, what is returned is of no meaning.
     *
     * @param given an object
     * @param base what it is where nothing is given
     */
    public static DeliveryPolicy read(JsonNode given, DeliveryPolicy base, Problems problems) {
        return read(given, base, DeliveryPolicy.DEFAULT, problems);
    }

    /**
     * As {@link #read(JsonNode, DeliveryPolicy, Problems)}, where something else than Posthorn's own is usual.
     *
     * @param usual what null stands for, such as what an endpoint's profile says
     */
    public static DeliveryPolicy read(JsonNode given, DeliveryPolicy base, DeliveryPolicy usual, Problems problems) {
        Group all = new Group(given, List.of(), problems);
        DeliveryPolicy policy = new DeliveryPolicy(
                order(all.group("order"), base.order(), usual.order()),
                retry(all.group("retry"), base.retry(), usual.retry()),
                all.duration("timeout", base.timeout(), usual.timeout(), Duration.ofMillis(100), Duration.ofMinutes(5)),
                success(all.group("success"), base.success(), usual.success()),
                circuit(all.group("circuit"), base.circuit(), usual.circuit()),
                concurrency(all.group("concurrency"), base.concurrency(), usual.concurrency()),
                disabling(all.group("disabling"), base.disabling(), usual.disabling()),
                notification(all.group("notification"), base.notification(), usual.notification()));
        all.nothingElse();
        return policy;
    }

    private static Order order(Group group, Order base, Order usual) {
        Order order = new Order(
                group.oneOf("mode", base.mode(), usual.mode(), Mode.values(), Mode::text),
                group.text("key", base.key(), usual.key(), KeyPath::broken),
                group.oneOf(
                        "onExhausted",
                        base.onExhausted(),
                        usual.onExhausted(),
                        OnExhausted.values(),
                        OnExhausted::text));
        group.nothingElse();
        return order;
    }

    private static Retry retry(Group group, Retry base, Retry usual) {
        List<Duration> schedule = group.durations("schedule", base.schedule(), usual.schedule());
        Exponential exponential = exponential(group, base.exponential(), usual.exponential());
        if (schedule != null && exponential != null) {
            // Whoever gives one of the two in a change means it instead of the other.
            if (group.gives("schedule") && group.gives("exponential")) {
                group.problem("exponential", "must not be given beside schedule");
            }
            if (group.gives("exponential")) {
                schedule = null;
            } else {
                exponential = null;
            }
        }
        Retry retry = new Retry(
                schedule,
                exponential,
                group.number("jitter", base.jitter(), usual.jitter(), 0, 1),
                group.whole("maxAttempts", base.maxAttempts(), usual.maxAttempts(), 1, MOST_ATTEMPTS),
                group.duration("maxAge", base.maxAge(), usual.maxAge(), Duration.ofSeconds(1), QUARTER),
                group.texts("statuses", base.statuses(), usual.statuses(), MOST_STATUSES, PolicyCodec::noStatus),
                group.flag("timeouts", base.timeouts(), usual.timeouts()),
                group.flag("connectionErrors", base.connectionErrors(), usual.connectionErrors()));
        group.nothingElse();
        return retry;
    }

    private static @Nullable Exponential exponential(
            Group retry, @Nullable Exponential base, @Nullable Exponential usual) {
        if (!retry.gives("exponential")) {
            retry.group("exponential");
            return retry.isNull("exponential") ? usual : base;
        }
        Group group = retry.group("exponential");
        Duration initial = group.duration("initial", base == null ? null : base.initial(), null, LEAST_DELAY, MONTH);
        Double factor = group.number("factor", base == null ? null : Double.valueOf(base.factor()), null, 1, 100);
        Duration cap = group.duration("cap", base == null ? null : base.cap(), null, LEAST_DELAY, MONTH);
        group.nothingElse();
        return new Exponential(
                initial == null ? USUAL_INITIAL : initial,
                factor == null ? USUAL_FACTOR : factor,
                cap == null ? USUAL_CAP : cap);
    }

    private static Success success(Group group, Success base, Success usual) {
        Success success = new Success(
                group.texts("statuses", base.statuses(), usual.statuses(), MOST_STATUSES, PolicyCodec::noStatus),
                group.text("body", base.body(), usual.body(), PolicyCodec::tooLong),
                group.text("expression", base.expression(), usual.expression(), Expression::broken));
        group.nothingElse();
        return success;
    }

    private static Circuit circuit(Group group, Circuit base, Circuit usual) {
        Circuit circuit = new Circuit(
                group.flag("enabled", base.enabled(), usual.enabled()),
                group.whole("failures", base.failures(), usual.failures(), 1, 10_000),
                group.number("failureRate", base.failureRate(), usual.failureRate(), 0.01, 1),
                group.needed(
                        "probeAfter",
                        base.probeAfter(),
                        usual.probeAfter(),
                        Duration.ofSeconds(1),
                        Duration.ofHours(1)),
                group.needed("keepFor", base.keepFor(), usual.keepFor(), Duration.ofSeconds(1), QUARTER),
                group.oneOf(
                        "afterwards", base.afterwards(), usual.afterwards(), Afterwards.values(), Afterwards::text));
        group.nothingElse();
        return circuit;
    }

    private static Concurrency concurrency(Group group, Concurrency base, Concurrency usual) {
        Concurrency concurrency = new Concurrency(
                group.whole("max", base.max(), usual.max(), 1, 1_000),
                group.flag("adaptive", base.adaptive(), usual.adaptive()));
        group.nothingElse();
        return concurrency;
    }

    private static Disabling disabling(Group group, Disabling base, Disabling usual) {
        Disabling disabling = new Disabling(
                group.flag("onGone", base.onGone(), usual.onGone()),
                // null is a decision here: never
                group.durationOrNever(
                        "failingFor", base.failingFor(), usual.failingFor(), Duration.ofSeconds(1), QUARTER),
                group.whole("failures", base.failures(), usual.failures(), 1, 1_000_000));
        group.nothingElse();
        return disabling;
    }

    private static Notification notification(Group group, Notification base, Notification usual) {
        List<String> emails = group.texts("emails", base.emails(), usual.emails(), MOST_EMAILS, PolicyCodec::noEmail);
        Notification notification = new Notification(
                emails == null ? List.of() : each(emails),
                group.flag("onRejected", base.onRejected(), usual.onRejected()));
        group.nothingElse();
        return notification;
    }

    /** Each address once, as it was written first: mail servers do not tell capitals from small letters. */
    private static List<String> each(List<String> emails) {
        Map<String, String> once = new LinkedHashMap<>();
        emails.forEach(address -> once.putIfAbsent(address.toLowerCase(Locale.ROOT), address));
        return List.copyOf(once.values());
    }

    private static @Nullable String noStatus(String text) {
        return STATUS.matcher(text).matches() ? null : "must be a status such as 429, or a class such as 5xx";
    }

    /** What is wrong with an e-mail address; null if nothing is. */
    public static @Nullable String noEmail(String text) {
        return text.length() <= LONGEST_EMAIL && EMAIL.matcher(text).matches() ? null : "must be an e-mail address";
    }

    private static @Nullable String tooLong(String text) {
        return text.isBlank() || text.length() > LONGEST_TEXT
                ? "must be 1 to " + LONGEST_TEXT + " characters, and not only blanks"
                : null;
    }

    /**
     * What an endpoint's policy is when what it stands on becomes another one: what its owner has decided stays.
     *
     * @param current that of the endpoint
     * @param oldBase what it stood on until now
     * @param newBase what it stands on from now
     */
    static DeliveryPolicy rebase(DeliveryPolicy current, DeliveryPolicy oldBase, DeliveryPolicy newBase) {
        if (oldBase.equals(newBase)) {
            return current;
        }
        // null in the difference means that the owner has none of what the old base had
        return read(write(current, oldBase), newBase, DeliveryPolicy.DEFAULT, (path, rule) -> {});
    }

    /** As the API shows it: all of it. */
    public static ObjectNode shown(DeliveryPolicy policy) {
        return write(policy, null);
    }

    /** As the database keeps it; null if nothing differs from the usual. */
    static @Nullable String stored(DeliveryPolicy policy) {
        if (policy.equals(DeliveryPolicy.DEFAULT)) {
            return null;
        }
        String json = write(policy, DeliveryPolicy.DEFAULT).toString();
        if (!stored(json).equals(policy)) {
            throw new IllegalStateException("a delivery policy would be read as another one: " + json);
        }
        return json;
    }

    /**
     * The other way round. Nothing may keep the server from starting: what cannot be read, because another version wrote
     * it, is as it usually is.
     */
    static DeliveryPolicy stored(String json) {
        List<String> wrong = new ArrayList<>();
        try {
            DeliveryPolicy policy = read(
                    JSON.readTree(json),
                    DeliveryPolicy.DEFAULT,
                    (path, rule) -> wrong.add(String.join(".", path) + " " + rule));
            if (wrong.isEmpty()) {
                return policy;
            }
        } catch (JsonProcessingException e) {
            wrong.add(String.valueOf(e.getOriginalMessage()));
        }
        LOG.error("a stored delivery policy is not used, all is as usual for its endpoint: {} in {}", wrong, json);
        return DeliveryPolicy.DEFAULT;
    }

    private static ObjectNode write(DeliveryPolicy policy, @Nullable DeliveryPolicy usual) {
        Output all = new Output();
        Output order = new Output();
        order.put(
                "mode",
                policy.order(),
                usual == null ? null : usual.order(),
                o -> o.mode().text());
        order.put("key", policy.order(), usual == null ? null : usual.order(), Order::key);
        order.put(
                "onExhausted",
                policy.order(),
                usual == null ? null : usual.order(),
                o -> o.onExhausted().text());
        all.put("order", order, usual != null);
        Retry usualRetry = usual == null ? null : usual.retry();
        Output retry = new Output();
        retry.put("schedule", policy.retry(), usualRetry, r -> texts(r.schedule()));
        retry.put("exponential", policy.retry(), usualRetry, r -> written(r.exponential()));
        retry.put("jitter", policy.retry(), usualRetry, Retry::jitter);
        retry.put("maxAttempts", policy.retry(), usualRetry, Retry::maxAttempts);
        retry.put("maxAge", policy.retry(), usualRetry, r -> text(r.maxAge()));
        retry.put("statuses", policy.retry(), usualRetry, Retry::statuses);
        retry.put("timeouts", policy.retry(), usualRetry, Retry::timeouts);
        retry.put("connectionErrors", policy.retry(), usualRetry, Retry::connectionErrors);
        all.put("retry", retry, usual != null);
        all.put("timeout", policy, usual, p -> text(p.timeout()));
        Success usualSuccess = usual == null ? null : usual.success();
        Output success = new Output();
        success.put("statuses", policy.success(), usualSuccess, Success::statuses);
        success.put("body", policy.success(), usualSuccess, Success::body);
        success.put("expression", policy.success(), usualSuccess, Success::expression);
        all.put("success", success, usual != null);
        Circuit usualCircuit = usual == null ? null : usual.circuit();
        Output circuit = new Output();
        circuit.put("enabled", policy.circuit(), usualCircuit, Circuit::enabled);
        circuit.put("failures", policy.circuit(), usualCircuit, Circuit::failures);
        circuit.put("failureRate", policy.circuit(), usualCircuit, Circuit::failureRate);
        circuit.put("probeAfter", policy.circuit(), usualCircuit, c -> text(c.probeAfter()));
        circuit.put("keepFor", policy.circuit(), usualCircuit, c -> text(c.keepFor()));
        circuit.put(
                "afterwards",
                policy.circuit(),
                usualCircuit,
                c -> c.afterwards().text());
        all.put("circuit", circuit, usual != null);
        Concurrency usualConcurrency = usual == null ? null : usual.concurrency();
        Output concurrency = new Output();
        concurrency.put("max", policy.concurrency(), usualConcurrency, Concurrency::max);
        concurrency.put("adaptive", policy.concurrency(), usualConcurrency, Concurrency::adaptive);
        all.put("concurrency", concurrency, usual != null);
        Disabling usualDisabling = usual == null ? null : usual.disabling();
        Output disabling = new Output();
        disabling.put("onGone", policy.disabling(), usualDisabling, Disabling::onGone);
        disabling.put("failingFor", policy.disabling(), usualDisabling, d -> text(d.failingFor()));
        disabling.put("failures", policy.disabling(), usualDisabling, Disabling::failures);
        all.put("disabling", disabling, usual != null);
        Notification usualNotification = usual == null ? null : usual.notification();
        Output notification = new Output();
        notification.put("emails", policy.notification(), usualNotification, Notification::emails);
        notification.put("onRejected", policy.notification(), usualNotification, Notification::onRejected);
        all.put("notification", notification, usual != null);
        return all.object;
    }

    private static @Nullable String text(@Nullable Duration duration) {
        return duration == null ? null : Durations.show(duration);
    }

    private static @Nullable List<String> texts(@Nullable List<Duration> durations) {
        return durations == null
                ? null
                : durations.stream().map(Durations::show).toList();
    }

    private static @Nullable ObjectNode written(@Nullable Exponential exponential) {
        return exponential == null
                ? null
                : JsonNodeFactory.instance
                        .objectNode()
                        .put("initial", Durations.show(exponential.initial()))
                        .put("factor", exponential.factor())
                        .put("cap", Durations.show(exponential.cap()));
    }

    /** An object that is written, all of it or what differs. */
    private static final class Output {
        private final ObjectNode object = JsonNodeFactory.instance.objectNode();

        <T> void put(String name, T of, @Nullable T usual, Function<T, @Nullable Object> member) {
            Object value = member.apply(of);
            if (usual == null || !Objects.equals(value, member.apply(usual))) {
                object.set(name, JSON.valueToTree(value));
            }
        }

        void put(String name, Output group, boolean leaveOutIfEmpty) {
            if (!leaveOutIfEmpty || !group.object.isEmpty()) {
                object.set(name, group.object);
            }
        }
    }

    /** An object that is read. */
    private static final class Group {
        private final JsonNode object;
        private final List<String> path;
        private final Problems problems;
        private final List<String> known = new ArrayList<>();

        Group(JsonNode object, List<String> path, Problems problems) {
            this.object = object;
            this.path = path;
            this.problems = problems;
            if (!object.isObject() && !object.isMissingNode() && !object.isNull()) {
                problems.add(path, "must be an object");
            }
        }

        void problem(String name, String rule) {
            List<String> place = new ArrayList<>(path);
            place.add(name);
            problems.add(place, rule);
        }

        boolean isNull(String name) {
            return whole() || object.path(name).isNull();
        }

        /** The whole group is null: all of it is as usual. */
        private boolean whole() {
            return object.isNull();
        }

        boolean gives(String name) {
            JsonNode member = object.path(name);
            return !member.isMissingNode() && !member.isNull();
        }

        private @Nullable JsonNode member(String name) {
            known.add(name);
            JsonNode member = object.path(name);
            return whole() ? JsonNodeFactory.instance.nullNode() : member.isMissingNode() ? null : member;
        }

        Group group(String name) {
            known.add(name);
            List<String> place = new ArrayList<>(path);
            place.add(name);
            return new Group(whole() ? object : object.path(name), place, problems);
        }

        void nothingElse() {
            if (object.isObject()) {
                object.fieldNames().forEachRemaining(name -> {
                    if (!known.contains(name)) {
                        problem(name, "is nothing that can be decided here; there are " + String.join(", ", known));
                    }
                });
            }
        }

        private <T extends @Nullable Object> T value(String name, T base, T usual, Function<JsonNode, T> read) {
            JsonNode member = member(name);
            return member == null ? base : member.isNull() ? usual : read.apply(member);
        }

        boolean flag(String name, boolean base, boolean usual) {
            return value(name, base, usual, member -> {
                if (!member.isBoolean()) {
                    problem(name, "must be true or false");
                }
                return member.booleanValue();
            });
        }

        @Nullable
        Integer whole(String name, @Nullable Integer base, @Nullable Integer usual, int least, int most) {
            return this.<@Nullable Integer>value(name, base, usual, member -> {
                if (!member.isIntegralNumber()
                        || !member.canConvertToInt()
                        || member.intValue() < least
                        || member.intValue() > most) {
                    problem(name, "must be a whole number from " + least + " to " + most);
                }
                return member.intValue();
            });
        }

        @Nullable
        Double number(String name, @Nullable Double base, @Nullable Double usual, double least, double most) {
            return this.<@Nullable Double>value(name, base, usual, member -> {
                if (!member.isNumber() || !(member.doubleValue() >= least && member.doubleValue() <= most)) {
                    problem(name, "must be a number from " + least + " to " + most);
                }
                return member.doubleValue();
            });
        }

        @Nullable
        String text(
                String name, @Nullable String base, @Nullable String usual, Function<String, @Nullable String> rule) {
            return this.<@Nullable String>value(name, base, usual, member -> {
                String broken = member.isTextual() ? rule.apply(member.textValue()) : "must be a text";
                if (broken != null) {
                    problem(name, broken);
                }
                return member.asText();
            });
        }

        @Nullable
        List<String> texts(
                String name,
                @Nullable List<String> base,
                @Nullable List<String> usual,
                int most,
                Function<String, @Nullable String> rule) {
            return this.<@Nullable List<String>>value(name, base, usual, member -> {
                if (!member.isArray() || member.size() > most) {
                    problem(name, "must be a list of at most " + most + " texts");
                    return base;
                }
                if (member.isEmpty() && usual == null) {
                    problem(name, "must name at least one; null is for the usual");
                }
                List<String> texts = new ArrayList<>();
                for (JsonNode each : member) {
                    String broken = each.isTextual() ? rule.apply(each.textValue()) : "must be a text";
                    if (broken != null) {
                        problem(name, "each of them " + broken);
                        return base;
                    }
                    texts.add(each.textValue());
                }
                return List.copyOf(texts);
            });
        }

        <T> T oneOf(String name, T base, T usual, T[] values, Function<T, String> text) {
            return value(name, base, usual, member -> {
                for (T value : values) {
                    if (member.isTextual() && text.apply(value).equals(member.textValue())) {
                        return value;
                    }
                }
                problem(
                        name,
                        "must be "
                                + String.join(
                                        ", ", List.of(values).stream().map(text).toList()));
                return base;
            });
        }

        @Nullable
        Duration duration(
                String name, @Nullable Duration base, @Nullable Duration usual, Duration least, Duration most) {
            return this.<@Nullable Duration>value(name, base, usual, member -> read(name, member, least, most));
        }

        /** As {@link #duration} where null is what usually is not there: never. */
        @Nullable
        Duration durationOrNever(
                String name, @Nullable Duration base, @Nullable Duration usual, Duration least, Duration most) {
            if (whole()) {
                return usual;
            }
            return duration(name, base, null, least, most);
        }

        Duration needed(String name, Duration base, Duration usual, Duration least, Duration most) {
            return value(name, base, usual, member -> read(name, member, least, most));
        }

        @Nullable
        List<Duration> durations(String name, @Nullable List<Duration> base, @Nullable List<Duration> usual) {
            return this.<@Nullable List<Duration>>value(name, base, usual, member -> {
                if (!member.isArray() || member.size() > MOST_DELAYS) {
                    problem(name, "must be a list of at most " + MOST_DELAYS + " durations");
                    return base;
                }
                List<Duration> durations = new ArrayList<>();
                for (JsonNode each : member) {
                    durations.add(read(name, each, LEAST_DELAY, MONTH));
                }
                return List.copyOf(durations);
            });
        }

        private Duration read(String name, JsonNode member, Duration least, Duration most) {
            Duration duration = member.isTextual() ? Durations.parse(member.textValue()) : null;
            if (duration == null || duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
                problem(
                        name,
                        "must be a duration such as 500ms, 30s, 5m, 2h or 5d, from " + Durations.show(least) + " to "
                                + Durations.show(most));
                return least;
            }
            return duration;
        }
    }
}
