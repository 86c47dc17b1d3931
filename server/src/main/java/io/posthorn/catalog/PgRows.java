package io.posthorn.catalog;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.posthorn.model.Application;
import io.posthorn.model.DeliveryPolicy;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Environment;
import io.posthorn.model.EventType;
import io.posthorn.model.SigningSecret;
import io.posthorn.store.PgTimes;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jdbi.v3.core.argument.Argument;
import org.jspecify.annotations.Nullable;

/** Between the catalog's rows and its records. */
final class PgRows {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final TypeReference<LinkedHashMap<String, String>> TEXTS = new TypeReference<>() {};
    /** Names that thousands of endpoints share are kept once; beyond this many, they are not looked for. */
    private static final int SHARED_NAMES = 10_000;

    private static final int SHARED_POLICIES = 1_000;

    private final SecretBox box;
    private final SealedParts sealed;
    private final ConcurrentHashMap<String, String> names = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, DeliveryPolicy> policies = new ConcurrentHashMap<>();

    PgRows(SecretBox box) {
        this.box = box;
        this.sealed = new SealedParts(box);
    }

    Application application(ResultSet row) throws SQLException {
        return new Application(
                row.getInt("no"),
                row.getInt("env_no"),
                row.getString("id"),
                row.getString("uid"),
                row.getString("name"),
                metadata(row.getString("metadata")),
                integer(row, "rate_limit"),
                row.getBoolean("paused"),
                integer(row, "endpoint_limit"),
                list(row.getArray("scopes")),
                PgTimes.instant(row, "created_at"),
                PgTimes.instant(row, "updated_at"));
    }

    Endpoint endpoint(ResultSet row) throws SQLException {
        String id = row.getString("id");
        return new Endpoint(
                row.getInt("no"),
                row.getInt("app_no"),
                id,
                row.getString("uid"),
                row.getString("url"),
                row.getString("description"),
                list(row.getArray("event_types")),
                list(row.getArray("channels")),
                row.getBoolean("disabled"),
                row.getString("disabled_reason"),
                integer(row, "rate_limit"),
                metadata(row.getString("metadata")),
                SigningSecret.stored(
                        SecretForms.form(row.getString("secret_form")),
                        box.open(row.getBytes("secret"), SealedParts.secretOf(id))),
                sealed.oldSecrets(row.getBytes("old_secrets"), id),
                sealed.headers(row.getBytes("headers"), id),
                row.getInt("version"),
                delivery(row.getString("delivery")),
                ShapeCodec.stored(row.getString("shape")),
                sealed.secrets(row.getBytes("private"), id),
                row.getBoolean("paused"),
                PgTimes.instant(row, "created_at"),
                PgTimes.instant(row, "updated_at"));
    }

    static Environment environment(ResultSet row) throws SQLException {
        return new Environment(
                row.getInt("no"),
                row.getString("id"),
                row.getString("name"),
                row.getString("profile"),
                PgTimes.instant(row, "created_at"));
    }

    static PgAccess.Row tokenRow(ResultSet row) throws SQLException {
        return new PgAccess.Row(Tokens.Hash.of(row.getBytes("hash")), token(row), instantOrNull(row, "last_used_at"));
    }

    private static Token token(ResultSet row) throws SQLException {
        return new Token(
                row.getInt("no"),
                row.getString("id"),
                row.getString("name"),
                Role.valueOf(row.getString("role").toUpperCase(Locale.ROOT)),
                row.getInt("env_no"),
                integer(row, "app_no"),
                integer(row, "rate_limit"),
                PgTimes.instant(row, "created_at"),
                instantOrNull(row, "expires_at"));
    }

    EventType eventType(ResultSet row) throws SQLException {
        String schemas = row.getString("schemas");
        return new EventType(
                row.getInt("env_no"),
                row.getString("name"),
                row.getString("description"),
                row.getBoolean("archived"),
                row.getBoolean("deprecated"),
                row.getString("group_name"),
                list(row.getArray("feature_flags")),
                schemas,
                ContractCodec.read(row.getString("contract"), schemas),
                PgTimes.instant(row, "created_at"),
                PgTimes.instant(row, "updated_at"));
    }

    static Map<String, @Nullable Object> bindings(Application application) {
        Map<String, @Nullable Object> all = new HashMap<>();
        all.put("no", application.no());
        all.put("envNo", application.envNo());
        all.put("id", application.id());
        all.put("uid", text(application.uid()));
        all.put("name", application.name());
        all.put("metadata", json(application.metadata()));
        all.put("rateLimit", integer(application.rateLimit()));
        all.put("paused", application.paused());
        all.put("endpointLimit", integer(application.endpointLimit()));
        all.put("scopes", array(application.scopes()));
        all.put("createdAt", PgTimes.utc(application.createdAt()));
        all.put("updatedAt", PgTimes.utc(application.updatedAt()));
        return all;
    }

    Map<String, @Nullable Object> bindings(Endpoint endpoint) {
        Map<String, @Nullable Object> all = new HashMap<>();
        all.put("no", endpoint.no());
        all.put("appNo", endpoint.appNo());
        all.put("id", endpoint.id());
        all.put("uid", text(endpoint.uid()));
        all.put("url", endpoint.url());
        all.put("description", endpoint.description());
        all.put("eventTypes", array(endpoint.eventTypes()));
        all.put("channels", array(endpoint.channels()));
        all.put("disabled", endpoint.disabled());
        all.put("disabledReason", text(endpoint.disabledReason()));
        all.put("rateLimit", integer(endpoint.rateLimit()));
        all.put("metadata", json(endpoint.metadata()));
        all.put("secret", box.seal(endpoint.secret().key(), SealedParts.secretOf(endpoint.id())));
        all.put("secretForm", text(SecretForms.stored(endpoint.secret().form())));
        all.put("oldSecrets", bytes(sealed.oldSecrets(endpoint)));
        all.put("headers", bytes(sealed.headers(endpoint)));
        all.put("version", endpoint.version());
        all.put("delivery", text(PolicyCodec.stored(endpoint.delivery())));
        all.put("shape", text(ShapeCodec.stored(endpoint.shape())));
        all.put("private", bytes(sealed.secrets(endpoint)));
        all.put("paused", endpoint.paused());
        all.put("createdAt", PgTimes.utc(endpoint.createdAt()));
        all.put("updatedAt", PgTimes.utc(endpoint.updatedAt()));
        return all;
    }

    static Map<String, @Nullable Object> bindings(EventType type) {
        Map<String, @Nullable Object> all = new HashMap<>();
        all.put("envNo", type.envNo());
        all.put("name", type.name());
        all.put("description", type.description());
        all.put("archived", type.archived());
        all.put("deprecated", type.deprecated());
        all.put("groupName", text(type.groupName()));
        all.put("featureFlags", array(type.featureFlags()));
        all.put("schemas", text(type.schemas()));
        all.put("contract", text(ContractCodec.stored(type.contract())));
        all.put("createdAt", PgTimes.utc(type.createdAt()));
        all.put("updatedAt", PgTimes.utc(type.updatedAt()));
        return all;
    }

    /** Null with its type, which the driver wants to know. */
    private static Argument text(@Nullable String value) {
        return (position, statement, ctx) -> statement.setObject(position, value, Types.VARCHAR);
    }

    static Argument integer(@Nullable Integer value) {
        return (position, statement, ctx) -> statement.setObject(position, value, Types.INTEGER);
    }

    private static Argument bytes(byte @Nullable [] value) {
        return (position, statement, ctx) -> {
            if (value == null) {
                statement.setNull(position, Types.BINARY);
            } else {
                statement.setBytes(position, value);
            }
        };
    }

    private static Argument array(@Nullable List<String> values) {
        return (position, statement, ctx) -> {
            if (values == null) {
                statement.setNull(position, Types.ARRAY);
            } else {
                statement.setArray(position, statement.getConnection().createArrayOf("text", values.toArray()));
            }
        };
    }

    /** Null with its type. */
    static Argument timeOrNull(@Nullable Instant instant) {
        return (position, statement, ctx) -> statement.setObject(
                position, instant == null ? null : PgTimes.utc(instant), Types.TIMESTAMP_WITH_TIMEZONE);
    }

    private static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
        OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private static @Nullable Integer integer(ResultSet row, String column) throws SQLException {
        int value = row.getInt(column);
        return row.wasNull() ? null : value;
    }

    /** Nearly all of them have the usual one, which is there once. */
    private DeliveryPolicy delivery(@Nullable String json) {
        if (json == null) {
            return DeliveryPolicy.DEFAULT;
        }
        DeliveryPolicy known = policies.get(json);
        if (known == null) {
            known = PolicyCodec.stored(json);
            if (policies.size() < SHARED_POLICIES) {
                policies.put(json, known);
            }
        }
        return known;
    }

    private @Nullable List<String> list(@Nullable Array array) throws SQLException {
        if (array == null) {
            return null;
        }
        String[] values = (String[]) array.getArray();
        for (int i = 0; i < values.length; i++) {
            values[i] = shared(values[i]);
        }
        return List.of(values);
    }

    private String shared(String name) {
        String known = names.get(name);
        if (known != null) {
            return known;
        }
        if (names.size() < SHARED_NAMES) {
            names.put(name, name);
        }
        return name;
    }

    private static Map<String, String> metadata(String json) throws SQLException {
        if (json.equals("{}")) {
            return Map.of();
        }
        try {
            return java.util.Collections.unmodifiableMap(JSON.readValue(json, TEXTS));
        } catch (JsonProcessingException e) {
            throw new SQLException("stored metadata is not an object of texts", e);
        }
    }

    private static String json(Map<String, String> metadata) {
        try {
            return JSON.writeValueAsString(metadata);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("metadata cannot be written as JSON", e);
        }
    }
}
