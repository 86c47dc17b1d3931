package io.posthorn.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SteadyTimeTest {
    @Test
    void neverGoesBack() {
        AtomicLong clock = new AtomicLong(100);
        SteadyTime time = new SteadyTime(clock::get);
        assertThat(time.micros()).isEqualTo(100);
        clock.set(40);
        assertThat(time.micros()).isEqualTo(100);
        time.atLeast(150);
        assertThat(time.micros()).isEqualTo(150);
        time.atLeast(120);
        clock.set(151);
        assertThat(time.micros()).isEqualTo(151);
    }
}
