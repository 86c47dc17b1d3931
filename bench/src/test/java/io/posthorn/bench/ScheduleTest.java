package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ScheduleTest {
    @Test
    void isConstant() {
        Schedule schedule = new Schedule(5_000_000, 500);
        assertThat(schedule.due(0)).isEqualTo(5_000_000);
        assertThat(schedule.due(1)).isEqualTo(5_002_000);
        assertThat(schedule.due(500)).isEqualTo(6_000_000);
    }

    @Test
    void doesNotDriftAtARateThatDoesNotDivide() {
        Schedule schedule = new Schedule(0, 12_345.678);
        double seconds = schedule.due(12_345_678) / 1e6;
        assertThat(seconds).isBetween(999.999_99, 1000.000_01);
    }

    @Test
    void needsARate() {
        assertThatThrownBy(() -> new Schedule(0, 0)).hasMessageContaining("rate above 0");
        assertThatThrownBy(() -> new Schedule(0, Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void anOpenLoopThatFallsBehindKeepsTheIntendedTimes() {
        // what the latencies are counted from does not depend on when the loop gets round to it
        Schedule schedule = new Schedule(0, 1000);
        long stalledUntil = 250_000;
        int overdue = 0;
        while (schedule.due(overdue) <= stalledUntil) {
            overdue++;
        }
        assertThat(overdue).isEqualTo(251);
        assertThat(stalledUntil - schedule.due(0)).isEqualTo(250_000);
        assertThat(stalledUntil - schedule.due(250)).isZero();
    }
}
