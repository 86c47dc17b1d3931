package io.posthorn.catalog;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A token that is to be made. The caller has checked it against {@link Rules}.
 *
 * @param name for people and logs
 * @param role what it may do
 * @param envNo the environment it belongs to; {@link Token#EVERYWHERE} for the whole installation
 * @param appNo the only application it sees, of that environment: needed for {@link Role#APPLICATION}, possible for
 *     {@link Role#VIEWER}
 * @param rateLimit requests a second; null for none but the server's
 * @param expiresAt from when on it is not valid any more; null if it does not expire
 */
public record TokenDraft(
        String name,
        Role role,
        int envNo,
        @Nullable Integer appNo,
        @Nullable Integer rateLimit,
        @Nullable Instant expiresAt) {

    /** Checks that the role fits what it reaches. */
    public TokenDraft {
        boolean fits = switch (role) {
            case APPLICATION -> appNo != null;
            case VIEWER -> true;
            case ADMINISTRATOR, PUBLISHER -> appNo == null;
        };
        if (!fits || (appNo != null && envNo == Token.EVERYWHERE)) {
            throw new IllegalArgumentException(
                    "a token of role " + role + " with app " + appNo + " in environment " + envNo);
        }
    }
}
