package io.posthorn.api;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.posthorn.catalog.AppView;
import io.posthorn.history.AttemptedMessage;
import io.posthorn.history.Deliveries;
import io.posthorn.history.DeliveryState;
import io.posthorn.history.DeliveryStatus;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.history.LoggedAttempt;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Attempts, and where deliveries stand: of an application, by endpoint and by message. */
final class AttemptRoutes implements RouteModule {
    private static final String APP = "/api/v1/app/:app";
    /** Bytes of payloads in a list that repeats the same one. */
    private static final int MOST_COPIED = 4 << 20;

    private final HistoryReads reads;

    AttemptRoutes(HistoryReads reads) {
        this.reads = reads;
    }

    /** A message that was attempted at an endpoint. */
    record AttemptedOut(
            @JsonUnwrapped MessageView message,
            @JsonUnwrapped StateView state) {
        static AttemptedOut of(AttemptedMessage attempted) {
            return new AttemptedOut(MessageView.of(attempted.message()), StateView.of(attempted.state()));
        }
    }

    /** An endpoint that a message is for. */
    record DestinationOut(
            @JsonUnwrapped EndpointRoutes.Out endpoint,
            @JsonUnwrapped StateView state) {}

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(APP + "/attempt", Access.READ, reads.inApp(this::all)),
                Operation.get(APP + "/attempt/endpoint/:endpoint", Access.READ, reads.inApp(this::byEndpoint)),
                Operation.get(APP + "/attempt/msg/:message", Access.READ, reads.inApp(this::byMessage)),
                Operation.get(APP + "/endpoint/:endpoint/msg", Access.READ, reads.inApp(this::messages)),
                Operation.get(APP + "/msg/:message/endpoint", Access.READ, reads.inApp(this::destinations)),
                Operation.get(APP + "/msg/:message/attempt/:attempt", Access.READ, reads.inApp(this::one)));
    }

    private Answer byEndpoint(Call call, AppView view) {
        boolean withMessage = call.query().flag("with_msg");
        return reads.endpoint(call, view, endpoint -> {
            HistoryQuery query = reads.query(call, view, endpoint.createdAt());
            return call.query().problems().isEmpty()
                    ? query.answer(
                            reads.history().attemptsAt(endpoint.no(), query.filter(), withMessage, query.reach()),
                            LoggedAttempt::placeAtEndpoint,
                            logged -> AttemptView.of(logged, view, reads.ids(), logged.message()))
                    : Answer.invalid(call.query().problems());
        });
    }

    /** Those at all endpoints that the application has, or at one; of all messages, or of one. */
    private Answer all(Call call, AppView view) {
        String ofMessage = call.query().text("msg_id");
        if (ofMessage != null) {
            return byMessage(call, view, ofMessage);
        }
        HistoryQuery query = reads.query(call, view, view.application().createdAt());
        boolean withMessage = call.query().flag("with_msg");
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return reads.endpoints(
                call,
                view,
                endpointNos -> query.answer(
                        reads.history().attemptsAmong(endpointNos, query.filter(), withMessage, query.reach()),
                        LoggedAttempt::placeAmong,
                        logged -> AttemptView.of(logged, view, reads.ids(), logged.message())));
    }

    private Answer byMessage(Call call, AppView view) {
        return byMessage(call, view, call.path("message"));
    }

    private Answer byMessage(Call call, AppView view, String key) {
        HistoryQuery query = reads.query(call, view, view.application().createdAt());
        boolean withMessage = call.query().flag("with_msg");
        String only = call.query().text("endpoint_id");
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        Endpoint endpoint = only == null ? null : view.endpoint(only);
        if (only != null && endpoint == null) {
            return Answer.notFound("endpoint");
        }
        return reads.message(call, key, view, withMessage && query.reach().content(), message -> {
            Integer endpointNo = endpoint == null ? null : endpoint.no();
            Reach reach = withMessage
                    ? atMost(query.reach(), MOST_COPIED / Math.max(1, message.payload.length))
                    : query.reach();
            return query.answer(
                    query.filter().wants(message)
                            ? reads.history().attemptsOf(message, endpointNo, query.filter(), reach)
                            : Slice.none(),
                    LoggedAttempt::placeOfMessage,
                    logged -> AttemptView.of(logged, view, reads.ids(), withMessage ? message : null));
        });
    }

    /** Fewer rows, because each is going to be shown with the whole message. */
    private static Reach atMost(Reach reach, int most) {
        return new Reach(reach.after(), reach.ascending(), Math.clamp(most, 1, reach.most()), reach.content());
    }

    private Answer messages(Call call, AppView view) {
        return reads.endpoint(call, view, endpoint -> {
            HistoryQuery query = reads.query(call, view, view.application().createdAt());
            return call.query().problems().isEmpty()
                    ? query.answer(
                            reads.history().messagesAt(endpoint.no(), query.filter(), query.reach()),
                            AttemptedMessage::place,
                            AttemptedOut::of)
                    : Answer.invalid(call.query().problems());
        });
    }

    private Answer destinations(Call call, AppView view) {
        Paging paging = Paging.of(call.query(), true);
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return reads.message(call, view, false, message -> {
            Map<Integer, DeliveryState> states = states(view, message);
            return Answer.json(
                    200,
                    paging.bounded(
                            (after, ascending, most) -> view.endpoints(after, ascending, Integer.MAX_VALUE).stream()
                                    .filter(endpoint -> states.containsKey(endpoint.no()))
                                    .limit(most)
                                    .toList(),
                            Endpoint::id,
                            endpoint -> new DestinationOut(
                                    EndpointRoutes.Out.of(reads.catalog(), endpoint),
                                    StateView.of(Objects.requireNonNull(states.get(endpoint.no()))))));
        });
    }

    /** Those on record, and those of which there is no record yet because the first attempt is under way. */
    private Map<Integer, DeliveryState> states(AppView view, Message message) {
        Deliveries deliveries = reads.history()
                .deliveries(message, view.endpoints().stream().map(Endpoint::no).toList());
        Map<Integer, DeliveryState> states = new HashMap<>(deliveries.byEndpoint());
        if (!deliveries.settled()) {
            for (Endpoint endpoint : wanting(view, message)) {
                if (Time.micros(endpoint.createdAt()) <= message.createdAt) {
                    states.putIfAbsent(endpoint.no(), new DeliveryState(DeliveryStatus.SENDING, null));
                }
            }
        }
        return states;
    }

    private List<Endpoint> wanting(AppView view, Message message) {
        if (!reads.catalog().permits(view.application(), message.eventType)) {
            return List.of();
        }
        if (message.onlyEndpointNo == 0) {
            return Arrays.asList(reads.catalog().matching(view, message.eventType, message.channels));
        }
        Endpoint only = view.endpointByNo(message.onlyEndpointNo);
        return only == null ? List.of() : List.of(only);
    }

    private Answer one(Call call, AppView view) {
        call.query().flag("expanded_statuses");
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return reads.message(call, view, false, message -> {
            @Nullable LoggedAttempt found = reads.history().attempt(message, call.path("attempt"));
            return found == null
                    ? Answer.notFound("attempt")
                    : Answer.json(200, AttemptView.of(found, view, reads.ids(), null));
        });
    }
}
