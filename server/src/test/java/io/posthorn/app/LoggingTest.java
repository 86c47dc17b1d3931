package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class LoggingTest {
    private final LoggerContext context = new LoggerContext();
    private final ConsoleAppender<ILoggingEvent> appender = configure();

    @Test
    void anEventIsALine() {
        assertThat(line("hello", null)).isEqualTo("2026-01-02T03:04:05.006Z WARN  Room hello\n");
    }

    @Test
    void noTextCanForgeALine() {
        assertThat(line("one\r\n2026-01-01T00:00:00.000Z ERROR two\n", null))
                .isEqualTo("2026-01-02T03:04:05.006Z WARN  Room one ⏎ 2026-01-01T00:00:00.000Z ERROR two ⏎ \n");
    }

    @Test
    void aStackIsOnTheSameLine() {
        String line = line("it broke", new IllegalStateException("outer", new RuntimeException("inner\nline")));
        assertThat(line)
                .startsWith("2026-01-02T03:04:05.006Z WARN  Room it broke java.lang.IllegalStateException: outer ⏎ at ")
                .contains("Caused by: java.lang.RuntimeException: inner ⏎ line");
        assertThat(line.lines()).hasSize(1);
    }

    @Test
    void librariesAreHeldAtWarnings() {
        assertThat(context.getLogger("io.netty.channel").getEffectiveLevel()).isEqualTo(Level.WARN);
        assertThat(context.getLogger("io.posthorn.app").getEffectiveLevel()).isEqualTo(Level.INFO);
    }

    private ConsoleAppender<ILoggingEvent> configure() {
        Logging logging = new Logging();
        logging.setContext(context);
        logging.configure(context);
        return (ConsoleAppender<ILoggingEvent>)
                context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).getAppender("stderr");
    }

    private String line(String message, @org.jspecify.annotations.Nullable Throwable thrown) {
        LoggingEvent event = new LoggingEvent();
        event.setLoggerContext(context);
        event.setLoggerName("io.posthorn.Room");
        event.setLevel(Level.WARN);
        event.setMessage(message);
        event.setInstant(Instant.parse("2026-01-02T03:04:05.006Z"));
        if (thrown != null) {
            event.setThrowableProxy(new ch.qos.logback.classic.spi.ThrowableProxy(thrown));
        }
        return new String(appender.getEncoder().encode(event), StandardCharsets.UTF_8);
    }
}
