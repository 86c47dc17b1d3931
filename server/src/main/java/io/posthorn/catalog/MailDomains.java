package io.posthorn.catalog;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where the owners of endpoints may have mail sent to.
 *
 * @param allowed domains in small letters; empty for any
 */
public record MailDomains(Set<String> allowed) {
    /** Any. */
    public static final MailDomains ANY = new MailDomains(Set.of());

    /** From a list, in which capitals are as small letters. */
    public static MailDomains of(List<String> domains) {
        return new MailDomains(domains.stream()
                .map(domain -> domain.toLowerCase(Locale.ROOT))
                .collect(Collectors.toUnmodifiableSet()));
    }

    /**
     * Judges an address. A domain stands for itself and not for those below it.
     *
     * @return null if mail may go there, else the rule, for the owner
     */
    public @Nullable String refuse(String address) {
        String domain = address.substring(address.lastIndexOf('@') + 1).toLowerCase(Locale.ROOT);
        return allowed.isEmpty() || allowed.contains(domain)
                ? null
                : "must be of a domain that the operator allows (notification-domains)";
    }
}
