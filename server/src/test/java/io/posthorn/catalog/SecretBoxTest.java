package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretBoxTest {
    private static final byte[] PLAIN = "the quick brown fox jumps".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path folder;

    private static String key(int fill) {
        byte[] key = new byte[32];
        key[0] = (byte) fill;
        return Base64.getEncoder().encodeToString(key);
    }

    @Test
    void opensWhatItSealedAndNeverSealsTheSameWayTwice() throws IOException {
        SecretBox box = SecretBox.open(key(1), folder);
        byte[] sealed = box.seal(PLAIN, "kind:1");
        assertThat(box.open(sealed, "kind:1")).isEqualTo(PLAIN);
        assertThat(box.seal(PLAIN, "kind:1")).isNotEqualTo(sealed);
        assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("quick");
    }

    @Test
    void everyChangedByteIsNoticedAndSoIsAnotherContext() throws IOException {
        SecretBox box = SecretBox.open(key(1), folder);
        byte[] sealed = box.seal(PLAIN, "kind:1");
        assertThatThrownBy(() -> box.open(sealed, "kind:2"))
                .isInstanceOf(SecretBoxException.class)
                .hasMessageContaining("another row");
        for (int i = 0; i < sealed.length; i++) {
            byte[] bad = sealed.clone();
            bad[i] ^= 1;
            assertThatThrownBy(() -> box.open(bad, "kind:1")).as("byte " + i).isInstanceOf(SecretBoxException.class);
        }
        for (int length = 0; length < sealed.length; length++) {
            byte[] cut = java.util.Arrays.copyOf(sealed, length);
            assertThatThrownBy(() -> box.open(cut, "kind:1")).isInstanceOf(SecretBoxException.class);
        }
    }

    @Test
    void aWrongKeySaysSoAndWhatToDo() throws IOException {
        byte[] sealed = SecretBox.open(key(1), folder).seal(PLAIN, "kind:1");
        SecretBox other = SecretBox.open(key(2), folder);
        assertThatThrownBy(() -> other.open(sealed, "kind:1"))
                .isInstanceOf(SecretBoxException.class)
                .hasMessageContainingAll("wrong secret key", "secret.key", "before")
                .hasMessageNotContaining(key(2));
    }

    @Test
    void theFileIsMadeOnceForItsOwnerOnly() throws IOException {
        Path data = folder.resolve("a/b");
        byte[] sealed = SecretBox.open(null, data).seal(PLAIN, "kind:1");
        Path file = data.resolve("secret.key");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(SecretBox.open(null, data).open(sealed, "kind:1")).isEqualTo(PLAIN);
        try (var left = Files.list(data)) {
            assertThat(left).containsExactly(file);
        }
    }

    @Test
    void keysThatAreNoKeysAreRefusedByName() throws IOException {
        assertThatThrownBy(() -> SecretBox.open("not base64!", folder)).hasMessageContaining("configured secret key");
        assertThatThrownBy(() -> SecretBox.open("AAAA", folder)).hasMessageContainingAll("3 bytes", "32 bytes");
        Path file = folder.resolve("secret.key");
        Files.writeString(file, "");
        assertThatThrownBy(() -> SecretBox.open(null, folder)).hasMessageContainingAll(file.toString(), "0 bytes");
    }

    @Test
    void theNewestKeySealsAndEarlierOnesOpen() throws IOException {
        byte[] first = SecretBox.open(key(1), folder).seal(PLAIN, "kind:1");
        byte[] second = SecretBox.open(key(2), folder).seal(PLAIN, "kind:1");
        SecretBox all = SecretBox.open(key(3), key(2) + "," + key(1), folder);

        assertThat(all.open(first, "kind:1")).isEqualTo(PLAIN);
        assertThat(all.open(second, "kind:1")).isEqualTo(PLAIN);
        assertThat(all.hasPrevious()).isTrue();
        byte[] sealed = all.seal(PLAIN, "kind:1");
        assertThat(SecretBox.open(key(3), folder).open(sealed, "kind:1")).isEqualTo(PLAIN);
        assertThatThrownBy(() -> SecretBox.open(key(2), folder).open(sealed, "kind:1"))
                .hasMessageContaining("wrong secret key");
    }

    /** What an operator does without a configured key: {@code mv secret.key secret.key.previous}. */
    @Test
    void theFileOfTheEarlierKeyIsRead() throws IOException {
        byte[] sealed = SecretBox.open(null, folder).seal(PLAIN, "kind:1");
        Files.move(folder.resolve("secret.key"), folder.resolve("secret.key.previous"));
        SecretBox box = SecretBox.open(null, folder);

        assertThat(box.hasPrevious()).isTrue();
        assertThat(box.open(sealed, "kind:1")).isEqualTo(PLAIN);
        assertThat(folder.resolve("secret.key")).exists();
        Files.writeString(folder.resolve("secret.key.previous"), "AAAA\n");
        assertThatThrownBy(() -> SecretBox.open(null, folder))
                .hasMessageContainingAll("secret.key.previous", "3 bytes");
    }

    @Test
    void thePresentKeyIsNoEarlierOne() throws IOException {
        assertThat(SecretBox.open(key(1), key(1), folder).hasPrevious()).isFalse();
        assertThatThrownBy(() -> SecretBox.open(key(1), key(2) + ",nonsense", folder))
                .hasMessageContaining("earlier secret key")
                .hasMessageNotContaining("nonsense");
    }
}
