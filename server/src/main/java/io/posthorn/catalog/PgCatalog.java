package io.posthorn.catalog;

import io.posthorn.model.Application;
import io.posthorn.model.Endpoint;
import io.posthorn.model.EventType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;
import org.jspecify.annotations.Nullable;

/** The catalog's SQL. */
final class PgCatalog {
    private static final int FETCH_ROWS = 2_000;
    private static final String APPLICATION = """
            select no, env_no, id, uid, name, metadata::text, rate_limit, paused, endpoint_limit, scopes,
                   created_at, updated_at
            from application
            """;
    private static final String ENDPOINT = """
            select no, app_no, id, uid, url, description, event_types, channels, disabled, disabled_reason, rate_limit,
                   metadata::text, secret, secret_form, old_secrets, headers, version, delivery::text, shape::text,
                   private, paused,
                   created_at, updated_at
            from endpoint
            """;
    private static final String EVENT_TYPE = """
            select env_no, name, description, archived, deprecated, group_name, feature_flags, schemas::text,
                   contract::text, created_at, updated_at
            from event_type
            """;

    private final Jdbi jdbi;
    private final PgRows rows;
    private final PgWrites writes;

    PgCatalog(Jdbi jdbi, SecretBox box, PgWrites writes) {
        this.jdbi = jdbi;
        this.rows = new PgRows(box);
        this.writes = writes;
    }

    /** Runs reads that all see the same moment. */
    void inSnapshot(Consumer<Handle> reads) {
        jdbi.useTransaction(TransactionIsolationLevel.REPEATABLE_READ, reads::accept);
    }

    void applications(Handle handle, Consumer<Application> each) {
        handle.createQuery(APPLICATION)
                .setFetchSize(FETCH_ROWS)
                .map((row, ctx) -> rows.application(row))
                .forEach(each);
    }

    /** Grouped by application. */
    void endpoints(Handle handle, Consumer<Endpoint> each) {
        handle.createQuery(ENDPOINT + "order by app_no, no")
                .setFetchSize(FETCH_ROWS)
                .map((row, ctx) -> rows.endpoint(row))
                .forEach(each);
    }

    List<EventType> eventTypes(Handle handle) {
        return handle.createQuery(EVENT_TYPE)
                .map((row, ctx) -> rows.eventType(row))
                .list();
    }

    /** One application with its endpoints; null if there is none. */
    @Nullable
    AppView application(String id) {
        return jdbi.inTransaction(TransactionIsolationLevel.REPEATABLE_READ, handle -> {
            Application application = handle.createQuery(APPLICATION + "where id = :id")
                    .bind("id", id)
                    .map((row, ctx) -> rows.application(row))
                    .findOne()
                    .orElse(null);
            if (application == null) {
                return null;
            }
            List<Endpoint> endpoints = new ArrayList<>();
            handle.createQuery(ENDPOINT + "where app_no = :no")
                    .bind("no", application.no())
                    .setFetchSize(FETCH_ROWS)
                    .map((row, ctx) -> rows.endpoint(row))
                    .forEach(endpoints::add);
            return AppView.of(application, endpoints.toArray(Endpoint[]::new));
        });
    }

    @Nullable
    Integer appOf(int endpointNo) {
        return jdbi.withHandle(handle -> handle.createQuery("select app_no from endpoint where no = :no")
                .bind("no", endpointNo)
                .mapTo(Integer.class)
                .findOne()
                .orElse(null));
    }

    /** Stores a new one and gives it its number. */
    Application insert(Application application) {
        return write(handle -> handle.createQuery("""
                        insert into application (env_no, id, uid, name, metadata, rate_limit, paused, endpoint_limit,
                                                 scopes, created_at, updated_at)
                        values (:envNo, :id, :uid, :name, :metadata::jsonb, :rateLimit, :paused, :endpointLimit,
                                :scopes, :createdAt, :updatedAt)
                        returning no, env_no, id, uid, name, metadata::text, rate_limit, paused, endpoint_limit,
                                  scopes, created_at, updated_at
                        """)
                .bindMap(PgRows.bindings(application))
                .map((row, ctx) -> rows.application(row))
                .one());
    }

    void update(Application application) {
        write(handle ->
                handle.createUpdate("""
                        update application
                        set uid = :uid, name = :name, metadata = :metadata::jsonb, rate_limit = :rateLimit,
                            paused = :paused, endpoint_limit = :endpointLimit, scopes = :scopes, updated_at = :updatedAt
                        where no = :no
                        """).bindMap(PgRows.bindings(application)).execute());
    }

    void deleteApplication(int no) {
        write(handle -> handle.createUpdate("delete from application where no = :no")
                .bind("no", no)
                .execute());
    }

    /** Stores a new one and gives it its number. */
    Endpoint insert(Endpoint endpoint) {
        return write(handle -> handle.createQuery("""
                        insert into endpoint (app_no, id, uid, url, description, event_types, channels, disabled,
                                              disabled_reason, rate_limit, metadata, secret, secret_form, old_secrets,
                                              headers, version, delivery, shape, private, paused, created_at,
                                              updated_at)
                        values (:appNo, :id, :uid, :url, :description, :eventTypes, :channels, :disabled,
                                :disabledReason, :rateLimit, :metadata::jsonb, :secret, :secretForm, :oldSecrets,
                                :headers, :version, :delivery::jsonb, :shape::jsonb, :private, :paused, :createdAt, :updatedAt)
                        returning no, app_no, id, uid, url, description, event_types, channels, disabled,
                                  disabled_reason, rate_limit, metadata::text, secret, secret_form, old_secrets,
                                  headers, version,
                                  delivery::text, shape::text, private, paused, created_at, updated_at
                        """)
                .bindMap(rows.bindings(endpoint))
                .map((row, ctx) -> rows.endpoint(row))
                .one());
    }

    void update(Endpoint endpoint) {
        write(handle ->
                handle.createUpdate("""
                        update endpoint
                        set uid = :uid, url = :url, description = :description, event_types = :eventTypes,
                            channels = :channels, disabled = :disabled, disabled_reason = :disabledReason,
                            rate_limit = :rateLimit, metadata = :metadata::jsonb, secret = :secret,
                            secret_form = :secretForm,
                            old_secrets = :oldSecrets, headers = :headers, version = :version,
                            delivery = :delivery::jsonb, shape = :shape::jsonb, private = :private,
                            paused = :paused, updated_at = :updatedAt
                        where no = :no
                        """).bindMap(rows.bindings(endpoint)).execute());
    }

    void deleteEndpoint(int no) {
        write(handle -> handle.createUpdate("delete from endpoint where no = :no")
                .bind("no", no)
                .execute());
    }

    /** Stores it, new or not; returns it as it is stored (the database orders the members of its schemas). */
    EventType upsert(EventType type) {
        return write(handle -> upsert(handle, type));
    }

    /** The same for many, all or none. */
    List<EventType> upsert(List<EventType> types) {
        return write(handle -> types.stream().map(type -> upsert(handle, type)).toList());
    }

    private EventType upsert(Handle handle, EventType type) {
        return handle.createQuery("""
                        insert into event_type (env_no, name, description, archived, deprecated, group_name,
                                                feature_flags, schemas, contract, created_at, updated_at)
                        values (:envNo, :name, :description, :archived, :deprecated, :groupName,
                                :featureFlags, :schemas::jsonb, :contract::json, :createdAt, :updatedAt)
                        on conflict (env_no, name) do update
                        set description = excluded.description, archived = excluded.archived,
                            deprecated = excluded.deprecated, group_name = excluded.group_name,
                            feature_flags = excluded.feature_flags, schemas = excluded.schemas,
                            contract = excluded.contract, updated_at = excluded.updated_at
                        returning env_no, name, description, archived, deprecated, group_name, feature_flags,
                                  schemas::text, contract::text, created_at, updated_at
                        """)
                .bindMap(PgRows.bindings(type))
                .map((row, ctx) -> rows.eventType(row))
                .one();
    }

    void deleteEventType(int env, String name) {
        write(handle -> handle.createUpdate("delete from event_type where env_no = :env and name = :name")
                .bind("env", env)
                .bind("name", name)
                .execute());
    }

    private <T> T write(Function<Handle, T> statements) {
        return writes.write(statements);
    }
}
