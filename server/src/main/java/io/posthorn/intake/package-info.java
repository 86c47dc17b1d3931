/**
 * Messages come in and become durable.
 *
 * <pre>
 *   event loops ──submit──▶ BatchQueue ──▶ writer thread ──▶ Journal.append   one transaction
 *                             │ bounded                        │
 *                             └── full: 429                    ├──▶ fan-out, in order of acceptance
 *                                                              └──▶ the publishers' answers (202, 409 …)
 * </pre>
 *
 * <p>The answer is given after the commit, never before: a 202 is a promise. While one commit is under way the next
 * batch gathers. The {@link io.posthorn.intake.Journal} is the port behind which messages are kept. It gives them
 * their sequence numbers, gapless within a shard, and settles who was first with an event id or an idempotency key;
 * there is a single writer, so a look and an insert in one transaction suffice.
 *
 * <p><b>When the database goes away in mid-commit</b> nobody knows whether the batch is there. Its publishers are
 * answered 503. Before the next batch is written, the old backend is ended and the journal looks for the batch: if it
 * is there after all, its messages are delivered like any other (a publisher who tries again sends a second message,
 * unless it used an event id or an idempotency key); if not, their numbers are used again.
 */
@NullMarked
package io.posthorn.intake;

import org.jspecify.annotations.NullMarked;
