package io.posthorn.catalog;

import static io.posthorn.catalog.Token.EVERYWHERE;

import io.posthorn.model.Ids;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The tokens of the API. Only hashes of them are kept. Reading is free; changes wait for the database and belong on a
 * virtual thread, and the next request sees them.
 */
public final class Tokens {
    /** Tokens in the installation, those that have expired and are not removed yet among them: they stand in memory. */
    public static final int MOST = 100_000;

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

    private final PgAccess pg;
    private final Changes changes;
    private final Directory directory;
    private final Environments environments;
    private final SecureRandom random;
    private final Clock clock;
    private final ConcurrentHashMap<Hash, Credential> byHash = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<String, Credential> byId = new ConcurrentSkipListMap<>();

    Tokens(
            PgAccess pg,
            Changes changes,
            Directory directory,
            Environments environments,
            Clock clock,
            SecureRandom random) {
        this.pg = pg;
        this.changes = changes;
        this.directory = directory;
        this.environments = environments;
        this.clock = clock;
        this.random = random;
    }

    /** Makes memory agree with the database, while readers go on. */
    void load(List<PgAccess.Row> all) {
        Set<String> present = new HashSet<>();
        for (PgAccess.Row row : all) {
            present.add(row.token().id());
            Credential known = byId.get(row.token().id());
            if (known != null && known.hash().equals(row.hash())) {
                known.change(row.token());
            } else {
                put(row);
            }
        }
        for (Credential credential : List.copyOf(byId.values())) {
            if (!present.contains(credential.token().id())) {
                forget(credential);
            }
        }
    }

    private Token put(PgAccess.Row row) {
        Credential credential = new Credential(row.hash(), row.token(), row.lastUsedAt());
        Credential before = byId.put(row.token().id(), credential);
        if (before != null) {
            byHash.remove(before.hash(), before);
        }
        byHash.put(row.hash(), credential);
        return row.token();
    }

    private void forget(Credential credential) {
        byHash.remove(credential.hash(), credential);
        byId.remove(credential.token().id(), credential);
    }

    /**
     * Whose token this is. It is looked up by its hash, so how long that takes depends on a hash that the caller cannot
     * steer, and tells nothing about how near a guess came to a token.
     */
    @Nullable
    Credential authenticate(String bearer) {
        Credential credential = bearer.length() > LONGEST ? null : byHash.get(Hash.of(hash(bearer)));
        if (credential == null || expired(credential.token())) {
            return null;
        }
        credential.touch();
        return credential;
    }

    private boolean expired(Token token) {
        Instant expires = token.expiresAt();
        return expires != null && !clock.instant().isBefore(expires);
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
            load(pg.replaceConfigured(Ids.fresh(ID), CONFIGURED, hash(configured)));
            return null;
        }
        load(pg.removeConfigured());
        if (byId.values().stream().anyMatch(each -> isChief(each.token()) && !expired(each.token()))) {
            return null;
        }
        return make(new TokenDraft(GENERATED, Role.ADMINISTRATOR, EVERYWHERE, null, null, null))
                .secret();
    }

    private NewToken make(TokenDraft draft) {
        byte[] bytes = new byte[RANDOM_BYTES];
        random.nextBytes(bytes);
        String secret = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        String id = Ids.fresh(ID);
        PgAccess.Row row =
                Audit.about(subject(draft.envNo(), draft.appNo(), id), () -> pg.insert(id, draft, hash(secret), now));
        return new NewToken(put(row), secret);
    }

    private Audit.Subject subject(int envNo, @Nullable Integer appNo, String id) {
        AppView app = appNo == null ? null : directory.find(appNo);
        return new Audit.Subject(
                envNo == EVERYWHERE ? Audit.INSTALLATION : envNo,
                app == null ? null : app.application().id(),
                id);
    }

    private Audit.Subject subject(Token token) {
        return subject(token.envNo(), token.appNo(), token.id());
    }

    /** The token with this id, valid or expired; null if there is none. */
    public @Nullable Token find(String id) {
        Credential credential = byId.get(id);
        return credential == null ? null : credential.token();
    }

    /** When a token was last used, some seconds late at most; null if never, or if it is gone. */
    public @Nullable Instant lastUsedAt(Token token) {
        Credential credential = byId.get(token.id());
        return credential == null ? null : credential.lastUsedAt(now());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    /**
     * Some tokens, in the order of their ids, which is that of their creation.
     *
     * @param after only those beyond this id, whether it still exists or not; null for the first ones
     * @param ascending the oldest first, otherwise the newest
     * @param most how many
     * @param wanted leaves out the others
     */
    public List<Token> list(@Nullable String after, boolean ascending, int most, Predicate<Token> wanted) {
        Map<String, Credential> from;
        if (ascending) {
            from = after == null ? byId : byId.tailMap(after, false);
        } else {
            from = after == null
                    ? byId.descendingMap()
                    : byId.headMap(after, false).descendingMap();
        }
        return from.values().stream()
                .map(Credential::token)
                .filter(wanted)
                .limit(most)
                .toList();
    }

    /**
     * Makes one.
     *
     * @param draft what it is to be
     * @return {@code Created}; {@code NotFound} if its environment or application is gone; {@code Conflict} if there
     *     are {@link #MOST}
     */
    public Result<NewToken> create(TokenDraft draft) {
        return changes.run(SUBJECT, () -> {
            if (draft.envNo() != EVERYWHERE && !environments.has(draft.envNo())) {
                return new Result.NotFound<>("environment");
            }
            AppView app = draft.appNo() == null ? null : directory.find(draft.appNo());
            if (draft.appNo() != null && (app == null || app.application().envNo() != draft.envNo())) {
                return new Result.NotFound<>("application");
            }
            return byId.size() >= MOST
                    ? new Result.Conflict<>(
                            "token", "there are " + MOST + " tokens already; revoke those that nobody uses")
                    : new Result.Created<>(make(draft));
        });
    }

    /**
     * Changes some of it.
     *
     * @param id of the token
     * @param patch from what it is to what it is to be
     * @return {@code Updated}; {@code NotFound}; {@code Conflict} if nobody would be left to administer the
     *     installation
     */
    public Result<Token> patch(String id, UnaryOperator<TokenPatch> patch) {
        return changes.run(SUBJECT, () -> {
            Credential credential = byId.get(id);
            if (credential == null) {
                return new Result.NotFound<>("token");
            }
            Token was = credential.token();
            TokenPatch now = patch.apply(TokenPatch.of(was));
            if (now.expiresAt() != null && isLast(was)) {
                return last("cannot expire");
            }
            Audit.about(subject(was), () -> pg.update(was.no(), now));
            Token token = new Token(
                    was.no(),
                    was.id(),
                    now.name(),
                    was.role(),
                    was.envNo(),
                    was.appNo(),
                    now.rateLimit(),
                    was.createdAt(),
                    now.expiresAt());
            credential.change(token);
            return new Result.Updated<>(token);
        });
    }

    /**
     * Ends it: it is not valid any more.
     *
     * @param id of the token
     * @return {@code Deleted}; {@code NotFound}; {@code Conflict} if nobody would be left to administer the
     *     installation
     */
    public Result<Token> revoke(String id) {
        return changes.run(SUBJECT, () -> {
            Credential credential = byId.get(id);
            if (credential == null) {
                return new Result.NotFound<>("token");
            }
            Token token = credential.token();
            if (isLast(token)) {
                return last("cannot be revoked");
            }
            Audit.about(subject(token), () -> pg.delete(List.of(token.no())));
            forget(credential);
            return new Result.Deleted<>(token);
        });
    }

    /** Whether it administers the installation. */
    private static boolean isChief(Token token) {
        return token.role() == Role.ADMINISTRATOR && token.envNo() == EVERYWHERE;
    }

    /** Whether it is the only one that administers the installation for good. */
    private boolean isLast(Token token) {
        return isForGood(token)
                && byId.values().stream()
                        .map(Credential::token)
                        .noneMatch(other -> other.no() != token.no() && isForGood(other));
    }

    private static boolean isForGood(Token token) {
        return isChief(token) && token.expiresAt() == null;
    }

    private static Result<Token> last(String what) {
        return new Result.Conflict<>(
                "token",
                "the last administrator of the installation that does not expire " + what
                        + "; make another one first (environment `*`)");
    }

    // ---- what others have done

    /** The database has removed the tokens of an application with it. */
    void forgetApp(int appNo) {
        for (Credential credential : byId.values()) {
            if (Objects.equals(credential.token().appNo(), appNo)) {
                forget(credential);
            }
        }
    }

    /** How many belong to an environment. */
    long countIn(int env) {
        return byId.values().stream()
                .filter(each -> each.token().envNo() == env)
                .count();
    }

    // ---- what is done now and then

    /** Puts the time to those that were used since the last time; to be called every few seconds. */
    public void noteUses() {
        Instant now = now();
        byId.values().forEach(each -> each.lastUsedAt(now));
    }

    /** Writes down when tokens were last used. What fails is left for the next time. */
    public void saveUses() {
        Map<Integer, Instant> uses = new HashMap<>();
        Collection<Credential> used = new ArrayList<>();
        for (Credential credential : byId.values()) {
            Instant at = credential.unsavedUse();
            if (at != null) {
                uses.put(credential.token().no(), at);
                used.add(credential);
            }
        }
        if (uses.isEmpty()) {
            return;
        }
        pg.saveUses(uses);
        used.forEach(
                each -> each.saved(Objects.requireNonNull(uses.get(each.token().no()))));
    }

    /**
     * Removes what has expired long ago.
     *
     * @param before those that had expired then
     * @return how many
     */
    public int removeExpired(Instant before) {
        if (expiredBefore(before).isEmpty()) {
            return 0;
        }
        return changes.run(SUBJECT, () -> {
            List<Credential> old = expiredBefore(before);
            pg.delete(old.stream().map(each -> each.token().no()).toList());
            old.forEach(this::forget);
            return old.size();
        });
    }

    private List<Credential> expiredBefore(Instant before) {
        return byId.values().stream()
                .filter(each -> {
                    Instant expires = each.token().expiresAt();
                    return expires != null && expires.isBefore(before);
                })
                .toList();
    }

    private static byte[] hash(String token) {
        return SecretBox.sha256(token.getBytes(StandardCharsets.UTF_8));
    }
}
