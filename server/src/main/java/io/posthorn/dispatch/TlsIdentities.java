package io.posthorn.dispatch;

import io.posthorn.egress.OwnTls;
import io.posthorn.model.TlsIdentity;
import io.posthorn.runtime.FairWorkers;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the certificates of endpoints, away from the event loops, and keeps those that were asked for last: an endpoint is
 * loaded anew whenever anything about it changes, and its certificates seldom do. For any thread.
 */
final class TlsIdentities {
    private static final Logger LOG = LoggerFactory.getLogger(TlsIdentities.class);
    /** Beyond that they are read again. */
    private static final int MOST = 1_000;

    private final FairWorkers workers;
    private final Map<TlsIdentity, OwnTls> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<TlsIdentity, OwnTls> eldest) {
            return size() > MOST;
        }
    };

    /** What came of reading one. */
    sealed interface Read {
        /** It can be used. */
        record Usable(OwnTls tls) implements Read {}

        /**
         * It cannot.
         *
         * @param why for people
         */
        record Unusable(String why) implements Read {}
    }

    TlsIdentities(FairWorkers workers) {
        this.workers = workers;
    }

    /** One that was read and is still here. */
    @Nullable
    OwnTls known(TlsIdentity identity) {
        synchronized (known) {
            return known.get(identity);
        }
    }

    /**
     * Reads one.
     *
     * @param endpointNo whose turn it takes
     * @param done told once, on a thread of the workers, unless they are closed before
     */
    void read(int endpointNo, TlsIdentity identity, Consumer<Read> done) {
        workers.run(endpointNo, () -> done.accept(read(identity)));
    }

    /** Whatever it is that goes wrong: requests wait for it. */
    private Read read(TlsIdentity identity) {
        OwnTls before = known(identity);
        if (before != null) {
            return new Read.Usable(before); // another change of the endpoint has stood before this one
        }
        try {
            OwnTls tls = OwnTls.of(identity);
            synchronized (known) {
                known.put(identity, tls);
            }
            return new Read.Usable(tls);
        } catch (RuntimeException | Error e) {
            LOG.warn("the TLS of an endpoint cannot be used: {}", e.toString());
            return new Read.Unusable(String.valueOf(e.getMessage()));
        }
    }
}
