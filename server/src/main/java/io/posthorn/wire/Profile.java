package io.posthorn.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a message becomes a request, as a YAML file describes it ({@link ProfileParser}). It never changes, and any number
 * of threads may have it; what works with it is a {@link Renderer}.
 *
 * @param description for people
 * @param method of HTTP, in capitals
 * @param path and query instead of those of the endpoint's URL; null for those
 * @param body what is sent
 * @param headers beside those of signatures and authentication, in the order of the file
 * @param messageHeaders which of the headers that a message's publisher gave go along, by their names in lower case; null
 *     for all. Expressions see all of them
 * @param userAgent null for the installation's
 * @param id how messages' ids are written
 * @param schemes all of them sign; empty for requests without a signature
 * @param config how much the expressions see of the endpoint's free-form configuration
 * @param secretInConfig the member of that configuration, an object, that requests are signed with if it is there, as a
 *     text, instead of the endpoint's secret; null for none
 * @param check what a new endpoint has to do before it gets anything
 * @param testEvent what is sent to try an endpoint out; null for an example of some event type
 * @param bodyBytes the most a body may have; null for any number
 * @param rateLimit requests a second that an endpoint gets if nobody says otherwise; null for any number
 * @param delivery what an endpoint's {@code delivery} is if nobody says otherwise: its members as plain values, not
 *     checked here
 * @param places where the parts stand in the file, by the names of members with dots between them
 */
public record Profile(
        String description,
        String method,
        @Nullable Text path,
        Body body,
        List<Header> headers,
        @Nullable Set<String> messageHeaders,
        @Nullable Text userAgent,
        IdForm id,
        List<Scheme> schemes,
        ConfigForm config,
        @Nullable String secretInConfig,
        Check check,
        @Nullable TestEvent testEvent,
        @Nullable Integer bodyBytes,
        @Nullable Integer rateLimit,
        Map<String, @Nullable Object> delivery,
        Map<String, Place> places) {

    /** The name of the profile of those who have chosen none. */
    public static final String STANDARD = "standard";

    /** A text that is written down or worked out. */
    public sealed interface Text {
        /** As it is. */
        record Fixed(String text) implements Text {}

        /**
         * What an expression gives; nothing or null leaves out what it is for.
         *
         * @param expression JSONata
         * @param member where it stands, for errors: names of members with dots between them
         * @param place of its first character in the file
         */
        record Computed(String expression, String member, Place place) implements Text {}
    }

    /** How the tree is printed. */
    public enum Format {
        /** RFC 8259, in UTF-8. */
        JSON("json", "application/json"),
        /** XML 1.0, in UTF-8. */
        XML("xml", "application/xml"),
        /** {@code application/x-www-form-urlencoded}. */
        FORM("form", "application/x-www-form-urlencoded"),
        /** A text in UTF-8, or the payload as it is. */
        RAW("raw", "application/octet-stream");

        private final String text;
        private final String contentType;

        Format(String text, String contentType) {
            this.text = text;
            this.contentType = contentType;
        }

        /** The name in profiles. */
        public String text() {
            return text;
        }

        /** What goes into {@code Content-Type} if the profile does not say. */
        public String contentType() {
            return contentType;
        }
    }

    /**
     * What is sent.
     *
     * @param format how it is printed
     * @param contentType null for that of the format
     * @param envelope JSONata that gives the tree; null for the payload as it is
     * @param root the name of the outermost element of XML; null if the tree has exactly one member, whose name it is
     */
    public record Body(
            Format format,
            @Nullable Text contentType,
            Text.@Nullable Computed envelope,
            @Nullable String root) {}

    /**
     * A header.
     *
     * @param name as it is written
     * @param value of it
     */
    public record Header(String name, Text value) {}

    /** How the 128 bits of an id are written. */
    public enum Letters {
        /** Crockford's base 32 in lower case, 26 characters. */
        LOWER("lower"),
        /** The same in capitals. */
        UPPER("upper"),
        /** RFC 9562, 36 characters. */
        UUID("uuid"),
        /** Hexadecimal, 32 characters in lower case. */
        HEX("hex");

        private final String text;

        Letters(String text) {
            this.text = text;
        }

        /** The name in profiles. */
        public String text() {
            return text;
        }
    }

    /**
     * How messages' ids are written.
     *
     * @param prefix before it
     * @param letters after it
     * @param eventId whether it is the publisher's own id instead, where there is one that can be
     */
    public record IdForm(String prefix, Letters letters, boolean eventId) {
        /** As the server gives them. */
        public static final IdForm USUAL = new IdForm("msg_", Letters.LOWER, false);
    }

    /** How much the expressions see of an endpoint's free-form configuration. */
    public enum ConfigForm {
        /** Nothing. */
        NONE("none"),
        /** Its value. */
        VALUE("value"),
        /** Its JSON, a text. */
        TEXT("text");

        private final String text;

        ConfigForm(String text) {
            this.text = text;
        }

        /** The name in profiles. */
        public String text() {
            return text;
        }
    }

    /** What a new endpoint has to do before it gets anything. */
    public enum Check {
        /** Nothing. */
        NONE("none"),
        /** Answer a test event with success. */
        TEST_EVENT("test-event"),
        /** Echo a challenge. */
        CHALLENGE("challenge"),
        /** Consent to an OPTIONS request, as CloudEvents' HTTP webhooks have it. */
        CLOUDEVENTS("cloudevents"),
        /** Echo {@code hub.challenge}, as WebSub has it. */
        WEBSUB("websub"),
        /** Echo {@code X-Hook-Secret}, as REST Hooks have it. */
        REST_HOOKS("rest-hooks");

        private final String text;

        Check(String text) {
            this.text = text;
        }

        /** The name in profiles. */
        public String text() {
            return text;
        }
    }

    /**
     * What is sent to try an endpoint out. It is sent as it is: the envelope is not for it.
     *
     * @param eventType of the message
     * @param payload JSON, byte for byte
     */
    public record TestEvent(String eventType, String payload) {
        /** The type in its place where an endpoint's owner has written the profile: others are the publisher's to use. */
        public static final String OWN = "webhook.test";

        /** Whether a message is it. */
        boolean isMessage(String type, byte[] sent) {
            return (eventType.equals(type) || OWN.equals(type))
                    && Arrays.equals(payload.getBytes(StandardCharsets.UTF_8), sent);
        }
    }

    /**
     * Those of a message's own headers that go along with its requests, in their order.
     *
     * @param given what its publisher gave
     */
    public Map<String, String> carried(Map<String, String> given) {
        Set<String> names = messageHeaders;
        if (names == null || given.isEmpty()) {
            return given;
        }
        Map<String, String> carried = new LinkedHashMap<>(given);
        carried.keySet().removeIf(name -> !names.contains(name.toLowerCase(Locale.ROOT)));
        return carried;
    }

    /**
     * A problem with a part of it, at the place where the part stands; or where what it is in does, if it is not there.
     *
     * @param path names of members, from the outermost on
     * @param rule for people
     */
    public ProfileProblem problem(List<String> path, String rule) {
        Place place = null;
        for (int length = path.size(); place == null && length > 0; length--) {
            place = places.get(String.join(".", path.subList(0, length)));
        }
        Place found = place == null ? Place.START : place;
        return new ProfileProblem(found.line(), found.column(), String.join(".", path), rule);
    }
}
