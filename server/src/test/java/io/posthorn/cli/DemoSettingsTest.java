package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.app.Config;
import io.posthorn.app.Secret;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DemoSettingsTest {
    @Test
    void staysOnThisMachineAndRetriesSoon() {
        String token = DemoSettings.newToken(new SecureRandom());
        Config config = DemoSettings.config(Path.of("/somewhere"), token);
        assertThat(config.host()).isEqualTo("127.0.0.1");
        assertThat(config.port()).isZero();
        assertThat(config.dataDir()).isEqualTo(Path.of("/somewhere/data"));
        assertThat(config.adminToken()).isEqualTo(new Secret(token));
        assertThat(config.allowHttp()).isTrue();
        assertThat(config.allowNetwork()).containsExactly("127.0.0.0/8");
        assertThat(config.retrySchedule())
                .hasSizeGreaterThanOrEqualTo(8)
                .allSatisfy(delay -> assertThat(delay).isLessThan(Duration.ofSeconds(5)));
    }
}
