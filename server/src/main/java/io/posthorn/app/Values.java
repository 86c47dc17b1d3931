package io.posthorn.app;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The parsed values by setting, and the record made from them.
 *
 * @param all every setting that is valid; only {@link Resolution} makes it, which keeps setting and value of one type
 */
record Values(Map<Setting<?>, InForce<?>> all) {
    Config config() {
        return new Config(
                get(Settings.HOST),
                get(Settings.PORT),
                find(Settings.PUBLIC_URL),
                get(Settings.DATA_DIR),
                find(Settings.ADMIN_TOKEN),
                find(Settings.SECRET_KEY),
                find(Settings.SECRET_KEY_PREVIOUS),
                get(Settings.LOG_LEVEL),
                get(Settings.EVENT_LOOPS),
                get(Settings.SHUTDOWN_GRACE),
                find(Settings.DATABASE_URL),
                find(Settings.DATABASE_USER),
                find(Settings.DATABASE_PASSWORD),
                get(Settings.DATABASE_POOL_SIZE),
                get(Settings.EMBEDDED_PORT),
                get(Settings.DATABASE_MAX_SIZE),
                get(Settings.MAX_BODY_BYTES),
                get(Settings.INTAKE_QUEUE_MESSAGES),
                get(Settings.INTAKE_QUEUE_BYTES),
                get(Settings.REQUEST_DEADLINE),
                get(Settings.TOKEN_RATE_LIMIT),
                get(Settings.ENDPOINT_LIMIT),
                get(Settings.ALLOW_HTTP),
                get(Settings.ALLOW_NETWORK),
                find(Settings.EXTRA_CA),
                get(Settings.ENDPOINT_IN_FLIGHT),
                get(Settings.IN_FLIGHT),
                get(Settings.ATTEMPT_TIMEOUT),
                get(Settings.CONNECT_TIMEOUT),
                get(Settings.RESPONSE_KEEP_BYTES),
                get(Settings.LANE_QUEUE),
                get(Settings.MEMORY_QUEUE_BYTES),
                get(Settings.SVIX_HEADERS),
                get(Settings.SECRET_OVERLAP),
                get(Settings.RECORD_LINK_LIFETIME),
                get(Settings.RETRY_SCHEDULE),
                get(Settings.RETRY_JITTER),
                get(Settings.RETRY_AFTER_MAX),
                get(Settings.OPERATIONAL_APPLICATION),
                get(Settings.BACKLOG_THRESHOLD),
                find(Settings.SMTP_URL),
                find(Settings.SMTP_FROM),
                get(Settings.SMTP_STARTTLS),
                get(Settings.NOTIFICATION_DOMAINS),
                get(Settings.RETENTION_PAYLOADS),
                get(Settings.RETENTION_ATTEMPTS),
                get(Settings.RETENTION_MESSAGES));
    }

    /** The value of a setting that always has one. */
    <T> T get(Setting<T> setting) {
        T value = find(setting);
        if (value == null) {
            throw new IllegalStateException(setting.key() + " has no value");
        }
        return value;
    }

    /** The value of a setting, null for none. */
    @SuppressWarnings("unchecked") // the resolution put the setting's own value there
    <T> @Nullable T find(Setting<T> setting) {
        InForce<?> inForce = all.get(setting);
        return inForce == null ? null : (T) inForce.value();
    }

    /** Whether somebody gave it. */
    boolean given(Setting<?> setting) {
        InForce<?> inForce = all.get(setting);
        return inForce != null && !(inForce.origin() instanceof Origin.Default);
    }

    /** Whether it has a value, or rightly none. */
    boolean valid(Setting<?> setting) {
        return all.containsKey(setting);
    }

    /** Where its value came from. */
    Origin origin(Setting<?> setting) {
        InForce<?> inForce = all.get(setting);
        return inForce == null ? new Origin.Default() : inForce.origin();
    }
}
