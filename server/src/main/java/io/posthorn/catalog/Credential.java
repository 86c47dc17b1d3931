package io.posthorn.catalog;

import io.posthorn.runtime.Pace;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** A token in memory, with what changes while it is used. One for each valid token, the same for all requests. */
public final class Credential {
    private final Tokens.Hash hash;
    private final Pace pace = new Pace(System.nanoTime());
    private volatile Token token;
    private volatile boolean used;
    private @Nullable Instant lastUsedAt;
    private @Nullable Instant savedLastUsedAt;

    Credential(Tokens.Hash hash, Token token, @Nullable Instant lastUsedAt) {
        this.hash = hash;
        this.token = token;
        this.lastUsedAt = lastUsedAt;
        this.savedLastUsedAt = lastUsedAt;
    }

    /** What it allows, as it is now. */
    public Token token() {
        return token;
    }

    /** How fast it is used, for its rate limit. */
    public Pace pace() {
        return pace;
    }

    Tokens.Hash hash() {
        return hash;
    }

    void change(Token now) {
        token = now;
    }

    /**
     * It has come with a request. That is a read for all requests but the first after somebody looked, because a token
     * comes on many event loops at once; the time is put to it by those who look.
     */
    void touch() {
        if (!used) {
            used = true;
        }
    }

    /** When it was last used: exact to how often somebody looks, never too early. */
    synchronized @Nullable Instant lastUsedAt(Instant now) {
        if (used) {
            used = false;
            lastUsedAt = now;
        }
        return lastUsedAt;
    }

    /** The time of its last use, if the database does not have it yet. */
    synchronized @Nullable Instant unsavedUse() {
        return lastUsedAt == null || lastUsedAt.equals(savedLastUsedAt) ? null : lastUsedAt;
    }

    synchronized void saved(Instant at) {
        savedLastUsedAt = at;
    }
}
