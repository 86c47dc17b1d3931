package io.posthorn.api;

import io.posthorn.catalog.Audit;
import io.posthorn.catalog.AuditException;
import io.posthorn.catalog.Token;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /api/v1/audit-log}: who changed what, the newest first: in an environment or, for the administrators of the
 * installation, in what belongs to no environment. Where those work is nobody else's business.
 */
final class AuditRoutes implements RouteModule {
    private static final String PREFIX = "aud_";
    private static final int RETRY_SECONDS = 1;
    private static final Pattern ID = Pattern.compile(PREFIX + "\\d{1,18}");

    private final Audit audit;

    AuditRoutes(Audit audit) {
        this.audit = audit;
    }

    /** The details of an entry. */
    record Details(List<String> fields, @Nullable String address) {}

    /** An entry as it is shown. */
    record Out(
            String id,
            Instant at,
            String tokenId,
            String tokenName,
            String role,
            String action,
            String target,
            @Nullable String appId,
            @Nullable String subject,
            Details details) {
        static Out of(Audit.Entry entry, boolean withAll) {
            Audit.Act act = entry.act();
            boolean withAddress = withAll || act.tokenEnvNo() != Token.EVERYWHERE;
            return new Out(
                    idOf(entry),
                    entry.at(),
                    act.tokenId(),
                    act.tokenName(),
                    act.role().name().toLowerCase(Locale.ROOT),
                    act.action(),
                    act.target(),
                    act.appId(),
                    act.subject(),
                    new Details(act.fields(), withAddress ? act.address() : null));
        }
    }

    private static String idOf(Audit.Entry entry) {
        return PREFIX + entry.no();
    }

    @Override
    public List<Operation> operations() {
        return List.of(Operation.get("/api/v1/audit-log", Access.MANAGE, this::list));
    }

    private Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, false);
        boolean all = call.caller().token().envNo() == Token.EVERYWHERE;
        boolean installation = "installation".equals(query.text("scope"));
        if (installation && !all) {
            return Answer.error(403, "forbidden", "scope=installation needs " + Access.INSTALLATION.needs());
        }
        Audit.Filter filter = new Audit.Filter(
                installation ? Audit.INSTALLATION : call.env(),
                query.text("action"),
                query.text("token_id"),
                query.text("app_id"));
        String key = paging.key();
        if (key != null && !ID.matcher(key).matches()) {
            query.refuse("iterator", "must be an iterator or prevIterator of an earlier answer");
        }
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        try {
            return page(paging, filter, all);
        } catch (AuditException e) {
            return switch (e.kind()) {
                case TOO_SLOW ->
                    Answer.error(
                            400,
                            "too_slow",
                            "looking for this takes too long; filter by one thing only, or ask for fewer with limit");
                case BUSY -> Answer.unavailable("too many are reading the audit log just now", RETRY_SECONDS);
            };
        }
    }

    private Answer page(Paging paging, Audit.Filter filter, boolean all) {
        return Answer.json(
                200,
                paging.page(
                        (after, ascending, most) -> audit.list(
                                filter,
                                after == null ? null : Long.valueOf(after.substring(PREFIX.length())),
                                ascending,
                                most),
                        AuditRoutes::idOf,
                        entry -> Out.of(entry, all)));
    }
}
