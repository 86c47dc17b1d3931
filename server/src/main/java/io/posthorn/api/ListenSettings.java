package io.posthorn.api;

import java.time.Duration;

/**
 * The bounds of live forwarding.
 *
 * @param sessions most at the same time
 * @param sessionsOfApp most of one application at the same time, so that one customer leaves room for others
 * @param hello how long a client may take to say what it wants
 * @param ping how often a client is asked whether it is there, and its token whether it is still valid
 * @param dead how long a client may say nothing at all
 * @param messageBytes the longest message of a client
 * @param writeQueueBytes what may wait in a connection to be sent before deliveries wait in front of it
 */
public record ListenSettings(
        int sessions,
        int sessionsOfApp,
        Duration hello,
        Duration ping,
        Duration dead,
        int messageBytes,
        int writeQueueBytes) {
    private static final int HEAD = 64 << 10;

    /**
     * What holds in a server: 100 sessions, 10 of one application, 10 s for the first message, a ping every 15 s, dead after 45 s.
     *
     * @param keptResponseBytes how much of a response's body a client may tell
     */
    public static ListenSettings of(int keptResponseBytes) {
        return new ListenSettings(
                100,
                10,
                Duration.ofSeconds(10),
                Duration.ofSeconds(15),
                Duration.ofSeconds(45),
                HEAD + keptResponseBytes / 3 * 4,
                256 << 10);
    }
}
