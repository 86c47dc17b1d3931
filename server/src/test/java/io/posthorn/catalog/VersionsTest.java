package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.catalog.Versions.Plan;
import io.posthorn.model.EventContract;
import io.posthorn.model.EventContract.Release;
import io.posthorn.model.EventType;
import io.posthorn.model.SchemaMode;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@Requirement("D26")
class VersionsTest {
    private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

    private static EventType type(
            @Nullable String current, List<String> versions, Map<String, String> steps, List<Release> releases) {
        EventContract contract =
                new EventContract(null, List.of(), false, SchemaMode.OFF, current, steps, versions, releases);
        return new EventType(1, "order.made", "d", false, false, null, null, null, contract, NOW, NOW);
    }

    private static EventType dated() {
        return type(
                null,
                List.of("2025-01", "2025-06", "2026-03"),
                Map.of("2025-06", "to 2025-01", "2026-03", "to 2025-06"),
                List.of());
    }

    @Test
    void stepsLeadFromTheCurrentVersionDownToTheNewestThatIsNotNewerThanThePin() {
        assertThat(Versions.plan(dated(), "2025-12", NOW)).isEqualTo(new Plan.Steps("2025-06", List.of("to 2025-06")));
        assertThat(Versions.plan(dated(), "2025-06", NOW)).isEqualTo(new Plan.Steps("2025-06", List.of("to 2025-06")));
        assertThat(Versions.plan(dated(), "2025-01", NOW))
                .isEqualTo(new Plan.Steps("2025-01", List.of("to 2025-06", "to 2025-01")));
        assertThat(Versions.plan(dated(), "2026-03", NOW)).isEqualTo(new Plan.Steps("2026-03", List.of()));
        assertThat(Versions.plan(dated(), "2027-01", NOW)).isEqualTo(new Plan.Steps("2026-03", List.of()));
        assertThat(Versions.plan(dated(), null, NOW)).isEqualTo(new Plan.Steps("2026-03", List.of()));
    }

    @Test
    void aTypeThatIsYoungerThanThePinComesInItsOldestVersion() {
        assertThat(Versions.plan(dated(), "2024-01", NOW))
                .isEqualTo(new Plan.Steps("2025-01", List.of("to 2025-06", "to 2025-01")));
    }

    @Test
    void whatWasBeforeVersionsHadNamesIsReachedByTheStepOfTheOldest() {
        EventType type = type("2", List.of("2"), Map.of("2", "to what was before"), List.of());
        assertThat(Versions.plan(type, "1", NOW)).isEqualTo(new Plan.Steps("1", List.of("to what was before")));
    }

    @Test
    void aMissingStepIsNamed() {
        EventType type = type("3", List.of("1", "2", "3"), Map.of("3", "to 2"), List.of());
        assertThat(Versions.plan(type, "2", NOW)).isEqualTo(new Plan.Steps("2", List.of("to 2")));
        assertThat(Versions.plan(type, "1", NOW)).isInstanceOfSatisfying(Plan.Missing.class, missing -> {
            assertThat(missing.version()).isEqualTo("2");
            assertThat(missing.detail()).contains("order.made", "version 1", "version 2", "downgrades");
        });
    }

    @Test
    void withoutVersionsNothingIsToBeDone() {
        Plan nothing = new Plan.Steps(null, List.of());
        assertThat(Versions.plan(null, "1", NOW)).isEqualTo(nothing);
        assertThat(Versions.plan(type(null, List.of(), Map.of(), List.of()), "1", NOW))
                .isEqualTo(nothing);
    }

    @Test
    void aVersionThatIsDeclaredAheadOfItsReleaseIsNotSentYet() {
        EventType type = type("2", List.of("1", "2", "3"), Map.of("2", "to 1", "3", "to 2"), List.of());
        assertThat(Versions.plan(type, "1", NOW)).isEqualTo(new Plan.Steps("1", List.of("to 1")));
        assertThat(Versions.plan(type, "3", NOW)).isEqualTo(new Plan.Steps("2", List.of()));
    }

    @Test
    void aMessageIsOfTheVersionThatWasTheCurrentOneWhenItWasAccepted() {
        EventType type = type(
                "3",
                List.of("1", "2", "3"),
                Map.of("2", "to 1", "3", "to 2"),
                List.of(
                        new Release("1", NOW.minusSeconds(30)),
                        new Release("2", NOW.minusSeconds(20)),
                        new Release("3", NOW.minusSeconds(10))));
        assertThat(Versions.plan(type, "1", NOW)).isEqualTo(new Plan.Steps("1", List.of("to 2", "to 1")));
        assertThat(Versions.plan(type, "1", NOW.minusSeconds(10)))
                .isEqualTo(new Plan.Steps("1", List.of("to 2", "to 1")));
        assertThat(Versions.plan(type, "1", NOW.minusSeconds(15))).isEqualTo(new Plan.Steps("1", List.of("to 1")));
        assertThat(Versions.plan(type, "2", NOW.minusSeconds(25))).isEqualTo(new Plan.Steps("1", List.of()));
        assertThat(Versions.plan(type, "3", NOW.minusSeconds(99))).isEqualTo(new Plan.Steps("1", List.of()));
    }

    @Test
    void numbersInVersionsCountAsNumbers() {
        assertThat(Versions.ORDER.compare("9", "10")).isNegative();
        assertThat(Versions.ORDER.compare("v1.9", "v1.10")).isNegative();
        assertThat(Versions.ORDER.compare("1", "1.1")).isNegative();
        assertThat(Versions.ORDER.compare("01", "1")).isNotZero();
        assertThat(Versions.ORDER.compare("2", "2")).isZero();
        assertThat(Versions.ORDER.compare("1" + "0".repeat(100_000), "9" + "0".repeat(100_000)))
                .isNegative();
    }
}
