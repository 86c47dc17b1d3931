package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.history.History.Place;
import java.util.List;

/** {@code /api/v1/app/{app}/msg}, for reading. */
final class MessageRoutes implements RouteModule {
    private static final String ALL = "/api/v1/app/:app/msg";

    private final HistoryReads reads;

    MessageRoutes(HistoryReads reads) {
        this.reads = reads;
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.READ, reads.inApp(this::list)),
                Operation.get(ALL + "/:message", Access.READ, reads.inApp(this::read)),
                Operation.fast(ALL, Access.SEND),
                Operation.fast(ALL + "/batch", Access.SEND));
    }

    private Answer list(Call call, AppView view) {
        HistoryQuery query =
                HistoryQuery.of(call.query(), reads.ids(), view.application().createdAt());
        return call.query().problems().isEmpty()
                ? query.answer(
                        reads.history().messages(view.application().no(), query.filter(), query.reach()),
                        message -> new Place(message.createdAt, message.seq),
                        MessageView::of)
                : Answer.invalid(call.query().problems());
    }

    private Answer read(Call call, AppView view) {
        boolean content = HistoryQuery.content(call.query());
        return call.query().problems().isEmpty()
                ? reads.message(call, view, content, message -> Answer.json(200, MessageView.of(message)))
                : Answer.invalid(call.query().problems());
    }
}
