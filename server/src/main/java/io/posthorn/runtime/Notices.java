package io.posthorn.runtime;

import java.time.LocalDate;
import java.util.List;

/**
 * What the operator wants to hear of and what no transaction of its own tells: everybody may say it, on any thread. It
 * neither blocks nor throws; what is said is written down soon after, and what is said again and again is told once.
 */
public interface Notices {
    /** Nobody wants to hear anything. */
    Notices NONE = new Notices() {
        @Override
        public void circuitOpened(int appNo, int endpointNo, int failures, long probeAt) {}

        @Override
        public void endpointLimitReached(int appNo, int limit, int active) {}

        @Override
        public void scopesTaken(int appNo, List<String> scopes, int endpoints, List<String> eventTypes) {}

        @Override
        public void messagesExpired(int appNo, LocalDate day, long deliveries, long deadLetters) {}

        @Override
        public void databaseSizeReached(long bytes, long bound) {}
    };

    /**
     * An endpoint is left alone because its attempts fail. When one succeeds again, the operator hears that it has
     * recovered; nobody has to say so.
     *
     * @param appNo its application
     * @param endpointNo the endpoint
     * @param failures how many attempts have failed, one after the other
     * @param probeAt when it is tried again, microseconds since 1970
     */
    void circuitOpened(int appNo, int endpointNo, int failures, long probeAt);

    /**
     * An application was refused another endpoint. Told once an hour at most.
     *
     * @param appNo the application
     * @param limit how many it may have
     * @param active how many it has; more than the limit if that was lowered
     */
    void endpointLimitReached(int appNo, int limit, int active);

    /**
     * Scopes were taken from an application, and with them what its endpoints were told of.
     *
     * @param appNo the application
     * @param scopes that it had and has not any more; empty if it was not restricted before
     * @param endpoints how many want event types that they do not get any more
     * @param eventTypes the first of these types by name, at most 100
     */
    void scopesTaken(int appNo, List<String> scopes, int endpoints, List<String> eventTypes);

    /**
     * Messages went for their age, and with them what was still to be done about them.
     *
     * @param appNo the application
     * @param day the last one that went
     * @param deliveries that still waited and have ended
     * @param deadLetters that nobody can send again any more
     */
    void messagesExpired(int appNo, LocalDate day, long deliveries, long deadLetters);

    /**
     * The database comes near the size that it may have, or has it. Told once an hour at most, in every environment.
     *
     * @param bytes its size
     * @param bound what it may have
     */
    void databaseSizeReached(long bytes, long bound);
}
