package io.posthorn.egress;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The connections that nobody uses at the moment. It bounds what is kept, not what is used: there is nothing to wait
 * for here. Confined to one thread.
 */
final class IdleLinks {
    private final int most;
    private final long nanos;
    private final Map<Origin, ArrayDeque<Link>> byOrigin = new HashMap<>();
    /** The one idle longest comes first. */
    private final LinkedHashSet<Link> byAge = new LinkedHashSet<>();

    /**
     * An empty one.
     *
     * @param most how many are kept
     * @param nanos how long each is kept
     */
    IdleLinks(int most, long nanos) {
        this.most = most;
        this.nanos = nanos;
    }

    int size() {
        return byAge.size();
    }

    /** The link to the origin that was used last and leads to one of the addresses. */
    @Nullable
    Link take(Origin origin, List<InetAddress> addresses) {
        ArrayDeque<Link> links = byOrigin.get(origin);
        if (links == null) {
            return null;
        }
        for (Iterator<Link> it = links.descendingIterator(); it.hasNext(); ) {
            Link link = it.next();
            if (addresses.contains(link.address)) {
                it.remove();
                byAge.remove(link);
                link.reused = true;
                return link;
            }
        }
        return null;
    }

    /** Keeps a link that has served, or closes it or an older one if there are too many. */
    void give(Link link, long now) {
        if (link.isClosed()) {
            return;
        }
        if (most == 0) {
            link.close();
            return;
        }
        if (byAge.size() >= most) {
            drop(byAge.getFirst());
        }
        link.idleSince = now;
        byAge.add(link);
        byOrigin.computeIfAbsent(link.origin, key -> new ArrayDeque<>(2)).addLast(link);
    }

    /** Forgets a link that was closed from the other side. */
    void forget(Link link) {
        if (byAge.remove(link)) {
            ArrayDeque<Link> links = byOrigin.get(link.origin);
            if (links != null) {
                links.remove(link);
            }
        }
    }

    /** Closes what has been idle for too long. */
    void sweep(long now) {
        while (!byAge.isEmpty() && now - byAge.getFirst().idleSince >= nanos) {
            drop(byAge.getFirst());
        }
        byOrigin.values().removeIf(ArrayDeque::isEmpty);
    }

    void closeAll() {
        while (!byAge.isEmpty()) {
            drop(byAge.getFirst());
        }
        byOrigin.clear();
    }

    private void drop(Link link) {
        forget(link);
        link.close();
    }
}
