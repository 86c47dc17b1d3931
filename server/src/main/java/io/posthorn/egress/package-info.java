/**
 * The only room that opens outgoing connections.
 *
 * <p>Whoever owns an endpoint chooses the URL that this process connects to, from inside the operator's network. So the
 * room has two duties beside sending: nobody may reach through it what he could not reach himself, and nobody's server
 * may hold up the requests to another's.
 *
 * <pre>
 *  post ─▶ resolve ─▶ check every address ─▶ idle link? ─▶ connect to the checked address ─▶ send ─▶ read ─▶ done
 *             │               │                                  │  refused: next address     │       │
 *            DNS       REFUSED_ADDRESS                      CONNECT, TLS                  PROTOCOL    │
 *             └───────────────┴──── TIMEOUT: one deadline over all of it ────────────────────┴────────┘
 * </pre>
 *
 * <p><b>The guard.</b> A name is resolved by us, all its addresses are checked, and the connection goes to one of these
 * very addresses; nobody resolves the name a second time, so a DNS server that changes its answer (rebinding) gains
 * nothing. One refused address refuses the request: a name with a public and a private address is an attack or a
 * mistake. The host name still goes into the {@code Host} header, into SNI and into the check of the certificate. An
 * idle link is used again only if its address is among those just checked. Redirects are answers like any other and
 * never followed. Addresses in URLs are read in every form that resolvers know ({@code 0x7f.1}), and IPv4 addresses
 * are looked for inside the IPv6 forms that carry them.
 *
 * <p><b>Isolation.</b> There is no limit of connections per origin and no queue for one: a request that finds no idle
 * link opens a new one, so requests that hang cannot keep another waiting, not even at the same host and port. How
 * many requests are in flight is the caller's to bound; it knows the endpoints, this room does not. DNS is asked
 * without threads, so a thousand names that never resolve cost a thousand small datagrams.
 *
 * <p><b>TLS of one endpoint</b> ({@link io.posthorn.egress.OwnTls}): a client certificate, authorities, pinned keys. It
 * has a context of its own, and so sessions of its own, and is part of what a connection belongs to; nobody else's request
 * travels on a connection that was opened with somebody's certificate.
 *
 * <p><b>Stale links.</b> A server may close an idle connection at the moment when we write to it. If a link that had
 * served before is closed before the head of a response arrived, the request is sent once more on a new connection. A
 * server that had read the request and died before answering gets it twice then; it would get it twice from the retry
 * schedule too, with the same message id.
 *
 * <p><b>Threads.</b> One {@link io.posthorn.egress.Egress} for each event loop, everything in it confined to that loop
 * and without locks. Deadlines are kept in a wheel with one tick for all of them, because a timer for each request is
 * a good part of what a request costs. Shared between loops are the immutable targets and the resolver's cache.
 */
@NullMarked
package io.posthorn.egress;

import org.jspecify.annotations.NullMarked;
