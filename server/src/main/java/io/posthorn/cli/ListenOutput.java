package io.posthorn.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** What {@code posthorn listen} prints: lines for people, or one JSON object a line. Called on any thread. */
interface ListenOutput {
    /** The server knows us; deliveries come from now on. */
    void ready(String endpointId, String secret, URI target);

    /** A delivery was made, and its answer reported. */
    void delivered(Delivered delivered);

    /** The connection is gone, and there will be another try. */
    void reconnecting(String why, long inMillis);

    /**
     * What became of a delivery.
     *
     * @param at when it came
     * @param eventType of the message
     * @param messageId of the message
     * @param status of the local answer; 0 without one
     * @param failure why there was none; null if there was
     * @param millis how long the local program took
     */
    record Delivered(
            Instant at,
            String eventType,
            String messageId,
            int status,
            @Nullable String failure,
            long millis) {}

    /** For people. */
    static ListenOutput text(PrintWriter out) {
        return new ListenOutput() {
            @Override
            public void ready(String endpointId, String secret, URI target) {
                print("Ready. Deliveries go to " + target + " while this runs (endpoint " + endpointId + ").\n"
                        + "They are signed with " + secret);
            }

            @Override
            public void delivered(Delivered d) {
                LocalTime time = LocalTime.ofInstant(d.at(), ZoneId.systemDefault());
                print("%s  %s  %s  → %s  %d ms"
                        .formatted(
                                DateTimeFormatter.ofPattern("HH:mm:ss").format(time),
                                d.eventType(),
                                d.messageId(),
                                d.failure() == null ? Integer.toString(d.status()) : d.failure(),
                                d.millis()));
            }

            @Override
            public void reconnecting(String why, long inMillis) {
                print("The connection is gone: %s. Trying again in %.1f s …".formatted(why, inMillis / 1e3));
            }

            private synchronized void print(String line) {
                out.println(line);
                out.flush();
            }
        };
    }

    /** For programs. The member {@code event} says what a line is about: ready, delivery or reconnecting. */
    static ListenOutput json(PrintWriter out) {
        ObjectMapper mapper = new ObjectMapper();
        return new ListenOutput() {
            @Override
            public void ready(String endpointId, String secret, URI target) {
                print(mapper.createObjectNode()
                        .put("event", "ready")
                        .put("time", Instant.now().toString())
                        .put("endpointId", endpointId)
                        .put("secret", secret)
                        .put("forwardTo", target.toString()));
            }

            @Override
            public void delivered(Delivered d) {
                ObjectNode line = mapper.createObjectNode()
                        .put("event", "delivery")
                        .put("time", d.at().toString())
                        .put("eventType", d.eventType())
                        .put("messageId", d.messageId())
                        .put("durationMs", d.millis());
                if (d.failure() == null) {
                    line.put("status", d.status()).putNull("failure");
                } else {
                    line.putNull("status").put("failure", d.failure());
                }
                print(line);
            }

            @Override
            public void reconnecting(String why, long inMillis) {
                print(mapper.createObjectNode()
                        .put("event", "reconnecting")
                        .put("time", Instant.now().toString())
                        .put("reason", why)
                        .put("inMs", inMillis));
            }

            private synchronized void print(ObjectNode line) {
                try {
                    out.println(mapper.writeValueAsString(line));
                } catch (JsonProcessingException e) {
                    throw new UncheckedIOException(e);
                }
                out.flush();
            }
        };
    }
}
