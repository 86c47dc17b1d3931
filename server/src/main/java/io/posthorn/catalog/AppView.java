package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One application and its endpoints as they were at one moment. Immutable, for any thread. */
public final class AppView {
    private final Application application;
    private final Index byId;
    private final Index byUid;
    private final Endpoint[] byNo;
    private final Subscriptions subscriptions;

    private AppView(Application application, Index byId, Index byUid, Endpoint[] byNo, Subscriptions subscriptions) {
        this.application = application;
        this.byId = byId;
        this.byUid = byUid;
        this.byNo = byNo;
        this.subscriptions = subscriptions;
    }

    /** A view from scratch; the endpoints are all of this application, in any order. */
    static AppView of(Application application, Endpoint[] endpoints) {
        Endpoint[] byNo = endpoints.clone();
        Arrays.sort(byNo, (a, b) -> Integer.compare(a.no(), b.no()));
        Endpoint[] named = Stream.of(byNo).filter(e -> e.uid() != null).toArray(Endpoint[]::new);
        return new AppView(
                application,
                Index.of(byNo, Endpoint::id),
                Index.of(named, AppView::uidOf),
                byNo,
                Subscriptions.of(byNo));
    }

    /** The application itself. */
    public Application application() {
        return application;
    }

    /** Its endpoints, the oldest first. */
    public List<Endpoint> endpoints() {
        return Collections.unmodifiableList(Arrays.asList(byId.sorted()));
    }

    /**
     * Some of its endpoints, in the order of their ids, which is that of their creation.
     *
     * @param after only those beyond this id, whether it still exists or not; null for the first ones
     * @param ascending the oldest first, otherwise the newest
     * @param most how many
     */
    public List<Endpoint> endpoints(@Nullable String after, boolean ascending, int most) {
        Endpoint[] sorted = byId.sorted();
        int at = after == null ? (ascending ? 0 : sorted.length - 1) : beyond(byId.position(after), ascending);
        List<Endpoint> some = new ArrayList<>();
        while (some.size() < most && at >= 0 && at < sorted.length) {
            some.add(sorted[at]);
            at += ascending ? 1 : -1;
        }
        return some;
    }

    private static int beyond(int position, boolean ascending) {
        if (position >= 0) {
            return ascending ? position + 1 : position - 1;
        }
        int gap = -1 - position;
        return ascending ? gap : gap - 1;
    }

    /** {@link Catalog#matching} without groups. */
    Endpoint[] matching(String eventType, List<String> channels) {
        return matching(eventType, channels, any -> null);
    }

    /** {@link Catalog#matching}. */
    Endpoint[] matching(String eventType, List<String> channels, Subscriptions.Groups groups) {
        return subscriptions.matching(eventType, channels, groups);
    }

    /** The endpoint of this application with this id, or else with this uid; null if there is none. */
    public @Nullable Endpoint endpoint(String idOrUid) {
        Endpoint found = byId.find(idOrUid);
        return found != null ? found : byUid.find(idOrUid);
    }

    /** The endpoint of this application with this number; null if there is none. */
    public @Nullable Endpoint endpointByNo(int no) {
        int at = positionOf(no);
        return at < 0 ? null : byNo[at];
    }

    private int positionOf(int no) {
        int low = 0;
        int high = byNo.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int found = byNo[middle].no();
            if (found == no) {
                return middle;
            } else if (found < no) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1 - low;
    }

    AppView with(Application changed) {
        return new AppView(changed, byId, byUid, byNo, subscriptions);
    }

    /** With this endpoint new, or in the place of the one with its number. */
    AppView with(Endpoint endpoint) {
        int at = positionOf(endpoint.no());
        if (at >= 0) {
            Endpoint[] same = byNo.clone();
            same[at] = endpoint;
            return next(byNo[at], endpoint, same);
        }
        int gap = -1 - at;
        Endpoint[] more = new Endpoint[byNo.length + 1];
        System.arraycopy(byNo, 0, more, 0, gap);
        more[gap] = endpoint;
        System.arraycopy(byNo, gap, more, gap + 1, byNo.length - gap);
        return next(null, endpoint, more);
    }

    /** Without the endpoint of this number. */
    AppView without(int no) {
        int at = positionOf(no);
        if (at < 0) {
            return this;
        }
        Endpoint[] fewer = new Endpoint[byNo.length - 1];
        System.arraycopy(byNo, 0, fewer, 0, at);
        System.arraycopy(byNo, at + 1, fewer, at, fewer.length - at);
        return next(byNo[at], null, fewer);
    }

    private AppView next(@Nullable Endpoint before, @Nullable Endpoint after, Endpoint[] numbered) {
        Index ids = byId;
        Index uids = byUid;
        if (before != null && before.uid() != null) {
            uids = uids.without(uidOf(before));
        }
        if (after != null) {
            ids = ids.with(after);
            uids = after.uid() == null ? uids : uids.with(after);
        } else if (before != null) {
            ids = ids.without(before.id());
        }
        return new AppView(application, ids, uids, numbered, subscriptions.replace(before, after));
    }

    private static String uidOf(Endpoint endpoint) {
        return Objects.requireNonNull(endpoint.uid());
    }
}
