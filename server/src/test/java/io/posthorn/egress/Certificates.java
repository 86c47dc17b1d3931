package io.posthorn.egress;

import io.vertx.core.net.PfxOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Keys and certificates made for a test run with the JDK's keytool: an authority, and servers that it vouches for. */
public final class Certificates {
    public static final String GOOD = "good";
    /** Of a client, from the same authority. */
    public static final String CLIENT = "client";

    public static final String EXPIRED = "expired";
    public static final String SELF_SIGNED = "self";

    private static final String PASSWORD = "for-tests";

    private final Path store;
    /** The certificate of the authority. */
    public final Path ca;

    /** Makes them. */
    public Certificates(Path folder) {
        store = folder.resolve("keys.p12");
        ca = folder.resolve("ca.pem");
        key("ca", "-dname", "CN=Test authority", "-ext", "bc:c", "-validity", "2");
        key(GOOD, "-dname", "CN=hooks.test", "-ext", "san=dns:hooks.test,ip:127.0.0.1", "-signer", "ca");
        key(
                EXPIRED,
                "-dname",
                "CN=hooks.test",
                "-ext",
                "san=dns:hooks.test",
                "-signer",
                "ca",
                "-startdate",
                "-30d",
                "-validity",
                "10");
        key(CLIENT, "-dname", "CN=posthorn", "-signer", "ca", "-validity", "10");
        key(SELF_SIGNED, "-dname", "CN=hooks.test", "-ext", "san=dns:hooks.test");
        keytool(List.of("-exportcert", "-rfc", "-alias", "ca", "-file", ca.toString()));
    }

    /** A certificate with those of its issuers, as PEM. */
    public String certificate(String alias) {
        return pem(alias, "CERTIFICATE", keys -> keys.getCertificate(alias).getEncoded());
    }

    /** Its private key, as PEM. */
    public String key(String alias) {
        return pem(
                alias,
                "PRIVATE KEY",
                keys -> keys.getKey(alias, PASSWORD.toCharArray()).getEncoded());
    }

    private interface Encoding {
        byte[] of(KeyStore store) throws GeneralSecurityException;
    }

    private String pem(String alias, String what, Encoding encoding) {
        try {
            KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray());
            String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoding.of(keys));
            return "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n";
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(alias, e);
        }
    }

    /** The key and certificate of a server. */
    public PfxOptions server(String alias) {
        return new PfxOptions()
                .setPath(store.toString())
                .setPassword(PASSWORD)
                .setAlias(alias)
                .setAliasPassword(PASSWORD);
    }

    private void key(String alias, String... more) {
        List<String> arguments = new ArrayList<>(List.of("-genkeypair", "-alias", alias, "-keyalg", "EC"));
        arguments.addAll(List.of(more));
        keytool(arguments);
    }

    private void keytool(List<String> arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
        command.addAll(arguments);
        command.addAll(List.of("-keystore", store.toString(), "-storepass", PASSWORD));
        try {
            Path output = Files.createTempFile(store.getParent(), "keytool", ".txt");
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError(command + ": " + Files.readString(output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
