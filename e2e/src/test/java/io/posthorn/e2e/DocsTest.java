package io.posthorn.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The packed server has its document and its page with it. */
final class DocsTest {
    @Test
    void anybodyCanBrowseTheDocument(@TempDir Path folder) throws Exception {
        try (ServerProcess server = ServerProcess.local(folder)) {
            Api nobody = server.api().withToken("");
            assertThat(nobody.get("/openapi.yaml").body()).startsWith("#").contains("openapi: 3.1");
            for (String file : List.of("", "/page.css", "/page.js", "/swagger-ui.css", "/swagger-ui-bundle.js")) {
                Api.Answer answer = nobody.get("/docs" + file);
                assertThat(answer.status()).as(file).isEqualTo(200);
                assertThat(answer.body()).isNotEmpty();
            }
            assertThat(nobody.get("/api/v1/app").status()).isEqualTo(401);
        }
    }
}
