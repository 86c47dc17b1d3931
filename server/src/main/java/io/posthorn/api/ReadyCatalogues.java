package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The catalogues that come with the server. */
final class ReadyCatalogues {
    private static final List<String> NAMES = List.of("admin", "administrate", "timify");

    private ReadyCatalogues() {}

    /**
     * One of them.
     *
     * @param name to import it by
     * @param description for people
     * @param eventTypes the names of those in it
     */
    record Ready(String name, String description, List<String> eventTypes) {}

    /** All of them. */
    static List<Ready> all() {
        return NAMES.stream().map(ReadyCatalogues::ready).toList();
    }

    private static Ready ready(String name) {
        JsonNode document = read(name);
        return new Ready(
                name,
                document.path("description").asText(),
                document.path("eventTypes")
                        .valueStream()
                        .map(type -> type.path("name").asText())
                        .toList());
    }

    /** The document of one; null if there is none of the name. */
    static @Nullable JsonNode document(String name) {
        return NAMES.contains(name) ? read(name) : null;
    }

    static String names() {
        return String.join(", ", NAMES);
    }

    private static JsonNode read(String name) {
        String resource = "/catalogues/" + name + ".yaml";
        try (InputStream in = ReadyCatalogues.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("the server comes without its " + resource);
            }
            String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            if (CatalogueText.read(text) instanceof Json.Parsed.Value(JsonNode document)) {
                return document;
            }
            throw new IllegalStateException("the server's own " + resource + " cannot be read");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
