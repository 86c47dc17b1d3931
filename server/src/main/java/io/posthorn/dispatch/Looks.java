package io.posthorn.dispatch;

import io.posthorn.history.Backlog;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which lanes are to look into their backlogs, and whose turn it is. A lane stands here at most once asleep and at most
 * once wanting, so that this is bounded by the number of lanes whatever happens.
 */
final class Looks {
    private static final List<Health.Standing> TURNS =
            List.of(Health.Standing.PROVEN, Health.Standing.UNKNOWN, Health.Standing.SUSPECT);

    private final TreeSet<Lane> asleep = new TreeSet<>(
            Comparator.<Lane>comparingLong(lane -> lane.wakeAt).thenComparingInt(lane -> lane.endpointNo));
    /** Apart by standing, so that endpoints in trouble do not stand before healthy ones. */
    private final Map<Health.Standing, Queue<Lane>> wanting = new EnumMap<>(Health.Standing.class);

    Looks() {
        for (Health.Standing standing : Health.Standing.values()) {
            wanting.put(standing, new ArrayDeque<>());
        }
    }

    /** Wakes the lane then, if not before. */
    void wake(Lane lane, long at) {
        if (at < lane.wakeAt) {
            forget(lane);
            lane.wakeAt = at;
            asleep.add(lane);
        }
    }

    /** The lane is not woken any more. */
    void forget(Lane lane) {
        if (lane.wakeAt != Backlog.NEVER) {
            asleep.remove(lane);
            lane.wakeAt = Backlog.NEVER;
        }
    }

    /** A lane whose time has come, which is asleep no more; null if there is none. */
    @Nullable
    Lane awake(long now) {
        if (asleep.isEmpty() || asleep.getFirst().wakeAt > now) {
            return null;
        }
        Lane lane = asleep.removeFirst();
        lane.wakeAt = Backlog.NEVER;
        return lane;
    }

    /** The lane would look now if it may. */
    void want(Lane lane) {
        if (!lane.wantsLook) {
            lane.wantsLook = true;
            queue(lane.gate.standing()).add(lane);
        }
    }

    /**
     * Whose turn it is: healthy lanes come first.
     *
     * @param may whether a lane of such standing may look now
     * @return null if nobody wants to who may
     */
    @Nullable
    Lane next(Predicate<Health.Standing> may) {
        for (Health.Standing standing : TURNS) {
            Queue<Lane> queue = queue(standing);
            if (!queue.isEmpty() && may.test(standing)) {
                Lane lane = queue.remove();
                lane.wantsLook = false;
                return lane;
            }
        }
        return null;
    }

    /** How many lanes stand here, those asleep and those wanting. */
    int size() {
        return asleep.size() + wanting.values().stream().mapToInt(Queue::size).sum();
    }

    private Queue<Lane> queue(Health.Standing standing) {
        Queue<Lane> queue = wanting.get(standing);
        if (queue == null) {
            throw new IllegalStateException("no queue for " + standing);
        }
        return queue;
    }
}
