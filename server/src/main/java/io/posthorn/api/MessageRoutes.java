package io.posthorn.api;

import io.posthorn.catalog.AppView;
import io.posthorn.history.History.Place;
import io.posthorn.history.Search;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/app/{app}/msg}, for reading. */
final class MessageRoutes implements RouteModule {
    private static final String ALL = "/api/v1/app/:app/msg";

    /** Characters of a path into payloads. */
    private static final int MOST_PATH = 500;
    /** And of a value there. */
    private static final int MOST_VALUE = 1_000;

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
        HistoryQuery query = reads.query(call, view, view.application().createdAt());
        Search search = search(call.query());
        for (String parameter : List.of("status", "status_code_class")) {
            if (call.query().problems().isEmpty() && call.query().text(parameter) != null) {
                call.query().refuse(parameter, "is not of messages but of their attempts; list those");
            }
        }
        return call.query().problems().isEmpty()
                ? query.answer(
                        reads.history().messages(view.application().no(), query.filter(), search, query.reach()),
                        message -> new Place(message.createdAt, message.seq),
                        MessageView::of)
                : Answer.invalid(call.query().problems());
    }

    private static Search search(Query query) {
        String path = shortText(query, "payload_path", MOST_PATH);
        String value = shortText(query, "payload_value", MOST_VALUE);
        if (path == null && value != null) {
            query.refuse("payload_value", "needs payload_path to say where in the payload, such as $.customer.id");
        }
        return new Search(
                HistoryQuery.name(query, "event_id"), path == null ? null : new Search.InPayload(path, value));
    }

    private static @Nullable String shortText(Query query, String parameter, int most) {
        String text = query.text(parameter);
        if (text != null && (text.length() > most || text.indexOf('\0') >= 0)) {
            query.refuse(parameter, "must have at most " + most + " characters, and none of them U+0000");
        }
        return text;
    }

    private Answer read(Call call, AppView view) {
        boolean content = HistoryQuery.content(call.query());
        return call.query().problems().isEmpty()
                ? reads.message(call, view, content, message -> Answer.json(200, MessageView.of(message)))
                : Answer.invalid(call.query().problems());
    }
}
