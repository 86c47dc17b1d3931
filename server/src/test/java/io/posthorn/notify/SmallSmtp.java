package io.posthorn.notify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** A mail server that takes one conversation with TLS, at its start or after STARTTLS, and writes down what was said. */
final class SmallSmtp implements AutoCloseable {
    private static final String PASSWORD = "for-tests";

    private final ServerSocket server = new ServerSocket(0, 5, InetAddress.ofLiteral("127.0.0.1"));
    private final SSLContext context;
    private final boolean fromTheStart;
    private final Thread thread;
    /** What came, each line with whether it was encrypted. */
    final List<String> said = Collections.synchronizedList(new ArrayList<>());

    SmallSmtp(Path keys, boolean fromTheStart) throws IOException, GeneralSecurityException {
        this.fromTheStart = fromTheStart;
        KeyStore store = KeyStore.getInstance(keys.toFile(), PASSWORD.toCharArray());
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, PASSWORD.toCharArray());
        context = SSLContext.getInstance("TLS");
        context.init(factory.getKeyManagers(), null, null);
        thread = Thread.ofVirtual().start(this::run);
    }

    /**
     * A key for 127.0.0.1, made with the JDK's keytool.
     *
     * @return the certificate, which vouches for itself
     */
    static Path certificate(Path keys) throws Exception {
        Path certificate = keys.resolveSibling("mail.pem");
        keytool(keys, "-genkeypair", "-keyalg", "EC", "-dname", "CN=mail.test", "-ext", "san=ip:127.0.0.1");
        keytool(keys, "-exportcert", "-rfc", "-file", certificate.toString());
        return certificate;
    }

    private static void keytool(Path keys, String... arguments) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(List.of(arguments));
        command.addAll(List.of("-alias", "mail", "-keystore", keys.toString(), "-storepass", PASSWORD));
        Path output = Files.createTempFile(keys.getParent(), "keytool", ".txt");
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new AssertionError(command + ": " + Files.readString(output));
        }
    }

    int port() {
        return server.getLocalPort();
    }

    private void run() {
        try (Socket plain = server.accept()) {
            if (fromTheStart || converse(plain, false)) {
                SSLSocket secure = (SSLSocket) context.getSocketFactory().createSocket(plain, null, false);
                secure.setUseClientMode(false);
                converse(secure, true);
            }
        } catch (IOException e) {
            said.add("ended: " + e.getMessage());
        }
    }

    /** True if it is to go on encrypted. */
    private boolean converse(Socket socket, boolean secure) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        OutputStream out = socket.getOutputStream();
        if (fromTheStart || !secure) {
            answer(out, "220 mail.test");
        }
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            said.add((secure ? "secure " : "plain ") + line);
            switch (word(line)) {
                case "EHLO" ->
                    answer(out, secure ? "250-mail.test\r\n250 AUTH PLAIN" : "250-mail.test\r\n250 STARTTLS");
                case "STARTTLS" -> {
                    answer(out, "220 go on");
                    return true;
                }
                case "AUTH" -> answer(out, "235 welcome");
                case "DATA" -> {
                    answer(out, "354 go on");
                    String text = in.readLine();
                    while (text != null && !text.equals(".")) {
                        text = in.readLine();
                    }
                    answer(out, "250 taken");
                }
                case "QUIT" -> {
                    answer(out, "221 bye");
                    return false;
                }
                default -> answer(out, "250 fine");
            }
        }
        return false;
    }

    private static String word(String line) {
        int space = line.indexOf(' ');
        return (space < 0 ? line : line.substring(0, space)).toUpperCase(Locale.ROOT);
    }

    private static void answer(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        server.close();
        thread.interrupt();
    }
}
