package io.posthorn.notify;

import static io.posthorn.model.Environment.DEFAULT_NO;

import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.EndpointDraft;
import io.posthorn.catalog.MailDomains;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.SecretBox;
import io.posthorn.history.PgOutcomeStore;
import io.posthorn.history.Settlement;
import io.posthorn.history.WriteResult;
import io.posthorn.history.Written;
import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import io.posthorn.store.WriterConnection;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A database with a catalog and a recorder's store, which tell what happens; the clock is the test's. */
final class House implements AutoCloseable {
    static final String OPERATIONS = "posthorn-operations";

    final Database db = TestDatabase.fresh();
    final Written written = new Written(db);
    final AtomicLong clock = new AtomicLong(Time.system().micros());
    final PgNotices notices;
    final Catalog catalog;
    final PgOutcomeStore outcomes;
    /** While it is there, the notices' own transactions fail with it. */
    volatile @Nullable String refuses;

    House(Path folder, boolean mailing) throws Exception {
        notices = notices(mailing);
        catalog = Catalog.load(
                db.jdbi(),
                SecretBox.open(null, folder),
                Clock.systemUTC(),
                notices.marking(written.ownership()::fence));
        notices.open(catalog);
        outcomes =
                new PgOutcomeStore(new WriterConnection(db, written.ownership(), "outcomes"), db.partitions(), notices);
    }

    private PgNotices notices(boolean mailing) {
        MailSettings mail = mailing ? MailSettings.of("smtp://mail.example.com", true, null, null) : null;
        return new PgNotices(
                new NotifySettings(OPERATIONS, 10, MailDomains.ANY, mail),
                written.ids,
                db.dataSource(),
                tx -> {
                    if (refuses != null) {
                        throw new java.sql.SQLException(refuses, "08006");
                    }
                    written.ownership().fence(tx);
                },
                clock::get);
    }

    /** Before they are opened nothing can be said with them. */
    PgNotices notYetOpen() {
        return notices(true);
    }

    /** As after a start: what the tables say, and nothing else. */
    PgNotices again() throws Exception {
        PgNotices fresh = notices(true);
        fresh.open(catalog);
        return fresh;
    }

    Application app(String uid) {
        Result<Application> made =
                catalog.applications().create(DEFAULT_NO, new AppDraft(uid, uid, Map.of(), null), false);
        if (made instanceof Result.Created<Application>(Application app)) {
            return app;
        }
        throw new IllegalStateException(made.toString());
    }

    /** An endpoint whose owner gets mail at {@code a@example.com}. */
    Endpoint endpoint(Application app, String uid, boolean onRejected) {
        return endpoint(app, uid, onRejected, List.of("a@example.com"));
    }

    Endpoint endpoint(Application app, String uid, boolean onRejected, List<String> emails) {
        DeliveryPolicy usual = DeliveryPolicy.DEFAULT;
        DeliveryPolicy policy = new DeliveryPolicy(
                usual.order(),
                usual.retry(),
                usual.timeout(),
                usual.success(),
                usual.circuit(),
                usual.concurrency(),
                usual.disabling(),
                new DeliveryPolicy.Notification(emails, onRejected));
        EndpointDraft draft = new EndpointDraft(
                "https://example.com/" + uid + "?token=secret",
                uid,
                "",
                null,
                null,
                false,
                null,
                Map.of(),
                null,
                null,
                1,
                (present, any) -> policy,
                null,
                null,
                null);
        if (catalog.endpoints().create(DEFAULT_NO, app.id(), draft)
                instanceof Result.Created<Endpoint>(Endpoint made)) {
            return made;
        }
        throw new IllegalStateException("not made");
    }

    /** Disables it or enables it, by hand. */
    void disabled(Application app, Endpoint endpoint, boolean disabled) {
        catalog.endpoints()
                .patch(
                        DEFAULT_NO,
                        app.id(),
                        endpoint.id(),
                        is -> new EndpointDraft(
                                is.url(),
                                is.uid(),
                                is.description(),
                                is.eventTypes(),
                                is.channels(),
                                disabled,
                                is.rateLimit(),
                                is.metadata(),
                                null));
    }

    Message message(Application app) {
        return written.message(app.no(), clock.incrementAndGet(), "order.created");
    }

    /** One attempt, and what it led to. */
    Settlement ended(Message message, Endpoint endpoint, int code, Verdict verdict) {
        return Written.outcome(
                message, endpoint.no(), Written.response(1, message.createdAt + 1_000, code, "no"), verdict);
    }

    void settle(Settlement... batch) {
        WriteResult result = outcomes.write(List.of(batch), List.of(), false);
        if (!(result instanceof WriteResult.Written)) {
            throw new IllegalStateException(result.toString());
        }
    }

    List<PgOutbox.Stored> events() throws Exception {
        return notices.read(tx -> PgOutbox.page(tx, Integer.MIN_VALUE, 1_000));
    }

    List<String> types() throws Exception {
        return events().stream().map(stored -> stored.event().type()).toList();
    }

    /** What is due by then. */
    List<PgMails.Stored> mails(long then) throws Exception {
        return notices.read(tx -> PgMails.due(tx, then, 1_000));
    }

    @Override
    public void close() {
        outcomes.close();
        written.close();
        db.close();
    }
}
