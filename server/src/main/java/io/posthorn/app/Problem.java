package io.posthorn.app;

/**
 * One thing that is wrong with the configuration. Its text is one line for people.
 *
 * @param what the setting, with the value unless it is secret: {@code port = 99999}
 * @param origin where it came from
 * @param rule what it has to be or what to do, as a sentence without its subject
 */
public record Problem(String what, Origin origin, String rule) {
    @Override
    public String toString() {
        return "%s (%s): %s".formatted(what, origin, rule);
    }
}
