package io.posthorn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DemoHouseTest {
    @Test
    void putsEverythingAwayOnceTheLastStartedFirst() throws Exception {
        List<String> stopped = new ArrayList<>();
        DemoHouse house = new DemoHouse();
        Files.createDirectories(house.folder().resolve("data/deep"));
        Files.writeString(house.folder().resolve("data/deep/file"), "x");
        house.stopWith(() -> stopped.add("server"));
        house.stopWith(() -> stopped.add("receiver"));
        house.close();
        house.close();
        assertThat(stopped).containsExactly("receiver", "server");
        assertThat(house.folder()).doesNotExist();
    }

    @Test
    void whatStartsTooLateIsStoppedAtOnce() throws Exception {
        List<String> stopped = new ArrayList<>();
        DemoHouse house = new DemoHouse();
        house.close();
        house.stopWith(() -> stopped.add("late"));
        assertThat(stopped).containsExactly("late");
        assertThat(house.closed()).isTrue();
    }
}
