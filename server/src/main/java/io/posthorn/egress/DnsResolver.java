package io.posthorn.egress;

import com.github.benmanes.caffeine.cache.AsyncCache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Ticker;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsErrorCauseException;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsNameResolverTimeoutException;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.NoopAuthoritativeDnsServerCache;
import io.netty.resolver.dns.NoopDnsCache;
import io.netty.resolver.dns.NoopDnsCnameCache;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Asks the hosts file and the DNS servers of the machine, and remembers the answers for a while. It uses one thread
 * however many names are being resolved: {@code getaddrinfo} would need one for each name that hangs. All loops share
 * it; questions for the same name at the same time become one.
 */
public final class DnsResolver implements AddressResolver, AutoCloseable {
    /** Most names remembered. */
    private static final int REMEMBERED = 100_000;
    /** For one question to one server. Two families are asked at the same time, and the next server after this. */
    private static final long QUERY_MILLIS = 2_000;

    private static final int NEGATIVE_SHARE = 6;

    private final MultiThreadIoEventLoopGroup group;
    private final DnsNameResolver dns;
    private final AsyncCache<String, Resolution> cache;

    /**
     * A resolver with the DNS settings of the machine.
     *
     * @param remember how long addresses are remembered; that a name has none, for a sixth of it
     */
    public DnsResolver(Duration remember) {
        this(remember, DnsServerAddressStreamProviders.platformDefault(), Ticker.systemTicker());
    }

    DnsResolver(Duration remember, DnsServerAddressStreamProvider servers, Ticker ticker) {
        group = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("posthorn-dns", true), NioIoHandler.newFactory());
        dns = new DnsNameResolverBuilder(group.next())
                .datagramChannelType(NioDatagramChannel.class)
                .socketChannelType(NioSocketChannel.class)
                .nameServerProvider(servers)
                .resolvedAddressTypes(ResolvedAddressTypes.IPV4_PREFERRED)
                // Otherwise the answer would be there before the IPv6 addresses, and these would escape the check.
                .completeOncePreferredResolved(false)
                .queryTimeoutMillis(QUERY_MILLIS)
                .resolveCache(NoopDnsCache.INSTANCE)
                .cnameCache(NoopDnsCnameCache.INSTANCE)
                .authoritativeDnsServerCache(NoopAuthoritativeDnsServerCache.INSTANCE)
                .build();
        cache = Caffeine.newBuilder()
                .maximumSize(REMEMBERED)
                .ticker(ticker)
                .executor(Runnable::run)
                .expireAfter(Expiry.<String, Resolution>creating((host, resolution) -> switch (resolution) {
                    case Resolution.Addresses ignored -> remember;
                    case Resolution.Unresolved ignored -> remember.dividedBy(NEGATIVE_SHARE);
                }))
                .buildAsync();
    }

    @Override
    public void resolve(String host, Consumer<Resolution> done) {
        CompletableFuture<Resolution> answer = cache.get(host, (name, executor) -> ask(name));
        if (answer.isDone()) {
            done.accept(answer.resultNow());
        } else {
            var _ = answer.thenAccept(done);
        }
    }

    private CompletableFuture<Resolution> ask(String host) {
        CompletableFuture<Resolution> answer = new CompletableFuture<>();
        dns.resolveAll(host).addListener((io.netty.util.concurrent.Future<List<InetAddress>> future) -> {
            Throwable cause = future.cause();
            answer.complete(
                    cause == null ? new Resolution.Addresses(future.getNow()) : new Resolution.Unresolved(why(cause)));
        });
        return answer;
    }

    private static String why(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof DnsNameResolverTimeoutException) {
                return "the DNS servers did not answer in time";
            }
            if (at instanceof DnsErrorCauseException e) {
                return DnsResponseCode.NXDOMAIN.equals(e.getCode())
                        ? "no such name (NXDOMAIN)"
                        : "the DNS servers answered " + e.getCode();
            }
        }
        return cause instanceof UnknownHostException ? "no such name, or it has no address" : String.valueOf(cause);
    }

    /** Ends it; questions under way are answered as unresolved. */
    @Override
    public void close() {
        dns.close();
        var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
