package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ConfigDocsTest {
    @Test
    void theDocumentationIsTheTable() throws IOException {
        assertThat(Path.of("../docs/configuration.md"))
                .as("bring it up to date with: ./posthorn config --docs > docs/configuration.md")
                .hasContent(ConfigDocs.markdown());
        assertThat(Files.readString(Path.of("../docs/configuration.md"))).endsWith("|\n");
    }

    @Test
    void everySettingIsInIt() {
        assertThat(Settings.ALL)
                .allSatisfy(setting -> assertThat(ConfigDocs.markdown())
                        .contains("| `" + setting.key() + "`<br>`" + setting.variable() + "` |")
                        .contains(setting.help()));
    }
}
