package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.dispatch.Discarding;
import io.posthorn.dispatch.Redelivery;
import io.posthorn.history.DeadLetter;
import io.posthorn.history.DeadLetter.Why;
import io.posthorn.history.DeadLetters.Discarded;
import io.posthorn.history.DeadLetters.Ref;
import io.posthorn.history.Filter;
import io.posthorn.history.History;
import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.Redeliveries.Resent;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.history.Selection;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Ids;
import io.posthorn.runtime.Time;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Deliveries that ended without success: to be looked at, delivered again, or given up. */
public final class DeadLetterRoutes implements RouteModule {
    private static final String LIST = "/api/v1/app/:app/dead-letter";
    private static final int RETRY_SECONDS = 1;
    private static final String REASONS = "must be "
            + String.join(", ", Arrays.stream(Why.values()).map(Why::text).toList());

    private final HistoryReads reads;
    private final Redelivery redelivery;
    private final Discarding discarding;
    private final Clock clock;

    /**
     * Routes.
     *
     * @param catalog applications and their endpoints
     * @param history finds them
     * @param ids of messages
     * @param redelivery delivers them again
     * @param discarding gives them up
     * @param clock says what is in the future
     */
    public DeadLetterRoutes(
            Catalog catalog, History history, Ids ids, Redelivery redelivery, Discarding discarding, Clock clock) {
        this.reads = new HistoryReads(catalog, history, ids);
        this.redelivery = redelivery;
        this.discarding = discarding;
        this.clock = clock;
    }

    /**
     * One of them.
     *
     * @param messageId of the message
     * @param endpointId where it should have gone
     * @param eventType of the message
     * @param acceptedAt when the message was
     * @param diedAt when the last attempt was over
     * @param attempts made by then
     * @param reason why it ended
     * @param outcome what the last attempt came to
     * @param responseStatusCode of the last attempt; 0 without a response
     * @param redelivering whether it is being delivered again, or waits for that
     */
    record Out(
            String messageId,
            String endpointId,
            String eventType,
            Instant acceptedAt,
            Instant diedAt,
            int attempts,
            String reason,
            String outcome,
            int responseStatusCode,
            boolean redelivering) {}

    /** What became of one that was named. */
    record ItemOut(String messageId, String endpointId, String outcome) {}

    /** What became of those that were named, in their order. */
    record ItemsOut(List<ItemOut> data) {}

    /**
     * What was discarded of those that were described.
     *
     * @param discarded how many
     * @param more whether there may be more of them
     */
    record DiscardedOut(int discarded, boolean more) {}

    /** One that a request names. */
    private record Item(String messageId, String endpointId) {}

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(LIST, Access.READ, reads.inApp(this::list)),
                Operation.post(LIST + "/replay", Access.WRITE, reads.inApp(this::replay)),
                Operation.post(LIST + "/discard", Access.WRITE, reads.inApp(this::discard)),
                Operation.post(LIST + "/replay-all", Access.WRITE, reads.inApp(this::replayAll)),
                Operation.post(LIST + "/discard-all", Access.WRITE, reads.inApp(this::discardAll)));
    }

    // ---- looking

    private Answer list(Call call, AppView view) {
        Query query = call.query();
        Paging paging = Paging.of(query, false);
        String key = paging.key();
        Place after = key == null ? null : Places.read(reads.ids(), key);
        if (key != null && after == null && query.problems().isEmpty()) {
            query.refuse("iterator", "must be an iterator or prevIterator of an earlier answer");
        }
        List<String> types = HistoryQuery.names(query, "event_types");
        long since = HistoryQuery.time(query, "since", 0);
        long until = HistoryQuery.time(query, "until", Filter.FOREVER);
        String reason = query.text("reason");
        Why why = reason == null ? null : why(reason);
        if (reason != null && why == null) {
            query.refuse("reason", REASONS);
        }
        String only = query.text("endpoint_id");
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        Endpoint endpoint = only == null ? null : view.endpoint(only);
        if (only != null && endpoint == null) {
            return Answer.notFound("endpoint");
        }
        Reach reach = new Reach(after, paging.ascending() != paging.back(), paging.limit(), false);
        DeadLetter.Wanted wanted = new DeadLetter.Wanted(
                view.application().no(), endpoint == null ? null : endpoint.no(), types, why, since, until);
        return new HistoryQuery(reads.ids(), paging, reach, Filter.ALL)
                .answer(
                        reads.history().deadLetters(wanted, reach),
                        dead -> new Place(dead.diedAt(), dead.seq(), endpoint == null ? dead.endpointNo() : 0),
                        dead -> out(dead, view));
    }

    private Out out(DeadLetter dead, AppView view) {
        Endpoint endpoint = view.endpointByNo(dead.endpointNo());
        return new Out(
                dead.messageId(),
                endpoint == null ? AttemptView.deleted(dead.endpointNo(), reads.ids()) : endpoint.id(),
                dead.eventType(),
                Time.instant(dead.messageAt()),
                Time.instant(dead.diedAt()),
                dead.attempts(),
                dead.why().text(),
                dead.status().name().toLowerCase(Locale.ROOT),
                dead.responseCode(),
                dead.redelivering());
    }

    private static @Nullable Why why(String text) {
        return Arrays.stream(Why.values())
                .filter(why -> why.text().equals(text))
                .findFirst()
                .orElse(null);
    }

    // ---- those that are named

    /** What the body names, in its order. The contract has seen that they are texts, and how many. */
    private static List<Item> items(Call call) {
        List<Item> items = new ArrayList<>();
        for (JsonNode item : call.body().path("items")) {
            items.add(new Item(
                    item.path("messageId").asText(), item.path("endpointId").asText()));
        }
        return items;
    }

    /** Null if there cannot be such a one. */
    private @Nullable Ref ref(AppView view, Item item) {
        Endpoint endpoint = view.endpoint(item.endpointId);
        Ids.MessageRef message = reads.ids().parseMessage(item.messageId);
        return endpoint == null || message == null ? null : new Ref(endpoint.no(), item.messageId, message.seq());
    }

    private Answer answer(AppView view, List<Item> items, Function<Ref, String> outcome) {
        return Answer.json(
                200,
                new ItemsOut(items.stream()
                        .map(item -> {
                            Ref ref = ref(view, item);
                            return new ItemOut(
                                    item.messageId, item.endpointId, ref == null ? "not_found" : outcome.apply(ref));
                        })
                        .toList()));
    }

    private Answer replay(Call call, AppView view) {
        List<Item> items = items(call);
        Map<Integer, List<Ref>> byEndpoint = new LinkedHashMap<>();
        Set<Ref> seen = new HashSet<>();
        for (Item item : items) {
            Ref ref = ref(view, item);
            if (ref != null && seen.add(ref)) {
                byEndpoint
                        .computeIfAbsent(ref.endpointNo(), no -> new ArrayList<>())
                        .add(ref);
            }
        }
        Map<Ref, String> outcomes = new HashMap<>();
        try {
            for (List<Ref> refs : byEndpoint.values()) {
                Endpoint endpoint = view.endpointByNo(refs.getFirst().endpointNo());
                if (endpoint == null || endpoint.disabled()) {
                    refs.forEach(ref -> outcomes.put(ref, endpoint == null ? "not_found" : "disabled"));
                } else {
                    redelivery.replay(endpoint, refs).forEach((ref, resent) -> outcomes.put(ref, outcome(resent)));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.unavailable("the server is stopping", RETRY_SECONDS);
        }
        return answer(view, items, ref -> outcomes.getOrDefault(ref, "not_found"));
    }

    private static String outcome(Resent resent) {
        return switch (resent) {
            case QUEUED, HASTENED -> "queued";
            case UNDER_WAY -> "under_way";
            case BUSY, SCHEDULED -> "busy";
            case NO_CONTENT -> "content_deleted";
            case GONE -> "not_found";
            case TOO_OFTEN -> "too_often";
        };
    }

    private Answer discard(Call call, AppView view) {
        List<Item> items = items(call);
        Set<Ref> refs = new HashSet<>();
        for (Item item : items) {
            Ref ref = ref(view, item);
            if (ref != null) {
                refs.add(ref);
            }
        }
        Discarded discarded = refs.isEmpty()
                ? new Discarded(List.of(), Set.of(), Map.of(), false)
                : about(
                        view,
                        refs.size() == 1
                                ? refs.iterator().next().messageId()
                                : view.application().id(),
                        () -> discarding.discard(view.application().no(), List.copyOf(refs)));
        Set<Ref> gone = Set.copyOf(discarded.refs());
        return answer(
                view,
                items,
                ref -> gone.contains(ref) ? "discarded" : discarded.busy().contains(ref) ? "under_way" : "not_found");
    }

    private static Discarded about(AppView view, String id, Supplier<Discarded> doing) {
        return Audit.about(
                new Audit.Subject(view.application().envNo(), view.application().id(), id), doing);
    }

    // ---- those that are described

    /** What the body describes. */
    private record Described(Endpoint endpoint, Span span, Selection selection) {}

    private Answer described(Call call, AppView view, Function<Described, Answer> work) {
        Fields fields = new Fields(call.body(), false);
        String key = fields.requiredText("endpointId", "", text -> null);
        Span span = Span.read(fields, clock.instant(), false);
        List<String> types = fields.names("eventTypes", "eventTypes", null, Rules::eventTypes, Rules::name);
        String reason = fields.optionalText("reason", null, text -> why(text) == null ? REASONS : null);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        Endpoint endpoint = view.endpoint(key);
        return endpoint == null
                ? Answer.notFound("endpoint")
                : work.apply(new Described(
                        endpoint,
                        span,
                        new Selection(
                                types == null ? List.of() : types,
                                null,
                                null,
                                Selection.Which.ALL,
                                null,
                                reason == null ? null : why(reason))));
    }

    private Answer replayAll(Call call, AppView view) {
        return described(
                call,
                view,
                described -> described.endpoint.disabled()
                        ? RedeliveryRoutes.disabled()
                        : RedeliveryRoutes.begun(redelivery.begin(
                                view.application(),
                                described.endpoint,
                                Kind.DEAD_LETTERS,
                                described.span.since(),
                                described.span.until(),
                                described.selection,
                                call.caller().token().name())));
    }

    private Answer discardAll(Call call, AppView view) {
        return described(call, view, described -> {
            DeadLetter.Wanted wanted = new DeadLetter.Wanted(
                    view.application().no(),
                    described.endpoint.no(),
                    described.selection.eventTypes(),
                    described.selection.why(),
                    described.span.since(),
                    Math.min(described.span.until(), Filter.FOREVER));
            Discarded discarded = about(view, described.endpoint.id(), () -> discarding.discard(wanted));
            return Answer.json(200, new DiscardedOut(discarded.refs().size(), discarded.more()));
        });
    }
}
