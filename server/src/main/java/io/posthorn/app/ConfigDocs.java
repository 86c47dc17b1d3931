package io.posthorn.app;

/** The page about configuration, {@code docs/configuration.md}: a test holds the file equal to this. */
public final class ConfigDocs {
    private static final String HEAD = """
            # Configuration

            Made from the table of settings in the source by `./posthorn config --docs`; do not edit it by hand.

            Every setting can stand in a file, in an environment variable and on the command line. Of these the later \
            one wins, setting by setting:

            1. the default;
            2. the file: the one named by `--config` or `POSTHORN_CONFIG`, else `posthorn.yaml` in the current folder \
            if there is one;
            3. the environment: `POSTHORN_` and the key in capitals, `_` for `-`; an empty variable counts as absent;
            4. the flag: `--` and the key.

            ```yaml
            # posthorn.yaml
            port: 8071
            allow-network: [10.0.0.0/8]
            retry-schedule: [5s, 5m, 30m, 2h]
            ```

            ```sh
            POSTHORN_PORT=9000 ./posthorn serve --max-body-bytes 256KiB --allow-network 10.0.0.0/8,192.168.0.0/16
            ```

            `./posthorn config` prints every setting in force and where it came from, secrets as `***`; with `--json` \
            for programs. The server does not start with a setting that is wrong or unknown: it names all of them at \
            once, with the place where each was given, and ends with code 2.

            Durations are a number and `ms`, `s`, `m`, `h` or `d`; sizes are a number of bytes or a number and `KiB`, \
            `MiB` or `GiB`; lists are YAML lists, repeated flags, or one text with commas. `true` may be left out \
            behind a flag.
            """;

    private ConfigDocs() {}

    /** The page, in Markdown; ends with a line break. */
    public static String markdown() {
        StringBuilder page = new StringBuilder(HEAD);
        String group = "";
        for (Setting<?> setting : Settings.ALL) {
            if (!setting.group().equals(group)) {
                group = setting.group();
                page.append("\n## ").append(group).append("\n\n| key | default | takes | |\n|---|---|---|---|\n");
            }
            page.append("| `%s`<br>`%s` | %s | %s | %s |\n"
                    .formatted(setting.key(), setting.variable(), fallback(setting), takes(setting), setting.help()));
        }
        return page.toString();
    }

    private static String fallback(Setting<?> setting) {
        String text = setting.fallback();
        return text == null || text.isEmpty() ? "–" : "`" + text.replace(",", ", ") + "`";
    }

    private static String takes(Setting<?> setting) {
        return setting.secret()
                ? "secret: " + setting.kind().takes()
                : setting.kind().takes();
    }
}
