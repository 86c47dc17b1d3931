package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class SettingsTest {
    @Test
    void theRecordHasTheSettingsInTheirOrder() {
        List<String> components = Arrays.stream(Config.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        assertThat(components)
                .isEqualTo(Settings.ALL.stream().map(Setting::component).toList());
    }

    /** Two settings of one type could change places in the long constructor; here they cannot. */
    @Test
    void everySettingReachesItsOwnComponent() throws ReflectiveOperationException {
        Map<String, String> others = new HashMap<>(Map.ofEntries(
                Map.entry("host", "127.0.0.1"),
                Map.entry("port", "1"),
                Map.entry("public-url", "https://hooks.example.com"),
                Map.entry("data-dir", "elsewhere"),
                Map.entry("admin-token", "token"),
                Map.entry("secret-key", "A".repeat(43) + "="),
                Map.entry("secret-key-previous", "A".repeat(43) + "="),
                Map.entry("log-level", "debug"),
                Map.entry("event-loops", "2"),
                Map.entry("shutdown-grace", "3s"),
                Map.entry("database-url", "postgresql://db/posthorn"),
                Map.entry("database-user", "joe"),
                Map.entry("database-password", "password"),
                Map.entry("database-pool-size", "4"),
                Map.entry("embedded-port", "5"),
                Map.entry("database-max-size", "24GiB"),
                Map.entry("max-body-bytes", "6KiB"),
                Map.entry("intake-queue-messages", "7"),
                Map.entry("intake-queue-bytes", "8KiB"),
                Map.entry("request-deadline", "9s"),
                Map.entry("token-rate-limit", "21"),
                Map.entry("endpoint-limit", "22"),
                Map.entry("allow-http", "true"),
                Map.entry("allow-network", "10.0.0.0/8,127.0.0.0/8"),
                Map.entry("endpoint-in-flight", "10"),
                Map.entry("in-flight", "11"),
                Map.entry("attempt-timeout", "12s"),
                Map.entry("connect-timeout", "13s"),
                Map.entry("response-keep-bytes", "14"),
                Map.entry("lane-queue", "15"),
                Map.entry("memory-queue-bytes", "16MiB"),
                Map.entry("svix-headers", "true"),
                Map.entry("secret-overlap", "21s"),
                Map.entry("record-link-lifetime", "28m"),
                Map.entry("retry-schedule", "17s,18s"),
                Map.entry("retry-jitter", "0.19"),
                Map.entry("retry-after-max", "20s"),
                Map.entry("operational-application", "operations"),
                Map.entry("backlog-threshold", "22"),
                Map.entry("smtp-url", "smtp://mail.example.com:25"),
                Map.entry("smtp-from", "me@example.com"),
                Map.entry("smtp-starttls", "false"),
                Map.entry("notification-domains", "example.com,b.example"),
                Map.entry("retention-payloads", "25d"),
                Map.entry("retention-attempts", "26d"),
                Map.entry("retention-messages", "27d")));
        others.put("extra-ca", "pom.xml");
        assertThat(others.keySet())
                .containsExactlyInAnyOrderElementsOf(
                        Settings.ALL.stream().map(Setting::key).toList());
        Config config = Config.of(others);
        for (Setting<?> setting : Settings.ALL) {
            assertThat(shown(setting, config)).as(setting.key()).isEqualTo(others.get(setting.key()));
        }
    }

    @Test
    void namesFollowFromTheKey() {
        assertThat(Settings.MAX_BODY_BYTES.variable()).isEqualTo("POSTHORN_MAX_BODY_BYTES");
        assertThat(Settings.MAX_BODY_BYTES.flag()).isEqualTo("--max-body-bytes");
        assertThat(Settings.MAX_BODY_BYTES.component()).isEqualTo("maxBodyBytes");
    }

    private static <T> String shown(Setting<T> setting, Config config) throws ReflectiveOperationException {
        @SuppressWarnings("unchecked") // the component is named like the setting and has its type
        T value = (T) Config.class.getMethod(setting.component()).invoke(config);
        return setting.kind().shower().apply(value);
    }
}
