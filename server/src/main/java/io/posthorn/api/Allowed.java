package io.posthorn.api;

import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** Which methods a path takes: what HTTP wants to be said in every 405, and the router says only without a body. */
final class Allowed {
    private Allowed() {}

    /** The value of the header {@code Allow}; empty if no route has the path. */
    static String methods(Router router, String path) {
        List<String> asked = segments(path);
        Set<String> names = new TreeSet<>();
        for (Route route : router.getRoutes()) {
            Set<HttpMethod> methods = route.methods();
            String pattern = route.getPath();
            if (methods != null && pattern != null && matches(segments(pattern), asked)) {
                methods.forEach(method -> names.add(method.name()));
            }
        }
        return String.join(", ", names);
    }

    private static List<String> segments(String path) {
        String bare = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return List.of(bare.split("/", -1));
    }

    private static boolean matches(List<String> pattern, List<String> asked) {
        boolean same = pattern.size() == asked.size();
        for (int i = 0; same && i < pattern.size(); i++) {
            same = pattern.get(i).startsWith(":") || pattern.get(i).equals(asked.get(i));
        }
        return same;
    }
}
