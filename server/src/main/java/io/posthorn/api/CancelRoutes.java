package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.Cancellation;
import io.posthorn.history.Cancellations.Cancelled;
import io.posthorn.history.History;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import java.util.List;

/** Cancelling a message that was to be sent later. */
public final class CancelRoutes implements RouteModule {
    private static final int RETRY_SECONDS = 1;

    private final HistoryReads reads;
    private final Cancellation cancellation;

    /**
     * Routes that cancel.
     *
     * @param catalog applications
     * @param history finds messages
     * @param ids of messages
     * @param cancellation does it
     */
    public CancelRoutes(Catalog catalog, History history, Ids ids, Cancellation cancellation) {
        this.reads = new HistoryReads(catalog, history, ids);
        this.cancellation = cancellation;
    }

    /**
     * What became of it.
     *
     * @param id of the message
     * @param cancelled at how many endpoints it is cancelled, by this request or an earlier one
     * @param begun at how many it had begun or ended before
     */
    record Out(String id, int cancelled, int begun) {}

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.postEmpty("/api/v1/app/:app/msg/:message/cancel", Access.SEND, reads.inApp(this::cancel)));
    }

    private Answer cancel(Call call, AppView view) {
        return reads.message(call, view, false, message -> {
            if (message.deliverAt == 0) {
                return Answer.error(
                        409, "conflict", "the message was sent at once; only one with deliverAt can be cancelled");
            }
            try {
                Cancelled cancelled = cancellation.cancel(message);
                return cancelled == null
                        ? Answer.unavailable("the message is not under way yet; nothing was cancelled", RETRY_SECONDS)
                        : answer(message, cancelled);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return Answer.unavailable("the server is stopping", RETRY_SECONDS);
            }
        });
    }

    private static Answer answer(Message message, Cancelled cancelled) {
        if (!cancelled.all().isEmpty()) {
            return Answer.json(
                    200,
                    new Out(
                            message.id,
                            cancelled.all().size(),
                            cancelled.begun().size()));
        }
        return Answer.error(
                409,
                "conflict",
                cancelled.begun().isEmpty()
                        ? "nothing of the message waits to be sent"
                        : "its sending has begun, or ended, at every endpoint");
    }
}
