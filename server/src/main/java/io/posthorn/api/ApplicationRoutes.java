package io.posthorn.api;

import io.posthorn.catalog.AppDraft;
import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Rules;
import io.posthorn.model.Application;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/app}. */
final class ApplicationRoutes implements RouteModule {
    private static final String ALL = "/api/v1/app";
    private static final String ONE = ALL + "/:app";
    private static final AppDraft BLANK = new AppDraft("", null, Map.of(), null);

    private final Catalog catalog;

    ApplicationRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /** An application as it is shown. {@code rateLimit} and {@code throttleRate} are the same under two names. */
    record Out(
            String id,
            @Nullable String uid,
            String name,
            Map<String, String> metadata,
            @Nullable Integer rateLimit,
            @Nullable Integer throttleRate,
            Instant createdAt,
            Instant updatedAt) {
        static Out of(Application a) {
            return new Out(
                    a.id(),
                    a.uid(),
                    a.name(),
                    a.metadata(),
                    a.rateLimit(),
                    a.rateLimit(),
                    a.createdAt(),
                    a.updatedAt());
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.READ, this::list),
                Operation.post(ALL, Access.MANAGE, this::create),
                Operation.get(ONE, Access.READ, this::read),
                Operation.put(ONE, Access.MANAGE, this::put),
                Operation.patch(ONE, Access.MANAGE, this::patch),
                Operation.delete(
                        ONE,
                        Access.MANAGE,
                        call -> Answer.of(catalog.applications().delete(call.env(), call.path("app")), Out::of)));
    }

    private Answer list(Call call) {
        Paging paging = Paging.of(call.query(), true);
        boolean withEndpoints = call.query().flag("exclude_apps_with_no_endpoints");
        if (!call.query().problems().isEmpty()) {
            return Answer.invalid(call.query().problems());
        }
        return Answer.json(
                200,
                paging.page(
                        (after, ascending, most) -> catalog.apps(
                                call.env(),
                                after,
                                ascending,
                                most,
                                view -> call.caller().sees(view.application().no())
                                        && (!withEndpoints || !view.endpoints().isEmpty())),
                        view -> view.application().id(),
                        view -> Out.of(view.application())));
    }

    private Answer create(Call call) {
        boolean getIfExists = call.query().flag("get_if_exists");
        Fields fields = new Fields(call.body(), false);
        AppDraft draft = draft(fields, BLANK);
        fields.problems().addAll(call.query().problems());
        return fields.problems().isEmpty()
                ? Answer.of(catalog.applications().create(call.env(), draft, getIfExists), Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer read(Call call) {
        AppView view = catalog.app(call.env(), call.path("app"));
        return view == null ? Answer.notFound("application") : Answer.json(200, Out.of(view.application()));
    }

    private Answer put(Call call) {
        String key = call.path("app");
        Fields fields = new Fields(call.body(), false);
        AppDraft draft = draft(fields, BLANK);
        fields.path("app", key, Fields::uidInPath);
        return fields.problems().isEmpty()
                ? Answer.of(catalog.applications().put(call.env(), key, draft), Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer patch(Call call) {
        Fields fields = new Fields(call.body(), true);
        draft(fields, BLANK);
        return fields.problems().isEmpty()
                ? Answer.of(
                        catalog.applications()
                                .patch(call.env(), call.path("app"), present -> draft(fields.checked(), present)),
                        Out::of)
                : Answer.invalid(fields.problems());
    }

    private static AppDraft draft(Fields fields, AppDraft base) {
        return new AppDraft(
                fields.requiredText("name", base.name(), Rules::appName),
                fields.optionalText("uid", base.uid(), Rules::uid),
                fields.texts("metadata", base.metadata(), Rules::metadata),
                fields.number("throttleRate", "rateLimit", base.rateLimit(), Rules::rateLimit));
    }
}
