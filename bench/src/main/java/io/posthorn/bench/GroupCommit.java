package io.posthorn.bench;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * One thread that writes to one table of the floor: it takes whatever has gathered while it was writing, and writes
 * that as one statement.
 *
 * @param <T> a row
 */
final class GroupCommit<T> {
    private static final int MOST_ROWS = 8192;

    /** Writes rows and commits them. */
    interface Writer<T> {
        /** Called by the thread with at least one row. */
        void write(Connection connection, List<T> rows) throws SQLException;
    }

    /** Is told what is committed. */
    interface Committed<T> {
        /** Called by the thread. */
        void committed(List<T> rows);
    }

    private final Object lock = new Object();
    private List<T> gathered = new ArrayList<>();
    private boolean waiting;

    /** Starts the thread. It ends the process when the database fails: the floor has nothing to fall back on. */
    GroupCommit(String name, Connection connection, Writer<T> writer, Committed<T> then) {
        Thread.ofPlatform().name(name).daemon().start(() -> {
            try {
                List<T> spare = new ArrayList<>();
                while (true) {
                    List<T> rows = take(spare);
                    for (int from = 0; from < rows.size(); from += MOST_ROWS) {
                        List<T> part = rows.subList(from, Math.min(rows.size(), from + MOST_ROWS));
                        writer.write(connection, part);
                        then.committed(part);
                    }
                    rows.clear();
                    spare = rows;
                }
            } catch (SQLException | InterruptedException e) {
                System.err.println(name + " ended: " + e);
                Runtime.getRuntime().halt(1);
            }
        });
    }

    /** Hands a row over. */
    void add(T row) {
        synchronized (lock) {
            gathered.add(row);
            if (waiting) {
                waiting = false;
                lock.notify();
            }
        }
    }

    private List<T> take(List<T> empty) throws InterruptedException {
        synchronized (lock) {
            while (gathered.isEmpty()) {
                waiting = true;
                lock.wait();
            }
            List<T> rows = gathered;
            gathered = empty;
            return rows;
        }
    }
}
