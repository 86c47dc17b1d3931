package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CheckPaceTest {
    private static final long SECOND = 1_000_000_000L;

    /** Near the end of the clock's range, where it goes on below zero. */
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5 * SECOND);

    private final CheckPace pace = new CheckPace(now::get);

    private boolean enterAndLeave(int app) {
        boolean entered = pace.enter(app);
        if (entered) {
            pace.leave(app);
        }
        return entered;
    }

    @Test
    void twoAtOnceOfEachApplication() {
        assertThat(pace.enter(1)).isTrue();
        assertThat(pace.enter(1)).isTrue();
        assertThat(pace.enter(1)).isFalse();
        assertThat(pace.enter(2)).isTrue();
        pace.leave(1);
        assertThat(pace.enter(1)).isTrue();
    }

    @Test
    void tenTogetherAndThenOneASecond() {
        for (int i = 0; i < CheckPace.BURST; i++) {
            assertThat(enterAndLeave(1)).as("" + i).isTrue();
        }
        assertThat(enterAndLeave(1)).isFalse();
        assertThat(enterAndLeave(2)).isTrue();
        for (int second = 0; second < 3 * CheckPace.BURST; second++) {
            now.addAndGet(SECOND);
            assertThat(enterAndLeave(1)).as("after " + second + " s").isTrue();
            assertThat(enterAndLeave(1)).as("after " + second + " s").isFalse();
        }
    }

    @Test
    void soManyApplicationsAreRemembered() {
        assertThat(pace.enter(0)).isTrue();
        for (int app = 1; app < CheckPace.MOST_APPLICATIONS; app++) {
            assertThat(enterAndLeave(app)).isTrue();
        }
        assertThat(enterAndLeave(-1)).isFalse();
        now.addAndGet((CheckPace.BURST + 1) * SECOND);
        assertThat(enterAndLeave(-1)).isTrue();
        assertThat(pace.enter(0)).as("the one that is under way still counts").isTrue();
        assertThat(pace.enter(0)).isFalse();
    }
}
