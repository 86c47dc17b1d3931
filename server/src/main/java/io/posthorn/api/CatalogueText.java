package io.posthorn.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.posthorn.runtime.JsonSyntax;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;

/**
 * Catalogues as text: YAML, of which JSON is a part. What is read is held to the same rules as JSON in a request, so that
 * all of it can be stored.
 */
final class CatalogueText {
    /** Characters; the body of a request has a bound of its own. */
    private static final int LONGEST = 32 << 20;

    private static final int DEEPEST = 64;

    private static final YAMLMapper YAML = YAMLMapper.builder(YAMLFactory.builder()
                    .loaderOptions(options())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                    .disable(YAMLGenerator.Feature.SPLIT_LINES)
                    .enable(YAMLGenerator.Feature.LITERAL_BLOCK_STYLE)
                    .build())
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private CatalogueText() {}

    private static LoaderOptions options() {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(LONGEST);
        options.setNestingDepthLimit(DEEPEST);
        options.setAllowDuplicateKeys(false);
        options.setMaxAliasesForCollections(0);
        return options;
    }

    /** The tree, or what is wrong with the text. */
    static Json.Parsed read(String text) {
        try {
            String alias = alias(text);
            if (alias != null) {
                return new Json.Parsed.Wrong(Problem.value(alias, "body", "text"));
            }
            JsonNode tree = YAML.readTree(text);
            return Json.parse(Json.text(tree).getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            return new Json.Parsed.Wrong(Problem.value("is no YAML: " + JsonSyntax.explain(e), "body", "text"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NumberFormatException | ArithmeticException _) {
            return new Json.Parsed.Wrong(
                    Problem.value("has a number whose exponent is out of all bounds", "body", "text"));
        }
    }

    /** One alias can stand for very much; and the reader would take it for a text. */
    private static @Nullable String alias(String text) throws IOException {
        try (YAMLParser parser = (YAMLParser) YAML.createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.isCurrentAlias()) {
                    return "uses an alias, which is not possible here: write out what it stands for"
                            + JsonSyntax.place(parser.currentTokenLocation());
                }
            }
        }
        return null;
    }

    static String write(JsonNode tree) {
        try {
            return YAML.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
