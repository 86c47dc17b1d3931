package io.posthorn.history;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/** Writes more about outcomes, in the transaction that writes them. On the recorder's thread. */
public interface PgOutcomeListener {
    /** Writes nothing. */
    PgOutcomeListener NONE = new PgOutcomeListener() {
        @Override
        public void written(Connection tx, List<Settlement> batch) {}

        @Override
        public void committed() {}
    };

    /**
     * These have been written and are not committed yet. The same may come again, if the commit fails; what was
     * remembered of the first time is to be forgotten then. For what succeeded at once there must be no statement.
     *
     * @param tx the transaction
     * @param batch in the order in which they happened
     */
    void written(Connection tx, List<Settlement> batch) throws SQLException;

    /** Those that were written last are committed. */
    void committed();
}
