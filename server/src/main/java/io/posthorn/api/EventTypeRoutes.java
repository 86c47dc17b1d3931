package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Rules;
import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/event-type}. Deleting archives; {@code ?expunge=true} deletes. */
final class EventTypeRoutes implements Resource<EventType> {
    private static final String ALL = "/api/v1/event-type";
    private static final String ONE = ALL + "/:name";
    static final EventTypeDraft BLANK = new EventTypeDraft("", false, false, null, null, null);

    private final Catalog catalog;

    EventTypeRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * Who wants the event type and does not get it, because it needs scopes that the application lacks.
     *
     * @param count of such endpoints
     * @param endpoints the first of them
     */
    record Withheld(int count, List<At> endpoints) {
        private static final int MOST = 100;

        /**
         * One of them.
         *
         * @param appId of its application
         * @param appUid of its application
         * @param id of the endpoint
         * @param uid of the endpoint
         */
        record At(
                String appId,
                @Nullable String appUid,
                String id,
                @Nullable String uid) {}

        /** Null if nobody is concerned. */
        static @Nullable Withheld of(Catalog catalog, EventType type) {
            int[] count = {0};
            List<At> some = new ArrayList<>();
            catalog.withheldFrom(type, (application, endpoint) -> {
                if (count[0]++ < MOST) {
                    some.add(new At(application.id(), application.uid(), endpoint.id(), endpoint.uid()));
                }
            });
            return count[0] == 0 ? null : new Withheld(count[0], some);
        }
    }

    /**
     * An event type as it is shown; schemas, example and steps, which are large, only to those who ask. The version is the
     * current one, whether it was declared or is the newest. {@code featureFlag}, which was
     * there before {@code featureFlags}, is the first of them. Who does not get it is told to those who change it only, since
     * others may not know of other applications.
     */
    record Out(
            String name,
            String description,
            boolean archived,
            boolean deprecated,
            @Nullable String groupName,
            @Nullable String featureFlag,
            @Nullable List<String> featureFlags,
            @JsonRawValue @Nullable String schemas,
            @JsonRawValue @Nullable String example,
            List<String> scopes,
            boolean sync,
            String schemaMode,
            @Nullable String version,
            Map<String, String> downgrades,
            @Nullable Withheld withheld,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(EventType type) {
            return of(type, null);
        }

        static Out of(EventType type, @Nullable Withheld withheld) {
            List<String> flags = type.featureFlags();
            EventContract contract = type.contract();
            return new Out(
                    type.name(),
                    type.description(),
                    type.archived(),
                    type.deprecated(),
                    type.groupName(),
                    flags == null ? null : flags.getFirst(),
                    flags,
                    type.schemas(),
                    contract.example(),
                    contract.scopes(),
                    contract.sync(),
                    word(contract.schemaMode()),
                    contract.current(),
                    contract.downgrades(),
                    withheld,
                    type.createdAt(),
                    type.updatedAt());
        }

        Out withoutContent() {
            return new Out(
                    name,
                    description,
                    archived,
                    deprecated,
                    groupName,
                    featureFlag,
                    featureFlags,
                    null,
                    null,
                    scopes,
                    sync,
                    schemaMode,
                    version,
                    Map.of(),
                    null,
                    createdAt,
                    updatedAt);
        }
    }

    @Override
    public String all() {
        return ALL;
    }

    @Override
    public String one() {
        return ONE;
    }

    @Override
    public Access look() {
        return Access.CATALOG;
    }

    @Override
    public Access change() {
        return Access.MANAGE;
    }

    @Override
    public Object shown(EventType type) {
        return Out.of(type, Withheld.of(catalog, type));
    }

    @Override
    public Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, true);
        boolean archivedToo = query.flag("include_archived");
        boolean withSchemas = query.flag("with_content");
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        return Answer.json(
                200,
                paging.bounded(
                        (after, ascending, most) ->
                                catalog.eventTypes().list(call.env(), after, ascending, most, archivedToo),
                        EventType::name,
                        type -> withSchemas ? Out.of(type) : Out.of(type).withoutContent()));
    }

    @Override
    public Answer read(Call call) {
        EventType type = catalog.eventType(call.env(), call.path("name"));
        return type == null ? Answer.notFound("event type") : Answer.json(200, Out.of(type));
    }

    @Override
    public Supplier<Result<EventType>> create(Call call, Fields fields) {
        String name = fields.requiredText("name", "", Rules::nameInPath);
        EventTypeDraft draft = draft(fields, BLANK);
        return () -> catalog.eventTypes().create(call.env(), name, draft);
    }

    @Override
    public Supplier<Result<EventType>> put(Call call, Fields fields) {
        EventTypeDraft draft = draft(fields, BLANK);
        fields.path("name", call.path("name"), Rules::nameInPath);
        return () -> catalog.eventTypes().put(call.env(), call.path("name"), draft);
    }

    @Override
    public Supplier<Result<EventType>> patch(Call call, Fields fields) {
        draft(fields, BLANK);
        return () ->
                catalog.eventTypes().patch(call.env(), call.path("name"), present -> draft(fields.checked(), present));
    }

    @Override
    public Supplier<Result<EventType>> delete(Call call, Fields fields) {
        boolean expunge = call.query().flag("expunge");
        return () -> catalog.eventTypes().delete(call.env(), call.path("name"), expunge);
    }

    static String word(SchemaMode mode) {
        return mode.name().toLowerCase(Locale.ROOT);
    }

    /** What is given of an event type, over what there is. */
    static EventTypeDraft draft(Fields fields, EventTypeDraft base) {
        return new EventTypeDraft(
                fields.requiredText("description", base.description(), Rules::description),
                fields.flag("archived", base.archived()),
                fields.flag("deprecated", base.deprecated()),
                fields.optionalText("groupName", base.groupName(), Rules::name),
                featureFlags(fields, base),
                schemas(fields, base),
                PromiseFields.read(fields, base.promise()));
    }

    /** A single one is taken as a list of one; beside a list it has to be in it. */
    private static @Nullable List<String> featureFlags(Fields fields, EventTypeDraft base) {
        String one = fields.optionalText("featureFlag", null, Rules::name);
        if (!fields.has("featureFlags")) {
            return fields.has("featureFlag") ? (one == null ? null : List.of(one)) : base.featureFlags();
        }
        List<String> all = fields.names("featureFlags", "featureFlags", null, Rules::featureFlags, Rules::name);
        if (one != null && (all == null || !all.contains(one))) {
            fields.refuse("featureFlag", "is not among featureFlags; give one of them");
        }
        return all;
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
        String broken = Rules.schemas(Json.stored(schemas));
        if (broken != null) {
            fields.refuse("schemas", broken);
            return base.schemas();
        }
        return Json.text(schemas);
    }
}
