package io.posthorn.api;

import io.posthorn.catalog.Audit;
import io.posthorn.catalog.Catalog;
import io.posthorn.dispatch.EndpointCheck;
import io.posthorn.intake.AnswerKeys;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the API stands on.
 *
 * @param catalog who sends and who receives
 * @param urlRule where endpoints may be
 * @param mailRule whom their owners may have told by mail
 * @param healthy whether the server can do its work; may block for some seconds
 * @param metrics the text that Prometheus reads; may block
 * @param answerKeys which requests have been answered already
 * @param audit who changed what
 * @param checks of endpoints before they are stored; null where none are made
 * @param fastRoutes the hot path
 * @param modules further routes
 */
public record ApiPorts(
        Catalog catalog,
        UrlRule urlRule,
        MailRule mailRule,
        BooleanSupplier healthy,
        Supplier<String> metrics,
        AnswerKeys answerKeys,
        Audit audit,
        @Nullable EndpointCheck checks,
        FastRoutes fastRoutes,
        List<RouteModule> modules) {

    /** Where no endpoints are checked. */
    public ApiPorts(
            Catalog catalog,
            UrlRule urlRule,
            MailRule mailRule,
            BooleanSupplier healthy,
            Supplier<String> metrics,
            AnswerKeys answerKeys,
            Audit audit,
            FastRoutes fastRoutes,
            List<RouteModule> modules) {
        this(catalog, urlRule, mailRule, healthy, metrics, answerKeys, audit, null, fastRoutes, modules);
    }
}
