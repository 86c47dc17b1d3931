package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.CatalogueChange;
import io.posthorn.catalog.EventTypeDraft;
import io.posthorn.catalog.EventTypes;
import io.posthorn.model.EventType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/catalogue}: event types all at once, out of documents and into them, and the catalogues that come with
 * the server.
 */
final class CatalogueRoutes implements RouteModule {
    private static final String CATALOGUE = "/api/v1/catalogue";
    /** Characters of schemas, examples and steps in one document that is written. */
    private static final long MOST_WRITTEN = 16L << 20;

    private static final int MOST_PROBLEMS = 20;

    private final Catalog catalog;

    CatalogueRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /** What an import has done, or would do: names of event types. */
    record ImportOut(
            boolean dryRun, List<String> created, List<String> updated, List<String> unchanged, List<String> archived) {
        static ImportOut of(CatalogueChange change, boolean dryRun) {
            return new ImportOut(
                    dryRun, names(change.created()), names(change.updated()), change.unchanged(), change.archived());
        }
    }

    /** The same as clients of the compatible API expect it. */
    record CompatibleOut(Data data) {
        record Data(
                List<String> modified,
                @JsonProperty("to_modify") @Nullable List<Type> toModify) {}

        record Type(
                String name,
                String description,
                boolean deprecated,
                @Nullable String groupName,
                @Nullable List<String> featureFlags,
                @Nullable JsonNode schemas) {}

        static CompatibleOut of(CatalogueChange change, boolean dryRun) {
            List<EventType> types = Stream.concat(change.created().stream(), change.updated().stream())
                    .toList();
            List<String> modified = new ArrayList<>(names(types));
            modified.addAll(change.archived());
            return new CompatibleOut(new Data(
                    dryRun ? List.of() : modified,
                    dryRun ? types.stream().map(CompatibleOut::type).toList() : null));
        }

        private static Type type(EventType type) {
            return new Type(
                    type.name(),
                    type.description(),
                    type.deprecated(),
                    type.groupName(),
                    type.featureFlags(),
                    type.schemas() == null ? null : CatalogueEntry.tree(type.schemas()));
        }
    }

    private static List<String> names(List<EventType> types) {
        return types.stream().map(EventType::name).toList();
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(
                        CATALOGUE,
                        Access.CATALOG,
                        call -> Answer.json(200, new Paging.Page<>(ReadyCatalogues.all(), null, null, true))),
                Operation.get(CATALOGUE + "/export", Access.CATALOG, this::export),
                Operation.postEmpty(CATALOGUE + "/import", Access.MANAGE, this::importAny),
                Operation.post("/api/v1/event-type/import/openapi", Access.MANAGE, this::importCompatible),
                Operation.get("/api/v1/app/:app/event-type", Access.READ, this::permitted));
    }

    // ---- what an application may subscribe to

    private Answer permitted(Call call) {
        var view = catalog.app(call.env(), call.path("app"));
        if (view == null) {
            return Answer.notFound("application");
        }
        Query query = call.query();
        Paging paging = Paging.of(query, true);
        boolean withContent = query.flag("with_content");
        String group = query.text("group_name");
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        return Answer.json(
                200,
                paging.bounded(
                        (after, ascending, most) -> catalog.eventTypes()
                                .list(
                                        call.env(),
                                        after,
                                        ascending,
                                        most,
                                        type -> !type.archived()
                                                && (group == null || group.equals(type.groupName()))
                                                && catalog.permits(view.application(), type.name())),
                        EventType::name,
                        type -> withContent
                                ? EventTypeRoutes.Out.of(type)
                                : EventTypeRoutes.Out.of(type).withoutContent()));
    }

    // ---- into a document

    private Answer export(Call call) {
        Query query = call.query();
        String word = query.text("format");
        CatalogueExport.Format format = format(word);
        boolean archivedToo = query.flag("include_archived");
        String group = query.text("group_name");
        if (format == null) {
            query.refuse("format", "must be yaml, openapi or asyncapi");
        }
        if (format == null || !query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        long[] written = {0};
        List<EventType> types = catalog.eventTypes().list(call.env(), null, true, Integer.MAX_VALUE, type -> {
            boolean wanted = (archivedToo || !type.archived()) && (group == null || group.equals(type.groupName()));
            written[0] += wanted ? size(type) : 0;
            return wanted && written[0] <= MOST_WRITTEN;
        });
        if (written[0] > MOST_WRITTEN) {
            return Answer.error(
                    409,
                    "limit",
                    "the event types have more than " + MOST_WRITTEN
                            + " characters of schemas, examples and steps; ask for one group at a time (group_name)");
        }
        return Answer.text(
                200, "application/yaml; charset=utf-8", CatalogueText.write(CatalogueExport.of(format, types)));
    }

    private static long size(EventType type) {
        String schemas = type.schemas();
        String example = type.contract().example();
        long size = type.description().length();
        size += schemas == null ? 0 : schemas.length();
        size += example == null ? 0 : example.length();
        for (String step : type.contract().downgrades().values()) {
            size += step.length();
        }
        return size;
    }

    private static CatalogueExport.@Nullable Format format(@Nullable String word) {
        return switch (word) {
            case null -> CatalogueExport.Format.YAML;
            case "yaml", "openapi", "asyncapi" -> CatalogueExport.Format.valueOf(word.toUpperCase(Locale.ROOT));
            default -> null;
        };
    }

    // ---- out of a document

    private Answer importAny(Call call) {
        Query query = call.query();
        boolean dryRun = query.flag("dry_run");
        boolean replaceAll = query.flag("replace_all");
        String ready = query.text("catalogue");
        JsonNode named = ready == null ? null : ReadyCatalogues.document(ready);
        if (ready != null && named == null) {
            query.refuse("catalogue", "must be one of " + ReadyCatalogues.names());
        }
        if (ready != null && !call.body().isEmpty()) {
            query.refuse("catalogue", "is one that comes with the server; leave the body empty then");
        }
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        if (named != null) {
            return imported(call, named, replaceAll, dryRun, change -> ImportOut.of(change, dryRun));
        }
        return switch (document(call.body(), "text", call.body())) {
            case Json.Parsed.Wrong(Problem problem) -> Answer.invalid(List.of(problem));
            case Json.Parsed.Value(JsonNode document) ->
                imported(call, document, replaceAll, dryRun, change -> ImportOut.of(change, dryRun));
        };
    }

    private Answer importCompatible(Call call) {
        Fields fields = new Fields(call.body(), false);
        boolean dryRun = fields.flag("dryRun", false);
        boolean replaceAll = fields.flag("replaceAll", false);
        if (!fields.has("spec") && !fields.has("specRaw")) {
            fields.problems().add(Problem.missing("body", "spec"));
        }
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        return switch (document(call.body(), "specRaw", fields.raw("spec"))) {
            case Json.Parsed.Wrong(Problem problem) -> Answer.invalid(List.of(problem));
            case Json.Parsed.Value(JsonNode document) ->
                document.has("openapi")
                        ? imported(call, document, replaceAll, dryRun, change -> CompatibleOut.of(change, dryRun))
                        : Answer.invalid(List.of(Problem.value("must be an OpenAPI document", "body", "spec")));
        };
    }

    /** A document that is given as text, or as it is. */
    private static Json.Parsed document(JsonNode body, String member, JsonNode asItIs) {
        JsonNode text = body.path(member);
        if (text.isMissingNode() || text.isNull()) {
            return new Json.Parsed.Value(asItIs);
        }
        return text.isTextual()
                ? CatalogueText.read(text.textValue())
                : new Json.Parsed.Wrong(Problem.type("must be a text", "body", member));
    }

    /** Read and checked while nothing is locked, and once more if the event type has changed until the import begins. */
    private static EventTypes.Over over(CatalogueEntry entry, @Nullable EventType seen, List<Problem> problems) {
        EventTypeDraft draft = entry.draft(seen, problems);
        return present -> {
            if (Objects.equals(present, seen)) {
                return draft;
            }
            List<Problem> late = new ArrayList<>();
            EventTypeDraft again = entry.draft(present, late);
            return late.isEmpty() ? again : null;
        };
    }

    private Answer imported(
            Call call, JsonNode document, boolean replaceAll, boolean dryRun, Function<CatalogueChange, Object> shown) {
        CatalogueDocument.Described described = CatalogueDocument.read(document);
        List<Problem> problems = new ArrayList<>(described.problems());
        Map<String, EventTypes.Over> drafts = new LinkedHashMap<>();
        for (CatalogueEntry entry : described.entries().values()) {
            if (problems.size() < MOST_PROBLEMS) {
                drafts.put(entry.name(), over(entry, catalog.eventType(call.env(), entry.name()), problems));
            }
        }
        return problems.isEmpty()
                ? Answer.of(catalog.eventTypes().importAll(call.env(), drafts, replaceAll, dryRun), shown)
                : Answer.invalid(problems.subList(0, Math.min(problems.size(), MOST_PROBLEMS)));
    }
}
