package io.posthorn.history;

import io.posthorn.history.History.Place;
import io.posthorn.history.RedeliveryTask.Kind;
import io.posthorn.model.DeferralReason;
import io.posthorn.runtime.Time;
import io.posthorn.store.PgTimes;
import org.jspecify.annotations.Nullable;

/**
 * What a task has to look at that is about dead letters: their numbers and times, and with {@link Kind#RECOVER} those of
 * what waits for a later retry. Both tables are read by their keys, the endpoint and the number, in this order.
 */
final class PgDeadPage {
    private PgDeadPage() {}

    /**
     * The statement.
     *
     * @param after only what is beyond this number; null for all
     * @param upTo and not beyond this one
     * @param most rows
     * @param order {@code order by seq}, or nothing for counting
     */
    static PgSelect select(RedeliveryTask task, @Nullable Place after, long upTo, int most, String order) {
        PgSelect dead = part("dead_letter", task, after, upTo);
        dead.add(
                task.kind() == Kind.RECOVER
                        ? "and d.message_at >= ? and d.message_at < ?"
                        : "and d.died_at >= ? and d.died_at < ?",
                from(task),
                to(task));
        PgDeadLetters.addKind(
                dead, task.selection().eventTypes(), task.selection().why());
        dead.add(order + " limit ?", most);
        if (task.kind() != Kind.RECOVER) {
            return dead;
        }
        PgSelect waiting = part("deferral", task, after, upTo)
                .add("and d.message_at >= ? and d.message_at < ?", from(task), to(task))
                .add("and d.reason = ?", DeferralReason.RETRY.code())
                .add(order + " limit ?", most);
        return new PgSelect("select seq, message_at from ((")
                .add(dead)
                .add(") union (")
                .add(waiting)
                .add(")) u " + order + " limit ?", most);
    }

    private static PgSelect part(String table, RedeliveryTask task, @Nullable Place after, long upTo) {
        PgSelect part = new PgSelect("select d.seq, d.message_at from " + table + " d")
                .add("where d.endpoint_no = ? and d.seq <= ?", task.endpointNo(), upTo);
        return after == null ? part : part.add("and d.seq > ?", after.tie());
    }

    private static Object from(RedeliveryTask task) {
        return PgTimes.utc(Time.micros(task.since()));
    }

    private static Object to(RedeliveryTask task) {
        return PgTimes.utc(Time.micros(task.until()));
    }
}
