/**
 * Deliveries are made.
 *
 * <p>Every endpoint has a {@link io.posthorn.dispatch.Lane}: its queue, its requests in flight, its health. All lanes
 * of one {@link io.posthorn.dispatch.LaneLoop} belong to one event loop, so nothing in here needs a lock.
 *
 * <pre>
 *   fan-out ─▶ offer ─┬─ room in memory ─▶ queue ─▶ request ─▶ verdict ─▶ recorder
 *                     │                      ▲
 *                     └─ no room ─▶ parked ──┘ read back when the queue runs low
 *                                (deferral)
 * </pre>
 *
 * <p><b>One endpoint's trouble is its own.</b> A lane's queue is bounded; what does not fit is parked in the database. A
 * lane whose requests time out or do not connect may have fewer and fewer in flight, down to one, and more again with its
 * successes. Of all requests in flight, the last quarter is for lanes whose last request succeeded, and half of them is
 * closed to lanes in trouble: any number of hanging endpoints leaves room for the healthy ones. The same shares hold
 * for the memory that queues take. Looks into the backlog ({@link io.posthorn.dispatch.Looks}) are few at a time and
 * serve healthy lanes first.
 *
 * <p><b>When a lane may start its next request</b> its {@link io.posthorn.dispatch.Gate} says, whichever delivery it is:
 * how many at once ({@link io.posthorn.dispatch.Health}), how many a second ({@link io.posthorn.dispatch.Flow}), none
 * while the endpoint has asked to be left alone, nothing but probes while it fails ({@link io.posthorn.dispatch.Circuit}).
 * A lane that is shut for long gives its memory back. What an outcome means, the endpoint's
 * {@link io.posthorn.dispatch.Judge} says, by its owner's policy.
 *
 * <p><b>Who is responsible when.</b> A delivery in memory that has no row in {@code deferral} is covered by its shard's
 * settled position; one that was read from {@code deferral} keeps its row until its outcome is committed, and its lane
 * remembers its number ({@code claimed}) until then, so that it is not read twice. What waits in memory for a minute
 * without its first request is parked as well: otherwise one hanging endpoint would hold its whole shard's settled
 * position back, and recovery would have hours to read.
 *
 * <p><b>What is asked for again</b> ({@link io.posthorn.dispatch.Redelivery}) takes the same way from {@code deferral}
 * on, as another round: the numbers of its attempts go on, its retry schedule starts afresh. It may be asked for in any
 * state. A round that is asked for while an attempt is under way gets a higher base in the row than that attempt knows;
 * when the attempt has failed, the row stands, and the lane, which was told ({@code renewed}), looks again. A lane does
 * not count as behind for such rows, and a page that it reads has them last.
 *
 * <p><b>Requests that are not the usual ones</b> are made away from the loop, by a {@link
 * io.posthorn.dispatch.RequestMaker}, because strangers have written what they are like; the loop only sends them:
 *
 * <pre>
 *   filter ▶ payload's version ▶ thin ▶ the profile's envelope ▶ transformation ▶ print ▶ sign ▶ authenticate ▶ send
 * </pre>
 *
 * <p>One endpoint has one of them made at a time ({@link io.posthorn.runtime.FairWorkers}), so none waits for another's
 * expressions for long. What the filter does not want ends as if it had never been subscribed to, and nothing is kept of
 * it. What cannot be made is an attempt that failed, tried again by the schedule; the circuit takes no notice.
 *
 * <p><b>Temporary endpoints</b> have lanes like all others; only the last step differs: their requests do not leave
 * through {@code egress} but go to somebody who is connected ({@link io.posthorn.dispatch.Listeners}).
 *
 * <p><b>An exception that nobody foresaw</b> in a lane would leave its loop half done. It ends the process
 * ({@link io.posthorn.runtime.Fatal}); recovery goes on from what is on disk.
 */
@NullMarked
package io.posthorn.dispatch;

import org.jspecify.annotations.NullMarked;
