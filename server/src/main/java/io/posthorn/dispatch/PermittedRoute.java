package io.posthorn.dispatch;

import io.posthorn.catalog.AppView;
import io.posthorn.catalog.Catalog;
import io.posthorn.egress.Exchange;
import io.posthorn.egress.Outcome;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The route of an endpoint whose application has scopes. Fan-out does not hand over what the application may not be told
 * of; what had been handed over before a scope was taken away, and waits for a retry, is stopped here. Applications
 * without scopes, which is usual, have no such route: it is made anew when that changes.
 */
final class PermittedRoute implements Route {
    private final Route route;
    private final Catalog catalog;
    private final int appNo;
    private final Context context;
    private final Time time;

    private PermittedRoute(Route route, Catalog catalog, int appNo, Context context, Time time) {
        this.route = route;
        this.catalog = catalog;
        this.appNo = appNo;
        this.context = context;
        this.time = time;
    }

    /** The route itself, or one that looks at the scopes first, as the endpoint's application is now. */
    static Route of(Route route, Catalog catalog, Endpoint endpoint, Context context, Time time) {
        AppView app = catalog.appByNo(endpoint.appNo());
        return app == null || app.application().scopes() == null
                ? route
                : new PermittedRoute(route, catalog, endpoint.appNo(), context, time);
    }

    @Override
    public @Nullable Duration deadline() {
        return route.deadline();
    }

    @Override
    public void send(Message message, int attempt, Consumer<Exchange> done) {
        if (isPermitted(message)) {
            route.send(message, attempt, done);
        } else {
            pass(done);
        }
    }

    @Override
    public void send(Message message, int attempt, Duration most, Consumer<Exchange> done) {
        if (isPermitted(message)) {
            route.send(message, attempt, most, done);
        } else {
            pass(done);
        }
    }

    private boolean isPermitted(Message message) {
        AppView app = catalog.appByNo(appNo);
        return app == null || catalog.permits(app.application(), message.eventType);
    }

    private void pass(Consumer<Exchange> done) {
        // later and not now: a lane may have a thousand of them, and each answer starts the next
        Exchange none = new Exchange(time.micros(), 0, new Outcome.Unwanted());
        context.runOnContext(ignored -> done.accept(none));
    }
}
