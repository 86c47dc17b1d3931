package io.posthorn.egress;

import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslHandshakeTimeoutException;
import io.posthorn.egress.Outcome.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Turns what the libraries throw into sentences that name the host and what to do about it. */
final class Failures {
    /** No cause chain is longer; a guard against circles. */
    private static final int DEPTH = 16;

    private Failures() {}

    /** No connection, or no TLS session on it. */
    static Failure connecting(Origin origin, InetAddress address, Throwable cause) {
        if (cause instanceof SSLException) {
            return tls(origin, cause);
        }
        return new Failure(
                FailureKind.CONNECT,
                "no connection to " + address.getHostAddress() + " port " + origin.port + ": "
                        + message(deepest(cause)));
    }

    /** The connection failed when the request was on its way. */
    static Failure exchanging(Origin origin, Throwable cause, boolean responding) {
        String place = responding ? "before the response was complete" : "before a response came";
        if (find(cause, SSLException.class) != null) {
            return tls(origin, cause);
        }
        if (cause instanceof ClosedChannelException || cause instanceof PrematureChannelClosureException) {
            return protocol(origin.host + " closed the connection " + place);
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return protocol(origin.host + " sent more than " + Egress.MAX_HEADERS + " bytes of response headers");
        }
        if (cause instanceof IOException) {
            return protocol("the connection to " + origin.host + " broke " + place + ": " + message(cause));
        }
        return protocol("the answer of " + origin.host + " is not HTTP: " + message(deepest(cause)));
    }

    static Failure protocol(String detail) {
        return new Failure(FailureKind.PROTOCOL, detail);
    }

    /** Whether the other side closed or reset the connection. */
    static boolean isClosed(Throwable cause) {
        return cause instanceof IOException && !(cause instanceof SSLException);
    }

    private static Failure tls(Origin origin, Throwable cause) {
        return new Failure(FailureKind.TLS, "no TLS session with " + origin.authority() + ": " + reason(origin, cause));
    }

    private static String reason(Origin origin, Throwable cause) {
        if (find(cause, CertificateExpiredException.class) instanceof CertificateExpiredException e) {
            return "its certificate has expired (" + message(e) + ")";
        }
        if (find(cause, CertificateNotYetValidException.class) instanceof CertificateNotYetValidException e) {
            return "its certificate is not valid yet (" + message(e) + ")";
        }
        if (find(cause, CertPathBuilderException.class) != null) {
            return "its certificate is self-signed or from an issuer that is not trusted";
        }
        if (find(cause, CertificateException.class) instanceof CertificateException e) {
            return message(e).toLowerCase(Locale.ROOT).contains("name")
                    ? "its certificate is for another host (" + message(e) + ")"
                    : "its certificate is refused (" + message(e) + ")";
        }
        if (find(cause, NotSslRecordException.class) != null) {
            return "it does not speak TLS on port " + origin.port;
        }
        if (find(cause, SslHandshakeTimeoutException.class) != null) {
            return "it did not finish the handshake in time";
        }
        if (find(cause, ClosedChannelException.class) != null) {
            return "it closed the connection during the handshake";
        }
        String text = message(deepest(cause));
        return text.contains("protocol version") || text.contains("protocol_version")
                ? "it does not offer TLS 1.2 or later (" + text + ")"
                : text;
    }

    private static @Nullable Throwable find(Throwable cause, Class<? extends Throwable> type) {
        Throwable at = cause;
        for (int i = 0; i < DEPTH && at != null; i++) {
            if (type.isInstance(at)) {
                return at;
            }
            at = at.getCause();
        }
        return null;
    }

    private static Throwable deepest(Throwable cause) {
        Throwable at = cause;
        for (int i = 0; i < DEPTH; i++) {
            Throwable next = at.getCause();
            if (next == null) {
                return at;
            }
            at = next;
        }
        return at;
    }

    private static String message(Throwable cause) {
        String message = cause.getMessage();
        return message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
    }
}
