package io.posthorn.catalog;

import java.time.Instant;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Who changed what. An act is bound to the thread that does the work ({@link #ACT}), and every fenced transaction that
 * the work begins writes it down, so that a change and its entry are there together or not at all.
 */
public interface Audit {
    /** What is being done on this thread; not bound when Posthorn itself changes something. */
    ScopedValue<Act> ACT = ScopedValue.newInstance();

    /** What the change on this thread is about; not bound if the act itself says all there is to say. */
    ScopedValue<Subject> SUBJECT = ScopedValue.newInstance();

    /** In place of the number of an environment: what concerns the whole installation. */
    int INSTALLATION = 0;

    /**
     * What is changed.
     *
     * @param envNo the environment that it belongs to, wherever the request was for; {@link #INSTALLATION} for an
     *     environment itself, and for what belongs to none
     * @param appId the application that it is, or belongs to; null if it belongs to none
     * @param id of it; the name of an event type
     */
    record Subject(int envNo, @Nullable String appId, String id) {}

    /** Makes a change whose entry names what is changed. */
    static <T> T about(Subject subject, Supplier<T> change) {
        return ScopedValue.where(SUBJECT, subject).call(change::get);
    }

    /** Makes a change whose entry names what is changed. */
    static void about(Subject subject, Runnable change) {
        ScopedValue.where(SUBJECT, subject).run(change);
    }

    /**
     * Something that somebody does.
     *
     * @param tokenId whose token
     * @param tokenName its name at that time
     * @param role what it may do
     * @param tokenEnvNo the environment of the token; {@link Token#EVERYWHERE} for the whole installation
     * @param envNo the environment that it concerns, or {@link #INSTALLATION}
     * @param action the operation, such as {@code endpoint.update}
     * @param target the path that it was done at
     * @param appId the application that it concerns; null if it concerns none
     * @param subject the id of what is made or changed, the name of an event type; null if the target says it
     * @param fields the names of what was given, without the values: those may be secrets
     * @param address where the request came from
     */
    record Act(
            String tokenId,
            String tokenName,
            Role role,
            int tokenEnvNo,
            int envNo,
            String action,
            String target,
            @Nullable String appId,
            @Nullable String subject,
            List<String> fields,
            String address) {
        /** The same act, with what it changes. */
        public Act of(Subject changed) {
            return new Act(
                    tokenId,
                    tokenName,
                    role,
                    tokenEnvNo,
                    changed.envNo(),
                    action,
                    target,
                    changed.appId(),
                    changed.id(),
                    fields,
                    address);
        }
    }

    /**
     * An act that was done.
     *
     * @param no grows with time
     * @param at when
     * @param act what
     */
    record Entry(long no, Instant at, Act act) {}

    /**
     * Which entries.
     *
     * @param envNo of this environment, or {@link #INSTALLATION}
     * @param action only this operation; null for all
     * @param tokenId only by this token; null for all
     * @param appId only what concerned this application; null for all
     */
    record Filter(
            int envNo,
            @Nullable String action,
            @Nullable String tokenId,
            @Nullable String appId) {}

    /** Writes down, in a transaction of its own, what changes nothing: that somebody looked at a secret. */
    void note(Act act);

    /**
     * Some entries.
     *
     * @param filter which
     * @param after only those beyond this number; null for all
     * @param ascending the oldest first, otherwise the newest
     * @param most how many
     * @throws AuditException if it takes too long, or too many are reading
     */
    List<Entry> list(Filter filter, @Nullable Long after, boolean ascending, int most);

    /**
     * Removes what is older.
     *
     * @return how many entries it was
     */
    int forget(Instant before);
}
