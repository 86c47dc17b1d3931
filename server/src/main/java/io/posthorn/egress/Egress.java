package io.posthorn.egress;

import io.netty.handler.codec.http.HttpMethod;
import io.posthorn.egress.AddressResolver.Resolution;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetClientInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.ConnectOptions;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Posts to endpoints. One for each event loop, used from that loop only; the package tells how it works.
 */
public final class Egress {
    private static final Logger LOG = LoggerFactory.getLogger(Egress.class);

    /** Most bytes of response headers, line ends included. A response with more is a failure. */
    static final int MAX_HEADERS = 16 << 10;

    /** Every how many ticks old idle links are looked for: once a second. */
    private static final int SWEEP = 20;

    /** Endpoints with their own TLS whose certificates are kept ready; beyond that they are read again. */
    private static final int MOST_OWN_TLS = 1_000;

    private static final Set<String> TLS_VERSIONS = Set.of("TLSv1.2", "TLSv1.3");

    private final ContextInternal context;
    private final EgressSettings settings;
    private final EgressPolicy policy;
    private final AddressResolver resolver;
    private final InstantSource clock;
    private final NetClientInternal client;
    private final Requests requests;
    private final Deadlines deadlines;
    private final IdleLinks idle;
    private final long timer;
    /** The TLS of endpoints that have their own: those used last. */
    private final Map<OwnTls, ClientSSLOptions> ownTls = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<OwnTls, ClientSSLOptions> eldest) {
            return size() > MOST_OWN_TLS;
        }
    };

    private final ClientSSLOptions baseTls;
    private final @Nullable TrustManagerFactory usualTrust;
    private int ticks;
    private int inFlight;
    private boolean closed;

    /**
     * Opens it.
     *
     * @param context of the event loop that it is for
     * @param settings what is allowed, and the bounds
     * @param resolver shared by all loops; the caller closes it
     * @param clock for {@link Exchange#startedAtMicros()}
     * @throws IllegalArgumentException if the settings name a network or a file that cannot be used; for people
     */
    public Egress(Context context, EgressSettings settings, AddressResolver resolver, InstantSource clock) {
        this.context = (ContextInternal) context;
        this.settings = settings;
        this.policy = settings.policy();
        this.resolver = resolver;
        this.clock = clock;
        this.client = client(context.owner(), settings);
        Path extraCa = settings.extraCa();
        this.usualTrust = extraCa == null ? null : TrustedCas.factory(extraCa);
        this.baseTls = new ClientSSLOptions()
                .setTrustAll(false)
                .setHostnameVerificationAlgorithm("HTTPS")
                .setEnabledSecureTransportProtocols(TLS_VERSIONS)
                .setSslHandshakeTimeout(settings.connectTimeout().toMillis())
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        this.requests = new Requests(settings.userAgent());
        this.deadlines = new Deadlines(System.nanoTime());
        this.idle = new IdleLinks(settings.maxIdle(), settings.idleTimeout().toNanos());
        this.timer = this.context.setPeriodic(TimeUnit.NANOSECONDS.toMillis(Deadlines.TICK), id -> tick());
    }

    /**
     * Posts a body. Nothing is thrown for what the network or the endpoint does.
     *
     * @param target where to
     * @param headers names and values in turn; {@code host}, {@code content-length}, {@code user-agent} and whatever
     *     manages the connection are this room's own and left out ({@link #isOwn})
     * @param body sent as it is; not to be changed until the end
     * @param deadline for everything from here to the last byte of the response; kept to 50 ms
     * @param done called exactly once, on this loop, after this method has returned
     * @throws IllegalStateException if it is called from elsewhere than its event loop
     */
    public void post(Target target, String[] headers, byte[] body, Duration deadline, Consumer<Exchange> done) {
        start(target, Requests.Line.POST, headers, body, deadline, done);
    }

    /**
     * As {@link #post}, with any method and, if need be, another path and product.
     *
     * @param method capital letters; not CONNECT or TRACE
     * @param path and query, beginning with a slash, percent-encoded; null for those of the target
     * @param userAgent null for the installation's
     * @throws IllegalArgumentException if the method or the path cannot be sent; the message is for people
     */
    public void send(
            Target target,
            String method,
            @Nullable String path,
            @Nullable String userAgent,
            String[] headers,
            byte[] body,
            Duration deadline,
            Consumer<Exchange> done) {
        start(target, Requests.Line.of(method, path, userAgent), headers, body, deadline, done);
    }

    /**
     * As {@link #post}, of which the caller needs the answer, whatever is configured to be kept of answers.
     *
     * @param keep how much of the response's body is kept, bytes
     */
    public void fetch(
            Target target, String[] headers, byte[] body, int keep, Duration deadline, Consumer<Exchange> done) {
        start(target, new Requests.Line(HttpMethod.POST, null, null, keep), headers, body, deadline, done);
    }

    private void start(
            Target target,
            Requests.Line line,
            String[] headers,
            byte[] body,
            Duration deadline,
            Consumer<Exchange> done) {
        if (!context.nettyEventLoop().inEventLoop()) {
            throw new IllegalStateException("an Egress is used from its own event loop only");
        }
        new Post(target, line, headers, body, deadline, done).start();
    }

    /** How many exchanges are not done. */
    public int inFlight() {
        return inFlight;
    }

    /** How many connections are kept for the next request. */
    public int idleConnections() {
        return idle.size();
    }

    /**
     * Gives up what is under way, closes all connections and refuses from now on. To be called on its event loop; who
     * wants to wait for what is under way does that before.
     */
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.owner().cancelTimer(timer);
        deadlines.expireAll();
        idle.closeAll();
        client.close();
    }

    /**
     * Whether a request header is the room's own, so that a caller's value would be left out.
     *
     * @param name in any case
     */
    public static boolean isOwn(String name) {
        return Requests.isOwn(name);
    }

    /** The bookkeeping of one exchange: counted, timed, reported once. */
    private final class Post {
        private final Consumer<Exchange> done;
        private final Flight flight;
        private final long startedAt = Time.micros(clock.instant());
        private final long start = System.nanoTime();
        private final long deadline;
        private boolean posting = true;

        Post(
                Target target,
                Requests.Line line,
                String[] headers,
                byte[] body,
                Duration budget,
                Consumer<Exchange> done) {
            this.done = done;
            this.deadline = start + budget.toNanos();
            this.flight = new Flight(Egress.this, target, line, headers, body, budget.toMillis(), this::landed);
        }

        void start() {
            inFlight++;
            deadlines.add(flight, deadline);
            if (closed) {
                deadlines.remove(flight);
                flight.expired();
            } else {
                try {
                    flight.start();
                } catch (RuntimeException e) {
                    LOG.error("a request could not be begun", e);
                    flight.failed(e);
                }
            }
            posting = false;
        }

        private void landed(Outcome outcome) {
            deadlines.remove(flight);
            inFlight--;
            Exchange exchange = new Exchange(startedAt, (System.nanoTime() - start) / 1_000, outcome);
            if (posting) {
                // Who posts from within `done` would recurse, as deep as there are failures at once.
                context.runOnContext(nothing -> done.accept(exchange));
            } else {
                context.dispatch(exchange, done::accept);
            }
        }
    }

    EgressSettings settings() {
        return settings;
    }

    EgressPolicy policy() {
        return policy;
    }

    IdleLinks idle() {
        return idle;
    }

    Requests requests() {
        return requests;
    }

    boolean isClosed() {
        return closed;
    }

    void resolve(String host, Consumer<Resolution> done) {
        resolver.resolve(host, resolution -> {
            if (context.nettyEventLoop().inEventLoop()) {
                done.accept(resolution);
            } else {
                context.runOnContext(nothing -> done.accept(resolution));
            }
        });
    }

    /** Connects to the address, with the name of the origin in SNI and in the check of the certificate. */
    void open(Origin origin, InetAddress address, Consumer<Link> opened, Consumer<Throwable> failed) {
        ConnectOptions options = new ConnectOptions()
                .setRemoteAddress(SocketAddress.inetSocketAddress(new InetSocketAddress(address, origin.port)))
                .setHost(origin.host)
                .setPort(origin.port)
                .setSsl(origin.secure);
        Promise<NetSocket> promise = context.promise();
        promise.future()
                .onComplete(
                        socket -> opened.accept(Link.on(
                                ((NetSocketInternal) socket)
                                        .channelHandlerContext()
                                        .channel(),
                                origin,
                                address,
                                idle)),
                        failed::accept);
        try {
            OwnTls own = origin.tls;
            if (own != null) {
                options.setSslOptions(ownTls.computeIfAbsent(own, each -> each.options(baseTls, usualTrust)));
            }
            client.connectInternal(options, promise, context);
        } catch (RuntimeException e) {
            // what the endpoint's owner gave has brought it to light; whoever waits is told, once
            LOG.error("no connection could be begun to {}", origin, e);
            promise.tryFail(origin.secure ? new SSLException("its TLS cannot be used: " + e.getMessage()) : e);
        }
    }

    private void tick() {
        long now = System.nanoTime();
        deadlines.tick(now);
        if (++ticks % SWEEP == 0) {
            idle.sweep(now);
        }
    }

    private static NetClientInternal client(Vertx vertx, EgressSettings settings) {
        int connectMillis = (int) settings.connectTimeout().toMillis();
        NetClientOptions options = new NetClientOptions()
                .setConnectTimeout(connectMillis)
                .setReconnectAttempts(0)
                .setTcpNoDelay(true)
                .setSslHandshakeTimeout(connectMillis)
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS)
                .setTrustAll(false)
                .setHostnameVerificationAlgorithm("HTTPS")
                .setEnabledSecureTransportProtocols(TLS_VERSIONS);
        Path extraCa = settings.extraCa();
        if (extraCa != null) {
            options.setTrustOptions(TrustedCas.with(extraCa));
        }
        return (NetClientInternal) vertx.createNetClient(options);
    }
}
