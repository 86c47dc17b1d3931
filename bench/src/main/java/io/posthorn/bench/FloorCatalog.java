package io.posthorn.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The applications and endpoints of the floor: just enough of them for the same harness to drive both. Kept in a file
 * with a line for each, so that they are there after a restart.
 */
final class FloorCatalog {
    private static final Pattern LOCAL = Pattern.compile("http://127\\.0\\.0\\.1:([0-9]+)(/.*)");

    /**
     * An application.
     *
     * @param no 1, 2, 3 …; its id is {@code app_} and that
     */
    record App(int no, CopyOnWriteArrayList<Endpoint> endpoints) {}

    /**
     * An endpoint on 127.0.0.1.
     *
     * @param no its place in the application
     * @param key what its deliveries are signed with
     * @param eventType the only one that it wants, if it does not want all
     */
    record Endpoint(
            int no,
            int port,
            String path,
            byte[] key,
            @Nullable String eventType) {
        boolean wants(String type) {
            return eventType == null || eventType.equals(type);
        }
    }

    private final Map<String, App> apps = new ConcurrentHashMap<>();
    private final Path file;

    /** Reads what was there before. */
    FloorCatalog(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                apply(line);
            }
        }
    }

    /** The application with this id, or null. */
    @Nullable
    App app(String id) {
        return apps.get(id);
    }

    /** Makes an application and gives its id. */
    synchronized String addApp() throws IOException {
        String id = "app_" + (apps.size() + 1);
        add("app " + id);
        return id;
    }

    /** Makes an endpoint. */
    synchronized void addEndpoint(String app, String url, String secret, String eventType) throws IOException {
        add("endpoint " + app + " " + url + " " + secret + " " + eventType);
    }

    private void add(String line) throws IOException {
        apply(line);
        Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    private void apply(String line) throws IOException {
        String[] words = line.split(" ", -1);
        if (words[0].equals("app")) {
            apps.put(words[1], new App(apps.size() + 1, new CopyOnWriteArrayList<>()));
            return;
        }
        App app = apps.get(words[1]);
        Matcher url = LOCAL.matcher(words[2]);
        if (app == null || !url.matches()) {
            throw new IOException("the floor delivers to 127.0.0.1 only, for an application that it has: " + line);
        }
        byte[] key = Base64.getDecoder().decode(words[3].substring("whsec_".length()));
        String type = words[4].isEmpty() ? null : words[4];
        app.endpoints.add(new Endpoint(app.endpoints.size(), Integer.parseInt(url.group(1)), url.group(2), key, type));
    }
}
