package io.posthorn.api;

import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.WithheldTypes;
import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/app}. */
final class ApplicationRoutes implements Resource<Application> {
    private static final String ALL = "/api/v1/app";
    private static final String ONE = ALL + "/:app";
    static final AppDraft BLANK = new AppDraft("", null, Map.of(), null);

    private final Catalog catalog;

    ApplicationRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /**
     * What its endpoints want and do not get, because its scopes do not allow it.
     *
     * @param count of such endpoints
     * @param endpoints the first of them
     */
    record Withheld(int count, List<At> endpoints) {
        private static final int MOST = 100;

        /**
         * One of them.
         *
         * @param id of the endpoint
         * @param uid of the endpoint
         * @param eventTypes the first of those it does not get
         */
        record At(String id, @Nullable String uid, List<String> eventTypes) {}

        /** Null if nothing is withheld. */
        static @Nullable Withheld of(Catalog catalog, Application application) {
            AppView view = application.scopes() == null ? null : catalog.appByNo(application.no());
            if (view == null) {
                return null;
            }
            WithheldTypes withheld = catalog.withheld(application);
            int count = 0;
            List<At> some = new ArrayList<>();
            for (Endpoint endpoint : view.endpoints()) {
                List<String> types = withheld.of(endpoint.eventTypes());
                if (!types.isEmpty() && count++ < MOST) {
                    some.add(new At(endpoint.id(), endpoint.uid(), types));
                }
            }
            return count == 0 ? null : new Withheld(count, some);
        }
    }

    private Out whole(Application application) {
        return Out.of(application, Withheld.of(catalog, application));
    }

    /** An application as it is shown. In lists, nothing is said of what is withheld. {@code rateLimit} and {@code throttleRate} are the same under two names. */
    record Out(
            String id,
            @Nullable String uid,
            String name,
            Map<String, String> metadata,
            @Nullable Integer rateLimit,
            @Nullable Integer throttleRate,
            boolean paused,
            @Nullable Integer endpointLimit,
            @Nullable List<String> scopes,
            @Nullable Withheld withheld,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(Application a, @Nullable Withheld withheld) {
            return new Out(
                    a.id(),
                    a.uid(),
                    a.name(),
                    a.metadata(),
                    a.rateLimit(),
                    a.rateLimit(),
                    a.paused(),
                    a.endpointLimit(),
                    a.scopes(),
                    withheld,
                    a.createdAt(),
                    a.updatedAt());
        }
    }

    @Override
    public String all() {
        return ALL;
    }

    @Override
    public String one() {
        return ONE;
    }

    @Override
    public Access look() {
        return Access.READ;
    }

    @Override
    public Access change() {
        return Access.MANAGE;
    }

    @Override
    public Object shown(Application application) {
        return whole(application);
    }

    @Override
    public Answer list(Call call) {
        Query query = call.query();
        Paging paging = Paging.of(query, true);
        Predicate<AppView> wanted =
                view -> call.caller().sees(view.application().no());
        if (query.flag("exclude_apps_with_no_endpoints")) {
            wanted = wanted.and(view -> !view.endpoints().isEmpty());
        }
        if (query.flag("exclude_apps_with_disabled_endpoints")) {
            wanted = wanted.and(view -> view.endpoints().isEmpty() || anEnabledOne(view));
        }
        if (query.flag("exclude_apps_with_svix_play_endpoints")) {
            wanted = wanted.and(view -> view.endpoints().stream().noneMatch(ApplicationRoutes::inThePlayground));
        }
        if (!query.problems().isEmpty()) {
            return Answer.invalid(query.problems());
        }
        Predicate<AppView> all = wanted;
        return Answer.json(
                200,
                paging.bounded(
                        (after, ascending, most) -> catalog.apps(call.env(), after, ascending, most, all),
                        view -> view.application().id(),
                        view -> Out.of(view.application(), null)));
    }

    private static boolean anEnabledOne(AppView view) {
        return view.endpoints().stream().anyMatch(endpoint -> !endpoint.disabled());
    }

    /** The public place where people of the compatible API look at what is sent to them. */
    private static boolean inThePlayground(Endpoint endpoint) {
        return endpoint.url().startsWith("https://play.svix.com/");
    }

    @Override
    public Supplier<Result<Application>> create(Call call, Fields fields) {
        boolean getIfExists = call.query().flag("get_if_exists");
        AppDraft draft = draft(fields, BLANK);
        return () -> catalog.applications().create(call.env(), draft, getIfExists);
    }

    @Override
    public Answer read(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        return view == null ? Answer.notFound("application") : Answer.json(200, whole(view.application()));
    }

    @Override
    public Supplier<Result<Application>> put(Call call, Fields fields) {
        AppDraft draft = draft(fields, BLANK);
        fields.path("app", call.path("app"), Fields::uidInPath);
        return () -> catalog.applications().put(call.env(), call.path("app"), draft);
    }

    @Override
    public Supplier<Result<Application>> patch(Call call, Fields fields) {
        draft(fields, BLANK);
        return () ->
                catalog.applications().patch(call.env(), call.path("app"), present -> draft(fields.checked(), present));
    }

    @Override
    public Supplier<Result<Application>> delete(Call call, Fields fields) {
        return () -> catalog.applications().delete(call.env(), call.path("app"));
    }

    static AppDraft draft(Fields fields, AppDraft base) {
        return new AppDraft(
                fields.requiredText("name", base.name(), Rules::appName),
                fields.optionalText("uid", base.uid(), Rules::uid),
                fields.texts("metadata", base.metadata(), Rules::metadata),
                fields.number("throttleRate", "rateLimit", base.rateLimit(), Rules::rateLimit),
                fields.has("paused") ? Boolean.valueOf(fields.flag("paused", false)) : base.paused(),
                endpointLimit(fields),
                scopes(fields));
    }

    /** As with limits: what is not mentioned stays, so that nobody takes or gives scopes without a word. */
    private static AppDraft.@Nullable Scopes scopes(Fields fields) {
        List<String> names = fields.names("scopes", "scopes", null, Rules::scopes, Rules::scope);
        return fields.has("scopes") ? new AppDraft.Scopes(names) : null;
    }

    /** What is not mentioned stays, also where an application is replaced by somebody who does not know of it. */
    private static AppDraft.@Nullable Limit endpointLimit(Fields fields) {
        Integer most = fields.number("endpointLimit", "endpointLimit", null, Rules::endpointLimit);
        return fields.has("endpointLimit") ? new AppDraft.Limit(most) : null;
    }
}
