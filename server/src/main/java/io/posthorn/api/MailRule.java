package io.posthorn.api;

import org.jspecify.annotations.Nullable;

/** Where the owners of endpoints may have mail sent to. */
@FunctionalInterface
public interface MailRule {
    /**
     * Judges an e-mail address. Does not block.
     *
     * @return null if it may be written to, else the rule, for the owner
     */
    @Nullable
    String refuse(String address);
}
