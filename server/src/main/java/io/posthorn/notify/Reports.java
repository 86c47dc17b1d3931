package io.posthorn.notify;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Turn;
import io.posthorn.history.Settlement;
import io.posthorn.model.Application;
import io.posthorn.model.Attempt;
import io.posthorn.model.AttemptStatus;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Environment;
import io.posthorn.model.Ids;
import io.posthorn.model.Verdict;
import io.posthorn.runtime.Time;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Says what is told to whom: the shapes of {@code docs/operational.md}. Reads the catalog and writes nothing. */
final class Reports {
    /** How many deliveries an event tells of. */
    static final String COUNT = "count";

    private static final String EXHAUSTED = "message.attempt.exhausted";

    private final Catalog catalog;
    private final Ids ids;
    private final String operational;
    private final boolean mailing;

    /**
     * Reports.
     *
     * @param catalog who is there
     * @param ids makes the public ids
     * @param operational uid of the operational applications
     * @param mailing whether there is a mail server
     */
    Reports(Catalog catalog, Ids ids, String operational, boolean mailing) {
        this.catalog = catalog;
        this.ids = ids;
        this.operational = operational;
        this.mailing = mailing;
    }

    /** The operational application of an environment; null if it has none. */
    @Nullable
    AppView operational(int envNo) {
        return catalog.app(envNo, operational);
    }

    /** Whether the operator wants to hear about an application; about the operational one nobody is told. */
    private boolean told(Application app) {
        AppView operator = operational(app.envNo());
        return operator != null && operator.application().no() != app.no();
    }

    /**
     * Of an outcome.
     *
     * @param rows gets what is to be written
     * @param settlement what became of a delivery
     * @param inTrouble whether the operator was told of an endpoint's trouble, and not of its end
     */
    void outcome(Rows rows, Settlement settlement, IntPredicate inTrouble) {
        switch (settlement.verdict()) {
            case Verdict.Delivered _ -> {
                if (inTrouble.test(settlement.endpointNo())) {
                    recovered(rows, settlement);
                }
            }
            case Verdict.Exhausted(boolean rejected) -> ended(rows, settlement, rejected ? "rejected" : "exhausted");
            case Verdict.Held _ -> ended(rows, settlement, "exhausted");
            case Verdict.Gone _ -> ended(rows, settlement, "gone");
            case Verdict.RetryAt _,
                    Verdict.Parked _,
                    Verdict.Superseded _,
                    Verdict.Unrepeated _,
                    Verdict.Cancelled _,
                    Verdict.Dropped _ -> {}
        }
    }

    private void recovered(Rows rows, Settlement settlement) {
        rows.troubles.put(settlement.endpointNo(), false);
        AppView app = catalog.appByNo(settlement.appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(settlement.endpointNo());
        Attempt attempt = settlement.attempt();
        if (app != null && endpoint != null && attempt != null && told(app.application())) {
            rows.events.add(event("message.attempt.recovered", app.application(), endpoint, settlement, attempt, null));
        }
    }

    private void ended(Rows rows, Settlement settlement, String why) {
        AppView app = catalog.appByNo(settlement.appNo());
        Endpoint endpoint = app == null ? null : app.endpointByNo(settlement.endpointNo());
        Attempt attempt = settlement.attempt();
        if (app == null || endpoint == null || attempt == null || endpoint.temporary()) {
            return;
        }
        String reason = attempt.status() == AttemptStatus.EXPIRED ? "expired" : why;
        if (told(app.application())) {
            Event event = event(EXHAUSTED, app.application(), endpoint, settlement, attempt, reason);
            event.data()
                    .put("held", settlement.verdict() instanceof Verdict.Held)
                    .put(COUNT, 1);
            rows.events.add(event);
            rows.troubles.put(endpoint.no(), true);
        }
        boolean gone = settlement.verdict() instanceof Verdict.Gone; // that it is disabled now is told anyway
        if (!gone && mailing && !notification(endpoint).emails().isEmpty()) {
            boolean atOnce = reason.equals("rejected") && notification(endpoint).onRejected();
            rows.mails.add(new Mail(
                    settlement.appNo(),
                    endpoint.no(),
                    atOnce ? MailKind.REJECTED : MailKind.EXHAUSTED,
                    endOf(attempt),
                    settlement.seq(),
                    settlement.messageAt(),
                    settlement.attempts(),
                    attempt.responseCode(),
                    null));
        }
    }

    private static long endOf(Attempt attempt) {
        return attempt.startedAt() + attempt.durationMicros();
    }

    /** Who is told by mail about an endpoint, and of what. */
    static DeliveryPolicy.Notification notification(Endpoint endpoint) {
        return endpoint.delivery().notification();
    }

    private Event event(
            String type,
            Application app,
            Endpoint endpoint,
            Settlement settlement,
            Attempt attempt,
            @Nullable String reason) {
        ObjectNode data = about(app, endpoint);
        data.put("msgId", ids.message(settlement.appNo(), settlement.messageAt(), settlement.seq()));
        data.put("attempts", settlement.attempts());
        if (reason != null) {
            data.put("reason", reason);
        }
        data.putObject("lastAttempt")
                .put("id", ids.attempt(attempt.startedAt(), settlement.seq(), endpoint.no(), attempt.number()))
                .put("responseStatusCode", attempt.responseCode())
                .put("timestamp", text(attempt.startedAt()));
        return new Event(
                app.envNo(),
                endOf(attempt),
                type,
                settlement.appNo(),
                settlement.seq(),
                settlement.messageAt(),
                data,
                type.equals(EXHAUSTED) ? endpoint.no() : 0);
    }

    /** Of a change to an endpoint. */
    void turned(Rows rows, Turn turn) {
        Endpoint endpoint = turn.now();
        if (endpoint.temporary()) {
            return;
        }
        long at = Time.micros(endpoint.updatedAt());
        if (turn.disables()) {
            disabled(rows, turn, at);
        } else if (turn.enables()) {
            turned(rows, turn, at, "endpoint.enabled");
        }
        if (turn.was().paused() != endpoint.paused()) {
            turned(rows, turn, at, endpoint.paused() ? "endpoint.paused" : "endpoint.resumed");
        }
    }

    private void turned(Rows rows, Turn turn, long at, String type) {
        tell(rows, at, type, turn.application(), about(turn.application(), turn.now()));
    }

    private void disabled(Rows rows, Turn turn, long at) {
        Endpoint endpoint = turn.now();
        ObjectNode data = about(turn.application(), endpoint);
        data.put("trigger", turn.byItself() ? "automatic" : "manual");
        data.put("reason", endpoint.disabledReason());
        Instant failSince = turn.failSince();
        data.put("failSince", failSince == null ? null : failSince.toString());
        tell(rows, at, "endpoint.disabled", turn.application(), data);
        if (turn.byItself() && mailing && !notification(endpoint).emails().isEmpty()) {
            rows.mails.add(new Mail(
                    endpoint.appNo(), endpoint.no(), MailKind.DISABLED, at, 0, 0, 0, 0, endpoint.disabledReason()));
        }
    }

    private void tell(Rows rows, long at, String type, Application app, ObjectNode data) {
        if (told(app)) {
            rows.events.add(new Event(app.envNo(), app.no(), at, type, data));
        }
    }

    /** Of a circuit that opened. */
    void circuitOpened(Rows rows, int appNo, int endpointNo, int failures, long probeAt, long now) {
        AppView app = catalog.appByNo(appNo);
        Endpoint endpoint = app == null ? null : app.endpointByNo(endpointNo);
        if (app == null || endpoint == null || endpoint.temporary() || !told(app.application())) {
            return;
        }
        ObjectNode data = about(app.application(), endpoint);
        data.put("failures", failures);
        data.put("nextAttempt", text(probeAt));
        rows.events.add(new Event(app.application().envNo(), appNo, now, "endpoint.circuit.opened", data));
        rows.troubles.put(endpointNo, true);
    }

    /** Whether it is for trouble that deliveries wait for an endpoint, and not because somebody wants it so. */
    boolean watched(int appNo, int endpointNo) {
        AppView app = catalog.appByNo(appNo);
        Endpoint endpoint = app == null ? null : app.endpointByNo(endpointNo);
        return app != null
                && endpoint != null
                && !app.application().paused()
                && !endpoint.paused()
                && !endpoint.disabled()
                && !endpoint.temporary()
                && told(app.application());
    }

    /**
     * Of a backlog above the threshold.
     *
     * @return false if nobody is told
     */
    boolean backlog(Rows rows, int appNo, int endpointNo, long waiting, int threshold, long now) {
        AppView app = catalog.appByNo(appNo);
        Endpoint endpoint = app == null ? null : app.endpointByNo(endpointNo);
        if (app == null || endpoint == null || !told(app.application())) {
            return false;
        }
        ObjectNode data = about(app.application(), endpoint);
        data.put("backlog", waiting);
        data.put("threshold", threshold);
        rows.events.add(new Event(app.application().envNo(), appNo, now, "endpoint.backlog", data));
        return true;
    }

    /** Of an application that was refused another endpoint. */
    void endpointLimit(Rows rows, int appNo, int limit, int active, long now) {
        AppView app = catalog.appByNo(appNo);
        if (app != null && told(app.application())) {
            ObjectNode data = limit("endpoints", limit, active);
            data.put("appId", app.application().id());
            data.put("appUid", app.application().uid());
            rows.events.add(new Event(app.application().envNo(), appNo, now, "limit.reached", data));
        }
    }

    /** Of an application that is told of less than before. */
    void scopesTaken(Rows rows, int appNo, List<String> scopes, int endpoints, List<String> eventTypes, long now) {
        AppView app = catalog.appByNo(appNo);
        if (app != null && told(app.application())) {
            ObjectNode data = JsonNodeFactory.instance
                    .objectNode()
                    .put("appId", app.application().id())
                    .put("appUid", app.application().uid())
                    .put("endpoints", endpoints);
            scopes.forEach(data.putArray("scopes")::add);
            eventTypes.forEach(data.putArray("eventTypes")::add);
            rows.events.add(new Event(app.application().envNo(), appNo, now, "application.scopes", data));
        }
    }

    /** Of what went with messages that were too old. */
    void lost(Rows rows, int appNo, LocalDate day, long deliveries, long deadLetters, long now) {
        AppView app = catalog.appByNo(appNo);
        if (app != null && told(app.application())) {
            ObjectNode data = JsonNodeFactory.instance
                    .objectNode()
                    .put("appId", app.application().id())
                    .put("appUid", app.application().uid())
                    .put("day", day.toString())
                    .put("deliveries", deliveries)
                    .put("deadLetters", deadLetters);
            rows.events.add(new Event(app.application().envNo(), appNo, now, "message.expired", data));
        }
    }

    /** Of the size of the database, which concerns every environment. */
    void databaseSize(Rows rows, long bytes, long bound, long now) {
        for (Environment environment : catalog.environments().list(null, true, Integer.MAX_VALUE, any -> true)) {
            if (operational(environment.no()) != null) {
                rows.events.add(
                        new Event(environment.no(), 0, now, "limit.reached", limit("databaseBytes", bound, bytes)));
            }
        }
    }

    private static ObjectNode limit(String what, long limit, long value) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("limit", what)
                .put("max", limit)
                .put("value", value);
    }

    private static ObjectNode about(Application app, Endpoint endpoint) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("appId", app.id())
                .put("appUid", app.uid())
                .put("endpointId", endpoint.id())
                .put("endpointUid", endpoint.uid());
    }

    private static String text(long micros) {
        return Time.instant(micros).toString();
    }
}
