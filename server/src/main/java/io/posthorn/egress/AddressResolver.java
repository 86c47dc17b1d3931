package io.posthorn.egress;

import java.net.InetAddress;
import java.util.List;
import java.util.function.Consumer;

/** Turns host names into addresses, for all event loops at once. */
@FunctionalInterface
public interface AddressResolver {

    /**
     * Resolves a name. It must end by itself within seconds; the caller stops waiting at its own deadline, but does not
     * take the question back.
     *
     * @param host ASCII, lower case, not an address
     * @param done called exactly once: at once on this thread if the answer is known, else later on any thread
     */
    void resolve(String host, Consumer<Resolution> done);

    /** What came of it. */
    sealed interface Resolution {

        /**
         * The name has addresses.
         *
         * @param addresses at least one, in the order in which to try them
         */
        record Addresses(List<InetAddress> addresses) implements Resolution {
            /** At least one address. */
            public Addresses {
                addresses = List.copyOf(addresses);
                if (addresses.isEmpty()) {
                    throw new IllegalArgumentException("a resolved name has at least one address");
                }
            }
        }

        /**
         * The name has none, or nobody could be asked.
         *
         * @param reason for people, such as {@code no such name}
         */
        record Unresolved(String reason) implements Resolution {}
    }
}
