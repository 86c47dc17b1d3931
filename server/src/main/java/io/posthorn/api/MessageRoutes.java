package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.history.History.Place;
import io.vertx.ext.web.Router;

/** {@code /api/v1/app/{app}/msg}, for reading. */
final class MessageRoutes implements RouteModule {
    private static final String ALL = "/api/v1/app/:app/msg";

    private final HistoryReads reads;

    MessageRoutes(HistoryReads reads) {
        this.reads = reads;
    }

    @Override
    public void mount(Router router, Blocking blocking) {
        router.get(ALL).handler(blocking.get(reads.inApp(this::list)));
        router.get(ALL + "/:message").handler(blocking.get(reads.inApp(this::read)));
        // The hot path takes these before the router is asked; here they stand so that a 405 names them.
        router.post(ALL).handler(ctx -> ctx.fail(404));
        router.post(ALL + "/batch").handler(ctx -> ctx.fail(404));
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
