package io.posthorn.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log: one line for each event on standard error, with the time in UTC. Line breaks inside a message or a stack
 * trace become {@code ⏎}, so that a line is an event for every tool, and no text from outside can forge one.
 *
 * <p>Logback finds this class as a service and reads no file; libraries are held at warnings, whatever the level.
 */
public final class Logging extends ContextAwareBase implements Configurator {
    private static final String ONE_LINE = "%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z', UTC} %-5level %logger{0} "
            + "%replace(%msg%replace( %ex{30}){'^ $', ''}){'\\s*[\\r\\n]+\\s*', ' ⏎ '}%nopex%n";
    private static final String ACCEPTOR = "io.netty.bootstrap.ServerBootstrap";
    /** Says at length of each payload that a pattern gives up on what its caller is told already. */
    private static final String PATTERNS = "com.networknt.schema";

    private static final List<String> LIBRARIES =
            List.of("io.netty", "io.vertx", "com.zaxxer.hikari", "org.flywaydb", "org.jdbi", "org.postgresql");

    /** Made by logback. */
    public Logging() {}

    /** Sets how much is written from now on. */
    public static void level(LogLevel level) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.toLevel(level.name()));
            quieten(context, Level.toLevel(level.name()));
        }
    }

    /**
     * To be called when the server stops. Between the moment when an HTTP server lets go of its event loops and the one
     * when its socket is closed, a connection may still be accepted: nobody can take it, so it is closed before anything
     * was read from it. Netty warns of that with a stack trace, but it is what stopping means.
     */
    static void stopping() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.getLogger(ACCEPTOR).setLevel(Level.ERROR);
        }
    }

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(ONE_LINE);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setName("stderr");
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.INFO);
        root.addAppender(appender);
        quieten(context, Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    private static void quieten(LoggerContext context, Level level) {
        Level quiet = level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN;
        LIBRARIES.forEach(name -> context.getLogger(name).setLevel(quiet));
        context.getLogger(PATTERNS).setLevel(Level.OFF);
    }
}
