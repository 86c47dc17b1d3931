package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.model.EventType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An event type as a document describes it. What the document says replaces what there is; what it says nothing of stays,
 * since most formats have no words for most of it.
 *
 * @param name of the event type
 * @param place where it stands, such as {@code webhooks, user.created}
 * @param members as the API takes them
 * @param schema that of the current version, in formats that know of one only; null if it says nothing
 */
record CatalogueEntry(
        String name,
        List<Object> place,
        ObjectNode members,
        @Nullable JsonNode schema) {
    /** What a document has one schema for is of this version, if nobody has said another. */
    private static final String FIRST = "1";

    /**
     * What is to be, over what there is.
     *
     * @param present null for nothing
     * @param problems where it adds what is wrong
     */
    EventTypeDraft draft(@Nullable EventType present, List<Problem> problems) {
        Fields fields = new Fields(whole(present), true);
        EventTypeDraft base = present == null ? EventTypeRoutes.BLANK : EventTypeDraft.of(present);
        EventTypeDraft draft = EventTypeRoutes.draft(fields, base);
        for (Problem problem : fields.problems()) {
            List<Object> loc = new ArrayList<>(List.of("body"));
            loc.addAll(place);
            loc.addAll(problem.loc().subList(1, problem.loc().size()));
            problems.add(new Problem(List.copyOf(loc), problem.msg(), problem.type()));
        }
        return draft;
    }

    private ObjectNode whole(@Nullable EventType present) {
        ObjectNode whole = members.deepCopy();
        if (!whole.has("archived")) {
            whole.put("archived", false); // what is in a catalogue is offered
        }
        if (schema == null) {
            return whole;
        }
        ObjectNode schemas = JsonNodeFactory.instance.objectNode();
        if (whole.path("schemas").isObject()) {
            schemas.setAll((ObjectNode) whole.path("schemas"));
        } else if (present != null && present.schemas() != null) {
            schemas.setAll(tree(present.schemas()));
        }
        String current = whole.path(whole.has("schemaVersion") ? "schemaVersion" : "version")
                .textValue();
        if (current == null && present != null) {
            current = present.contract().current();
        }
        schemas.set(current == null ? FIRST : current, schema);
        whole.set("schemas", schemas);
        return whole;
    }

    /** What is stored, which was an object when it was. */
    static ObjectNode tree(String json) {
        return Json.parse(json.getBytes(StandardCharsets.UTF_8)) instanceof Json.Parsed.Value(ObjectNode object)
                ? object
                : JsonNodeFactory.instance.objectNode();
    }
}
