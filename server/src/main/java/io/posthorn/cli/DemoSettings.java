package io.posthorn.cli;

import io.posthorn.app.Config;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Map;

/** The configuration of the demo's server. Neither the file nor the environment has a say in it. */
final class DemoSettings {
    private DemoSettings() {}

    /** A token that nobody can guess. */
    static String newToken(SecureRandom random) {
        byte[] bytes = new byte[16];
        random.nextBytes(bytes);
        return "demo_" + HexFormat.of().formatHex(bytes);
    }

    /**
     * The settings: everything on this machine, and retries so short that they can be watched.
     *
     * @param folder where everything is kept
     * @param token of the administrator
     */
    static Config config(Path folder, String token) {
        return Config.of(Map.of(
                "host", "127.0.0.1",
                "port", "0",
                "data-dir", folder.resolve("data").toString(),
                "admin-token", token,
                "log-level", "warn",
                "shutdown-grace", "5s",
                "allow-http", "true",
                "allow-network", "127.0.0.0/8",
                "retry-schedule", "200ms,400ms,800ms,1s,1s,2s,2s,4s,4s"));
    }
}
