/**
 * What became of every delivery.
 *
 * <p>The {@link io.posthorn.history.Recorder} is the second group commit of the message's way. One thread takes all
 * outcomes that have gathered and writes them as one transaction: the attempts, the deferrals that begin, move or end,
 * and, now and then, how far each shard is settled.
 *
 * <p><b>The settled position.</b> For each shard it is the sequence number below which nothing is owed any more: every
 * (message, endpoint) pair is delivered, exhausted, or stands in {@code deferral}.
 *
 * <pre>
 *   seq     1 2 3 4 5 6 7 8 9
 *   owed    0 0 0 2 0 1 0 0 1          settled = 3, head = 9
 * </pre>
 *
 * <p>{@link io.posthorn.history.SettledPositions} counts what is owed in memory, after the commits that settle it. What
 * the database holds may lag behind that, never run ahead: recovery then reads a few more messages and finds their
 * attempts. So it is written a few times a second and not with every commit, which would cost 64 row updates each.
 *
 * <p><b>A broken connection in mid-commit</b> leaves it open whether the commit happened. The recorder ends the old
 * backend, then looks for the batch's first attempt: a transaction is there whole or not at all. While the database is
 * away the recorder keeps what it has and tries again; those who begin deliveries look whether it is full first. An
 * outcome that the database refuses for what a stranger put into it is kept without the response.
 *
 * <p><b>Dead letters.</b> A delivery that ends without success gets a row in the transaction of its outcome
 * ({@code PgDeadLetterRows}), and a later round that succeeds takes it away in that of its own. What somebody asks for comes
 * back through {@code deferral} ({@code PgRounds}): {@link io.posthorn.history.Redeliveries} asks for it, by name or page by
 * page, and {@link io.posthorn.history.DeadLetters} gives it up.
 *
 * <p><b>Reading</b> ({@link io.posthorn.history.History}) lives from the indexes that writing needs anyway, for another
 * one would be paid for with every message: (application, number) of messages and attempts, (endpoint, start, number) of
 * attempts. So there are lists in the order of these only, and filters look at what comes in that order. Pages begin at a
 * place and end at a limit of rows or bytes; a statement has ten seconds; few read at a time.
 */
@NullMarked
package io.posthorn.history;

import org.jspecify.annotations.NullMarked;
