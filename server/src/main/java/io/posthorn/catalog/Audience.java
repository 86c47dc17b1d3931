package io.posthorn.catalog;

import io.posthorn.model.Endpoint;
import java.util.Arrays;
import java.util.List;

/** Endpoints that want the same messages, channels apart. Immutable. */
final class Audience {
    static final Audience NOBODY = new Audience(new Endpoint[0], false);

    private final Endpoint[] members;
    private final boolean choosy;

    private Audience(Endpoint[] members, boolean choosy) {
        this.members = members;
        this.choosy = choosy;
    }

    static Audience of(List<Endpoint> members) {
        return of(members.toArray(Endpoint[]::new));
    }

    private static Audience of(Endpoint[] members) {
        if (members.length == 0) {
            return NOBODY;
        }
        boolean choosy = false;
        for (Endpoint member : members) {
            choosy |= member.channels() != null;
        }
        return new Audience(members, choosy);
    }

    Audience with(Endpoint endpoint) {
        Endpoint[] more = Arrays.copyOf(members, members.length + 1);
        more[members.length] = endpoint;
        return of(more);
    }

    Audience without(int endpointNo) {
        for (int i = 0; i < members.length; i++) {
            if (members[i].no() == endpointNo) {
                Endpoint[] fewer = new Endpoint[members.length - 1];
                System.arraycopy(members, 0, fewer, 0, i);
                System.arraycopy(members, i + 1, fewer, i, fewer.length - i);
                return of(fewer);
            }
        }
        return this;
    }

    /** In no order; nobody writes to it. */
    Endpoint[] members() {
        return members;
    }

    /** Whether any of them wants certain channels only. */
    boolean choosy() {
        return choosy;
    }

    boolean isEmpty() {
        return members.length == 0;
    }
}
