package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.Rules;
import io.posthorn.model.EventType;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/event-type}. Deleting archives; {@code ?expunge=true} deletes. */
final class EventTypeRoutes implements RouteModule {
    private static final String ALL = "/api/v1/event-type";
    private static final String ONE = ALL + "/:name";
    private static final EventTypeDraft BLANK = new EventTypeDraft("", false, false, null, null);

    private final Catalog catalog;

    EventTypeRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /** An event type as it is shown; the schemas, which are large, only to those who ask. */
    record Out(
            String name,
            String description,
            boolean archived,
            boolean deprecated,
            @Nullable String groupName,
            @JsonRawValue @Nullable String schemas,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(EventType type) {
            return new Out(
                    type.name(),
                    type.description(),
                    type.archived(),
                    type.deprecated(),
                    type.groupName(),
                    type.schemas(),
                    type.createdAt(),
                    type.updatedAt());
        }

        Out withoutSchemas() {
            return new Out(name, description, archived, deprecated, groupName, null, createdAt, updatedAt);
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.CATALOG, this::list),
                Operation.post(ALL, Access.MANAGE, this::create),
                Operation.get(ONE, Access.CATALOG, this::read),
                Operation.put(ONE, Access.MANAGE, this::put),
                Operation.patch(ONE, Access.MANAGE, this::patch),
                Operation.delete(ONE, Access.MANAGE, this::delete));
    }

    private Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, true);
        boolean archivedToo = query.flag("include_archived");
        boolean withSchemas = query.flag("with_content");
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        return Answer.json(
                200,
                paging.page(
                        (after, ascending, most) ->
                                catalog.eventTypes().list(call.env(), after, ascending, most, archivedToo),
                        EventType::name,
                        type -> withSchemas ? Out.of(type) : Out.of(type).withoutSchemas()));
    }

    private Answer create(Call call) {
        Fields fields = new Fields(call.body(), false);
        String name = fields.requiredText("name", "", Rules::name);
        EventTypeDraft draft = draft(fields, BLANK);
        return fields.problems().isEmpty()
                ? Answer.of(catalog.eventTypes().create(call.env(), name, draft), Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer read(Call call) {
        EventType type = catalog.eventType(call.env(), call.path("name"));
        return type == null ? Answer.notFound("event type") : Answer.json(200, Out.of(type));
    }

    private Answer put(Call call) {
        String name = call.path("name");
        Fields fields = new Fields(call.body(), false);
        EventTypeDraft draft = draft(fields, BLANK);
        fields.path("name", name, Rules::name);
        return fields.problems().isEmpty()
                ? Answer.of(catalog.eventTypes().put(call.env(), name, draft), Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer patch(Call call) {
        Fields fields = new Fields(call.body(), true);
        draft(fields, BLANK);
        return fields.problems().isEmpty()
                ? Answer.of(
                        catalog.eventTypes()
                                .patch(call.env(), call.path("name"), present -> draft(fields.checked(), present)),
                        Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer delete(Call call) {
        boolean expunge = call.query().flag("expunge");
        return call.query().problems().isEmpty()
                ? Answer.of(catalog.eventTypes().delete(call.env(), call.path("name"), expunge), Out::of)
                : Answer.invalid(call.query().problems());
    }

    private static EventTypeDraft draft(Fields fields, EventTypeDraft base) {
        return new EventTypeDraft(
                fields.requiredText("description", base.description(), Rules::description),
                fields.flag("archived", base.archived()),
                fields.flag("deprecated", base.deprecated()),
                fields.optionalText("groupName", base.groupName(), Rules::name),
                schemas(fields, base));
    }

    private static @Nullable String schemas(Fields fields, EventTypeDraft base) {
        JsonNode schemas = fields.raw("schemas");
        if (schemas.isMissingNode()) {
            return base.schemas();
        }
        if (schemas.isNull()) {
            return null;
        }
        if (!schemas.isObject()) {
            fields.refuse("schemas", "must be an object, from version to JSON Schema");
            return base.schemas();
        }
        return Json.text(schemas);
    }
}
