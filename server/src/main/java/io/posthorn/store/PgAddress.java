package io.posthorn.store;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Where a database is and how to get in.
 *
 * @param url {@code jdbc:postgresql://…}, without user and password if they were given in the other form
 * @param user null for the driver's choice
 * @param password null for none
 */
record PgAddress(
        String url, @Nullable String user, @Nullable String password) {
    private static final int CONNECT_SECONDS = 10;
    /** Longer than any statement of the program may take, short enough to notice a server that is gone. */
    static final int SOCKET_SECONDS = 30;

    /**
     * Reads the address of an external database.
     *
     * @throws DatabaseException {@code UNREACHABLE} if it is not one
     */
    static PgAddress parse(String url, @Nullable String user, @Nullable String password) throws DatabaseException {
        if (url.startsWith("jdbc:postgresql:")) {
            return new PgAddress(url, user, password);
        }
        if (!url.startsWith("postgres://") && !url.startsWith("postgresql://")) {
            throw malformed(null);
        }
        try {
            URI uri = new URI(url);
            if (uri.getRawAuthority() == null) {
                throw malformed(null);
            }
            String authority = uri.getRawAuthority();
            int at = authority.lastIndexOf('@');
            String[] login = at < 0 ? new String[0] : authority.substring(0, at).split(":", 2);
            String jdbc = "jdbc:postgresql://" + authority.substring(at + 1)
                    + (uri.getRawPath().isEmpty() ? "/" : uri.getRawPath())
                    + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
            return new PgAddress(
                    jdbc,
                    user != null ? user : login.length > 0 ? decode(login[0]) : null,
                    password != null ? password : login.length > 1 ? decode(login[1]) : null);
        } catch (URISyntaxException e) {
            throw malformed(e.getReason()); // not the exception, whose message holds the password
        }
    }

    private static DatabaseException malformed(@Nullable String reason) {
        return new DatabaseException(
                DatabaseException.Kind.UNREACHABLE,
                "The database URL has the form postgresql://user:password@host:5432/database or"
                        + " jdbc:postgresql://host:5432/database; the one given has not"
                        + (reason == null ? "" : " (" + reason + ")")
                        + ". Characters such as @ : / # in the password have to be percent-encoded.");
    }

    private static String decode(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /** The properties of the driver that all connections share; those in the URL come first. */
    Properties properties(String applicationName) {
        Properties properties = new Properties();
        if (user != null) {
            properties.setProperty("user", user);
        }
        if (password != null) {
            properties.setProperty("password", password);
        }
        properties.setProperty("ApplicationName", applicationName);
        properties.setProperty("connectTimeout", String.valueOf(CONNECT_SECONDS));
        properties.setProperty("socketTimeout", String.valueOf(SOCKET_SECONDS));
        properties.setProperty("tcpKeepAlive", "true");
        return properties;
    }

    /** A connection outside the pool, with autocommit on. */
    Connection connect(Properties properties) throws SQLException {
        return DriverManager.getConnection(url, properties);
    }

    /** The address without what comes after a question mark, which may hold a password. */
    String shown() {
        int query = url.indexOf('?');
        return query < 0 ? url : url.substring(0, query);
    }

    @Override
    public String toString() {
        return "PgAddress[" + shown() + "]";
    }
}
