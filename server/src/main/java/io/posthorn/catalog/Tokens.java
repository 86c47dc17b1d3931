package io.posthorn.catalog;

import io.posthorn.model.Ids;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tokens of the API: an immutable map from hash to token, replaced as a whole when one comes or goes. */
final class Tokens {
    static final String SUBJECT = "tokens";
    private static final String CONFIGURED = "configured";
    private static final String GENERATED = "admin";
    private static final String PREFIX = "ph_";
    private static final String ID = "tok_";
    private static final int RANDOM_BYTES = 32;
    /** Longer ones are not hashed: nobody makes us work for a header of kilobytes. */
    private static final int LONGEST = 4096;

    /** The 32 bytes of a SHA-256. */
    record Hash(long a, long b, long c, long d) {
        static Hash of(byte[] sha256) {
            ByteBuffer bytes = ByteBuffer.wrap(sha256);
            return new Hash(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
        }
    }

    private final PgCatalog pg;
    private final SecureRandom random;
    private final Clock clock;
    private volatile Map<Hash, Token> byHash = Map.of();

    Tokens(PgCatalog pg, Clock clock, SecureRandom random) {
        this.pg = pg;
        this.clock = clock;
        this.random = random;
    }

    void load(Map<Hash, Token> all) {
        byHash = Map.copyOf(all);
    }

    @Nullable
    Token authenticate(String bearer) {
        Token token = bearer.length() > LONGEST ? null : byHash.get(Hash.of(hash(bearer)));
        Instant expires = token == null ? null : token.expiresAt();
        return expires == null || clock.instant().isBefore(expires) ? token : null;
    }

    @Nullable
    String ensureAdmin(@Nullable String configured) {
        if (configured != null) {
            if (configured.isEmpty()
                    || configured.length() > LONGEST
                    || configured.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                throw new IllegalArgumentException("the configured API token must be 1 to " + LONGEST
                        + " visible ASCII characters without spaces, because it travels in a header");
            }
            load(pg.replaceToken(Ids.fresh(ID), CONFIGURED, hash(configured)));
            return null;
        }
        if (!byHash.isEmpty()) {
            return null;
        }
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        String token = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Map<Hash, Token> more = new HashMap<>(pg.replaceToken(Ids.fresh(ID), GENERATED, hash(token)));
        load(more);
        return token;
    }

    private static byte[] hash(String token) {
        return SecretBox.sha256(token.getBytes(StandardCharsets.UTF_8));
    }
}
