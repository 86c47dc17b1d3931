package io.posthorn.catalog;

import io.posthorn.model.Environment;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The parts of the installation that know nothing of each other. Reading them is free. */
public final class Environments {
    /** By id and by name. */
    private volatile Map<String, Environment> byKey = Map.of();

    Environments() {}

    void load(List<Environment> all) {
        Map<String, Environment> keys = new ConcurrentHashMap<>();
        for (Environment environment : all) {
            keys.put(environment.name(), environment);
            keys.put(environment.id(), environment);
        }
        byKey = keys;
    }

    /** The environment with this id or name; null if there is none. */
    public @Nullable Environment find(String idOrName) {
        return byKey.get(idOrName);
    }
}
