package io.posthorn.e2e;

import java.util.HashMap;
import java.util.Map;

/**
 * What a server tells Prometheus.
 *
 * @param values by name, labels included
 */
record Metrics(Map<String, Double> values) {

    /** As they are now. */
    static Metrics of(ServerProcess server) throws Exception {
        Api.Answer answer = server.api().withToken("").get("/metrics");
        if (answer.status() != 200) {
            throw new AssertionError("metrics: " + answer);
        }
        Map<String, Double> values = new HashMap<>();
        for (String line : answer.body().lines().toList()) {
            if (!line.startsWith("#") && !line.isBlank()) {
                int space = line.lastIndexOf(' ');
                values.put(line.substring(0, space), Double.parseDouble(line.substring(space + 1)));
            }
        }
        return new Metrics(values);
    }

    /** The value of one, which must be there. */
    double value(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new AssertionError("no metric " + name + " among " + values.keySet());
        }
        return value;
    }
}
