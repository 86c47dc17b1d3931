package io.posthorn.api;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.ExecutionContext;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.dialect.Dialect;
import com.networknt.schema.dialect.Dialects;
import com.networknt.schema.format.Format;
import com.networknt.schema.keyword.NonValidationKeyword;
import java.util.Map;

/** Compiles the schemas of the document. */
final class Schemas {
    /** As the operations read them: what the document refuses and what they refuse is the same. */
    private static final Format TIME = new Format() {
        @Override
        public String getName() {
            return "date-time";
        }

        @Override
        public boolean matches(ExecutionContext context, String value) {
            return Times.read(value) != null;
        }
    };

    private static final String IRI = "urn:posthorn:openapi";

    private final OpenApi document;
    private final SchemaRegistry registry;

    Schemas(OpenApi document) {
        this.document = document;
        // only the parts that have schemas: at the top of a schema, openapi and info would be unknown words
        ObjectNode parts = JsonNodeFactory.instance.objectNode();
        parts.put("$schema", SpecificationVersion.DRAFT_2020_12.getDialectId());
        parts.set("components", document.tree().path("components"));
        parts.set("paths", document.tree().path("paths"));
        SchemaRegistryConfig config =
                SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build();
        Dialect dialect = Dialect.builder(Dialects.getDraft202012())
                .keyword(new NonValidationKeyword("x-rule"))
                .format(TIME)
                .build();
        registry = SchemaRegistry.withDefaultDialect(
                dialect,
                builder -> builder.schemas(Map.of(IRI, Json.text(parts))).schemaRegistryConfig(config));
    }

    /** The schema at a JSON pointer of the document. */
    SchemaCheck at(String pointer) {
        return new SchemaCheck(document, registry.getSchema(SchemaLocation.of(IRI + "#" + pointer)));
    }
}
