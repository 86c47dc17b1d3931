package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.ContentDeletion;
import io.posthorn.history.Contents;
import io.posthorn.history.History;
import io.posthorn.history.LoggedAttempt;
import io.posthorn.model.Ids;
import io.posthorn.model.Message;
import java.util.List;

/** Deleting what was sent and what was answered, before its time and for good. */
public final class ContentRoutes implements RouteModule {
    private static final String MESSAGE = "/api/v1/app/:app/msg/:message";
    private static final int RETRY_SECONDS = 1;

    private final HistoryReads reads;
    private final ContentDeletion deletion;
    private final Contents contents;

    /**
     * Routes that delete contents.
     *
     * @param catalog applications
     * @param history finds messages and attempts
     * @param ids of messages
     * @param deletion of payloads, with all that waits for them
     * @param contents what attempts brought
     */
    public ContentRoutes(Catalog catalog, History history, Ids ids, ContentDeletion deletion, Contents contents) {
        this.reads = new HistoryReads(catalog, history, ids);
        this.deletion = deletion;
        this.contents = contents;
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.delete(MESSAGE + "/content", Access.MANAGE, reads.inApp(this::payload)),
                Operation.delete(MESSAGE + "/attempt/:attempt/content", Access.MANAGE, reads.inApp(this::response)));
    }

    private Answer payload(Call call, AppView view) {
        return reads.message(call, view, false, message -> {
            try {
                return switch (deletion.delete(message)) {
                    case DONE -> Answer.empty();
                    case NOT_FOUND -> Answer.notFound("message");
                    case NOT_NOW ->
                        Answer.unavailable(
                                "outcomes cannot be written just now, so that not all was deleted; ask again",
                                RETRY_SECONDS);
                };
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return Answer.unavailable("the server is stopping", RETRY_SECONDS);
            }
        });
    }

    private Answer response(Call call, AppView view) {
        return reads.message(call, view, false, message -> response(call, message));
    }

    private Answer response(Call call, Message message) {
        LoggedAttempt attempt = reads.history().attempt(message, call.path("attempt"));
        return attempt != null && contents.deleteResponse(message, attempt)
                ? Answer.empty()
                : Answer.notFound("attempt");
    }
}
