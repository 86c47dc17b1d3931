package io.posthorn.notify;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A mail server in the clear that answers what the test says: by recipient, or to MAIL and to the end of DATA. */
final class PlainSmtp implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    private final Map<String, String> answers;
    private final Thread thread;
    /** Recipients that were named. */
    final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    /** Recipients whose mail was taken. */
    final List<String> taken = Collections.synchronizedList(new ArrayList<>());
    /** What was taken. */
    final List<String> texts = Collections.synchronizedList(new ArrayList<>());

    PlainSmtp(Map<String, String> answers) throws IOException {
        this.answers = new ConcurrentHashMap<>(answers);
        thread = Thread.ofVirtual().start(this::run);
    }

    int port() {
        return server.getLocalPort();
    }

    void answer(String to, String answer) {
        answers.put(to, answer);
    }

    private void run() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                converse(socket);
            } catch (IOException e) {
                texts.add(server.isClosed() ? "closed" : "broken: " + e.getMessage());
            }
        }
    }

    private void converse(Socket socket) throws IOException {
        BufferedReader in =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.US_ASCII));
        OutputStream out = socket.getOutputStream();
        say(out, "220 mail.test");
        String to = "";
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String word = line.substring(0, Math.min(4, line.length())).toUpperCase(Locale.ROOT);
            switch (word) {
                case "MAIL" -> say(out, answers.getOrDefault("MAIL", "250 fine"));
                case "RCPT" -> {
                    to = line.substring(line.indexOf('<') + 1, line.indexOf('>'));
                    asked.add(to);
                    say(out, answers.getOrDefault(to, "250 fine"));
                }
                case "DATA" -> {
                    say(out, "354 go on");
                    StringBuilder text = new StringBuilder();
                    for (String part = in.readLine(); part != null && !part.equals("."); part = in.readLine()) {
                        text.append(part).append('\n');
                    }
                    String answer = answers.getOrDefault("DATA", "250 taken");
                    if (answer.startsWith("250")) {
                        taken.add(to);
                        texts.add(text.toString());
                    }
                    say(out, answer);
                }
                case "QUIT" -> {
                    say(out, "221 bye");
                    return;
                }
                default -> say(out, "250 mail.test");
            }
        }
    }

    private static void say(OutputStream out, String line) throws IOException {
        out.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    @Override
    public void close() throws IOException {
        server.close();
        thread.interrupt();
    }
}
