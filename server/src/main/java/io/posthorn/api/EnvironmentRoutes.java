package io.posthorn.api;

import io.posthorn.catalog.Catalog;
import io.posthorn.catalog.Result;
import io.posthorn.catalog.Rules;
import io.posthorn.catalog.Token;
import io.posthorn.model.Environment;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code /api/v1/environment}. Administrators of one environment see that one only. */
final class EnvironmentRoutes implements RouteModule {
    private static final String ALL = "/api/v1/environment";
    private static final String ONE = ALL + "/:environment";

    private final Catalog catalog;

    EnvironmentRoutes(Catalog catalog) {
        this.catalog = catalog;
    }

    /** An environment as it is shown. */
    record Out(String id, String name, @Nullable String profile, Instant createdAt) {
        static Out of(Environment environment) {
            return new Out(environment.id(), environment.name(), environment.profile(), environment.createdAt());
        }
    }

    @Override
    public List<Operation> operations() {
        return List.of(
                Operation.get(ALL, Access.MANAGE, this::list),
                Operation.post(ALL, Access.INSTALLATION, this::create),
                Operation.get(ONE, Access.MANAGE, this::read),
                Operation.patch(ONE, Access.INSTALLATION, this::patch),
                Operation.delete(
                        ONE,
                        Access.INSTALLATION,
                        call -> Answer.of(catalog.environments().delete(call.path("environment")), Out::of)));
    }

    private static boolean sees(Token token, Environment environment) {
        return token.envNo() == Token.EVERYWHERE || token.envNo() == environment.no();
    }

    private Answer list(Call call) {
        Paging paging = Paging.of(call.query(), true);
        return call.query().problems().isEmpty()
                ? Answer.json(
                        200,
                        paging.page(
                                (after, ascending, most) -> catalog.environments()
                                        .list(
                                                after,
                                                ascending,
                                                most,
                                                each -> sees(call.caller().token(), each)),
                                Environment::id,
                                Out::of))
                : Answer.invalid(call.query().problems());
    }

    private Answer create(Call call) {
        Fields fields = new Fields(call.body(), false);
        String name = fields.requiredText("name", "", Rules::environmentName);
        return fields.problems().isEmpty()
                ? Answer.of(catalog.environments().create(name), Out::of)
                : Answer.invalid(fields.problems());
    }

    private Answer read(Call call) {
        Environment environment = catalog.environments().find(call.path("environment"));
        return environment == null || !sees(call.caller().token(), environment)
                ? Answer.notFound("environment")
                : Answer.json(200, Out.of(environment));
    }

    private Answer patch(Call call) {
        Environment present = catalog.environments().find(call.path("environment"));
        if (present == null) {
            return Answer.notFound("environment");
        }
        Fields fields = new Fields(call.body(), true);
        String name = fields.requiredText("name", present.name(), Rules::environmentName);
        String profile = fields.optionalText("profile", present.profile(), Rules::profileName);
        if (!fields.problems().isEmpty()) {
            return Answer.invalid(fields.problems());
        }
        if (fields.has("profile")) {
            Result<Environment> chosen = catalog.profiles().setDefault(present.id(), profile);
            if (!fields.has("name") || !(chosen instanceof Result.Updated<Environment>)) {
                return Answer.of(chosen, Out::of);
            }
        }
        return fields.has("name")
                ? Answer.of(catalog.environments().rename(present.id(), name), Out::of)
                : Answer.json(200, Out.of(present));
    }
}
