/**
 * PostgreSQL: embedded or external, the pool, migrations, ownership, daily partitions. It knows no business: no other
 * room's tables are read or written here, beyond the two rows that say which installation this is and who may write.
 *
 * <h2>The embedded server</h2>
 *
 * A person who tries Posthorn has no PostgreSQL at hand, so it brings one: the binaries come as an archive on the class
 * path, are unpacked into the data folder, and run as a child process that listens on 127.0.0.1 only. Everything that
 * happens to child processes happens to it, and each case has one place:
 *
 * <pre>
 *   {@link io.posthorn.store.FolderLock}        one Posthorn to a data folder
 *   {@link io.posthorn.store.Binaries}          the archive, unpacked whole or not at all
 *   {@link io.posthorn.store.Launcher}          as whom: PostgreSQL refuses to run as root
 *   {@link io.posthorn.store.Cluster}           pg18/, pg18.password, pg18.port: made whole or not at all
 *   {@link io.posthorn.store.PostmasterFile}    does a server from before still run here?
 *   {@link io.posthorn.store.EmbeddedServer}    start, adopt, stop
 *   {@link io.posthorn.store.Readiness}         recovery takes what it takes: waiting for an answer, or an end
 *   {@link io.posthorn.store.Watchdog}          somebody kills it: it is restarted
 * </pre>
 *
 * <pre>
 *                      ┌ none, or dead, or another program's pid ──────────────▶ start ─┐
 *   postmaster.pid? ───┤                                                                ├─▶ running ─ dies ─▶ back-off ─▶ start
 *                      └ ours ─▶ answers, same binaries and settings? ─ yes ─▶ adopt ───┘      │
 *                                        └ no ─▶ stop it, wait ─▶ start                     close ─▶ fast shutdown
 * </pre>
 *
 * <p>The server survives a {@code kill -9} of the JVM on purpose: it would anyway, and adopting it saves the recovery.
 * The settings it runs with have a fingerprint, which it tells when asked ({@code show posthorn.settings}), so that
 * an older server is never mistaken for one started with the present settings. The child has a session of its own, so
 * that Ctrl-C in the terminal reaches the JVM alone, which then stops in order.
 *
 * <h2>Ownership, and why a lock is not enough</h2>
 *
 * One node at a time may write. It holds a session advisory lock; a standby polls for it. A lock alone does not
 * do: a node that is paused, or cut off from the database, does not notice that its session has ended and that another
 * has the lock. So every takeover raises an epoch, and every write checks its epoch in its own transaction:
 *
 * <pre>
 *   old owner                       PostgreSQL                         new owner
 *   begin; fence(7) ──────────────▶ shared lock 2, epoch is 7: fine
 *   insert …                        (session of the old owner ends)
 *                                   lock 1 is free ◀────────────────── pg_try_advisory_lock(1)
 *                                   waits for lock 2 ◀──────────────── take_ownership()
 *   commit ───────────────────────▶ shared lock 2 released ──────────▶ epoch 8
 *   begin; fence(7) ──────────────▶ PH001: stale owner                 reads what there is: it is complete
 * </pre>
 *
 * <p>The check takes a shared lock that the takeover takes exclusively, so a write that has passed the check is
 * committed before the new owner reads its first row. An owner that lost only its lock connection takes the lock again;
 * if the epoch is still its own, nothing has happened.
 */
@NullMarked
package io.posthorn.store;

import org.jspecify.annotations.NullMarked;
