package io.posthorn.runtime;

import com.networknt.schema.Error;
import com.networknt.schema.ExecutionConfig;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaException;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.ValidationLimitExceededException;
import com.networknt.schema.path.NodePath;
import com.networknt.schema.path.PathType;
import com.networknt.schema.regex.RegularExpression;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A JSON Schema that payloads are held against. Whoever wrote the schema, and whoever sends the payload, a check ends
 * soon: it counts its steps, its depth, and the characters that patterns look at, and gives up beyond a bound. Nothing is
 * fetched: a schema refers to its own parts only, and to the meta-schemas that come with the library. Any thread.
 */
public final class JsonSchema {
    /** Levels of a payload that is looked at. */
    private static final int DEEPEST = 100;
    /** Of schemas within schemas, at one place of a payload and below. */
    private static final int MOST_DEPTH = 300;
    /** Rules looked at in one check; half a second of work, roughly. */
    private static final long MOST_STEPS = 500_000;
    /** Characters that all patterns look at in one check: some tens of milliseconds. */
    private static final long MOST_LOOKS = 5_000_000;
    /** Of a pattern's cost, that much is done in a look. */
    private static final int OF_A_LOOK = 64;
    /** Violations that are told of. */
    private static final int MOST_TOLD = 10;

    private static final int LONGEST_RULE = 300;
    private static final String META = "https://json-schema.org/";
    private static final String OLD_META = "http://json-schema.org/";

    /** What is left of {@link #MOST_LOOKS} for the check on this thread. */
    private static final ScopedValue<long[]> LOOKS = ScopedValue.newInstance();

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNestingDepth(DEEPEST)
                            .maxStringLength(Integer.MAX_VALUE)
                            .maxNameLength(1 << 16)
                            .build())
                    .build())
            .build();

    private static final SchemaRegistryConfig CONFIG = SchemaRegistryConfig.builder()
            .formatAssertionsEnabled(true)
            .pathType(PathType.JSON_POINTER)
            .regularExpressionFactory(JsonSchema::counted)
            .build();

    private final Schema compiled;

    private JsonSchema(Schema compiled) {
        this.compiled = compiled;
    }

    /** What came of a check. */
    public sealed interface Checked {
        /** The payload keeps the schema. */
        record Keeps() implements Checked {}

        /** It breaks it here, and there. At least one, at most ten. */
        record Breaks(List<Violation> violations) implements Checked {}

        /**
         * It could not be told within the bounds.
         *
         * @param why for people
         */
        record Unclear(String why) implements Checked {}
    }

    /**
     * One place of a payload that breaks a rule.
     *
     * @param pointer JSON pointer; empty for the whole
     * @param rule for people
     */
    public record Violation(String pointer, String rule) {}

    /**
     * What is wrong with a schema.
     *
     * @param text JSON
     * @return for people; null if payloads can be held against it
     */
    public static @Nullable String broken(String text) {
        Object made = make(text);
        return made instanceof String wrong ? wrong : null;
    }

    /**
     * A schema to hold payloads against.
     *
     * @param text one with which nothing is {@linkplain #broken wrong}
     * @throws IllegalArgumentException if something is
     */
    public static JsonSchema of(String text) {
        if (make(text) instanceof Schema schema) {
            return new JsonSchema(schema);
        }
        throw new IllegalArgumentException("the schema " + broken(text));
    }

    /** A compiled {@link Schema}, or a text that says why there is none. */
    private static Object make(String text) {
        try {
            JsonNode tree = JSON.readTree(text);
            if (!tree.isObject() && !tree.isBoolean()) {
                return "must be an object, or true or false";
            }
            String dialect = tree.path("$schema").asString(SpecificationVersion.DRAFT_2020_12.getDialectId());
            if (!dialect.startsWith(META) && !dialect.startsWith(OLD_META)) {
                return "names a $schema that is not known; json-schema.org's own are";
            }
            // one for each schema: what one of them defines under an $id is nobody else's business
            SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
                    SpecificationVersion.DRAFT_2020_12,
                    builder -> builder.schemaRegistryConfig(CONFIG)
                            .schemaLoader(loader ->
                                    loader.fetchRemoteResources(false).allow(iri -> isMeta(String.valueOf(iri)))));
            Schema meta = registry.getSchema(SchemaLocation.of(dialect));
            List<Error> errors = bounded(() -> errors(meta, tree));
            if (!errors.isEmpty()) {
                return "is no JSON Schema: " + described(errors.getFirst());
            }
            Schema schema = registry.getSchema(tree);
            schema.initializeValidators();
            // compiles what is behind references, which is left until somebody comes by otherwise
            errors(schema, JSON.createObjectNode());
            return schema;
        } catch (ValidationLimitExceededException | TooManyLooks e) {
            return "takes too long: it goes in a circle, or is too large";
        } catch (JacksonException e) {
            return "is no JSON: " + cut(e.getOriginalMessage());
        } catch (SchemaException | PatternSyntaxException e) {
            return "cannot be used (only references within it are followed): " + cut(String.valueOf(e.getMessage()));
        } catch (StackOverflowError _) {
            return "goes in a circle";
        } catch (RuntimeException e) {
            return "cannot be used: " + cut(String.valueOf(e.getMessage()));
        }
    }

    private static boolean isMeta(String iri) {
        return iri.startsWith(META) || iri.startsWith(OLD_META);
    }

    /**
     * Holds a payload against it.
     *
     * @param json a payload, in UTF-8
     */
    public Checked check(byte[] json) {
        try {
            JsonNode tree = JSON.readTree(json);
            List<Error> errors = bounded(() -> errors(compiled, tree));
            if (errors.isEmpty()) {
                return new Checked.Keeps();
            }
            List<Violation> violations = new ArrayList<>();
            for (Error error : errors) {
                if (violations.size() == MOST_TOLD) {
                    break;
                }
                violations.add(new Violation(pointer(error), cut(error.getMessage())));
            }
            return new Checked.Breaks(List.copyOf(violations));
        } catch (ValidationLimitExceededException | TooManyLooks | StackOverflowError _) {
            return new Checked.Unclear("it takes too long to hold it against the schema");
        } catch (JacksonException e) {
            return new Checked.Unclear("it is nested more than " + DEEPEST
                    + " deep, or has a number that is too long, to be held against the schema");
        } catch (RuntimeException e) {
            return new Checked.Unclear("it cannot be held against the schema: " + cut(String.valueOf(e.getMessage())));
        }
    }

    private static <T> T bounded(Supplier<T> check) {
        return ScopedValue.where(LOOKS, new long[] {MOST_LOOKS}).call(check::get);
    }

    private static List<Error> errors(Schema schema, JsonNode tree) {
        return schema.validate(
                tree,
                context -> context.setExecutionConfig(ExecutionConfig.builder()
                        .maxEvaluationSteps(MOST_STEPS)
                        .maxEvaluationDepth(MOST_DEPTH)
                        .formatAssertionsEnabled(true)
                        .build()));
    }

    private static String described(Error error) {
        String pointer = pointer(error);
        return (pointer.isEmpty() ? "" : "at " + pointer + " ") + cut(error.getMessage());
    }

    /** The place that breaks the rule; of a member that is missing, the place of its object. */
    private static String pointer(Error error) {
        NodePath path = error.getInstanceLocation();
        StringBuilder pointer = new StringBuilder();
        for (int i = 0; i < path.getNameCount(); i++) {
            pointer.append('/').append(path.getName(i).replace("~", "~0").replace("/", "~1"));
        }
        return pointer.toString();
    }

    private static String cut(String text) {
        return text.length() > LONGEST_RULE ? text.substring(0, LONGEST_RULE) + "…" : text;
    }

    // ---- patterns

    private static RegularExpression counted(String regex) {
        // in a schema, the end is the end, and not the place before a line feed
        boolean end = regex.endsWith("$") && !regex.endsWith("\\$");
        Pattern pattern = Pattern.compile(end ? regex.substring(0, regex.length() - 1) + "\\z" : regex);
        int cost = PatternCost.of(pattern);
        int ofALook = (cost + OF_A_LOOK - 1) / OF_A_LOOK;
        return value -> {
            long[] left = LOOKS.isBound() ? LOOKS.get() : new long[] {MOST_LOOKS};
            Counted text = new Counted(value, left, ofALook);
            // it may be tried at each place and fail there without a look
            text.count((value.length() + 1L) * cost / OF_A_LOOK);
            return pattern.matcher(text).find();
        };
    }

    /** Thrown from within a pattern that goes back and forth for too long. It carries no stack: it is an answer. */
    private static final class TooManyLooks extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyLooks() {
            super("a pattern looks at too many characters", null, false, false);
        }
    }

    /** A text that counts how often somebody looks at it. */
    private record Counted(String text, long[] left, int ofALook) implements CharSequence {
        void count(long looks) {
            left[0] -= looks;
            if (left[0] < 0) {
                throw new TooManyLooks();
            }
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            count(ofALook);
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
