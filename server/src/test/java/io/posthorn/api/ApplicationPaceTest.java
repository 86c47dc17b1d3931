package io.posthorn.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.model.Application;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ApplicationPaceTest {
    private static final long SECOND = 1_000_000_000L;

    private long nanos = Long.MAX_VALUE - SECOND; // it runs over
    private final ApplicationPace pace = new ApplicationPace(() -> nanos);

    private static Application limited(int no, @Nullable Integer limit) {
        return new Application(
                no, 1, "app_" + no, null, "x", Map.of(), limit, false, null, Instant.EPOCH, Instant.EPOCH);
    }

    @Test
    @Requirement("D23")
    void messagesBeyondTheLimitAreToldWhenToComeBack() {
        Application app = limited(1, 10);
        for (int i = 0; i < 10; i++) {
            assertThat(pace.refuse(app, 1)).isNull();
        }
        Answer refusal = Objects.requireNonNull(pace.refuse(app, 1));
        assertThat(refusal.status()).isEqualTo(429);
        assertThat(refusal.headers()).containsEntry("retry-after", "1");
        assertThat(pace.refuse(limited(2, 10), 1)).isNull();
        assertThat(pace.refuse(limited(1, null), 1_000)).isNull();
        nanos += SECOND / 10;
        assertThat(pace.refuse(app, 1)).isNull();
        assertThat(pace.refuse(app, 1)).isNotNull();
    }

    @Test
    void whatWasNotTakenAfterAllMayComeAgain() {
        Application app = limited(1, 10);
        assertThat(pace.refuse(app, 10)).isNull();
        assertThat(pace.refuse(app, 1)).isNotNull();
        pace.giveBack(app, 4);
        assertThat(pace.refuse(app, 5)).isNotNull();
        assertThat(pace.refuse(app, 4)).isNull();
        assertThat(pace.refuse(app, 1)).isNotNull();
        pace.giveBack(limited(2, 10), 1);
        pace.giveBack(limited(3, null), 1);
        nanos += 10 * SECOND;
        pace.giveBack(app, 10);
        assertThat(pace.refuse(app, 10)).isNull();
        assertThat(pace.refuse(app, 1)).as("nothing is saved up").isNotNull();
    }

    @Test
    void aBatchIsTakenWhollyOrNotAtAllAndOneThatIsTooLargeForASecondUsesUpSeveral() {
        Application app = limited(1, 10);
        assertThat(pace.refuse(app, 8)).isNull();
        assertThat(pace.refuse(app, 3)).isNotNull();
        assertThat(pace.refuse(app, 2)).isNull();
        nanos += SECOND;
        assertThat(pace.refuse(app, 35)).isNull();
        assertThat(Objects.requireNonNull(pace.refuse(app, 1)).headers()).containsEntry("retry-after", "3");
        nanos += 5 * SECOND / 2;
        assertThat(pace.refuse(app, 1)).isNotNull();
        nanos += SECOND / 10;
        assertThat(pace.refuse(app, 1)).isNull();
    }
}
