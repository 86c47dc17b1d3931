package io.posthorn.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PlanTest {
    @Test
    void fanOutGoesToEveryEndpointOfTheApplicationAndNoOther() {
        Plan plan = new Plan("test", 3, 4, false, Plan.Behaviour.OK);
        for (int seq = 0; seq < 50; seq++) {
            for (int endpoint = -1; endpoint <= plan.endpoints(); endpoint++) {
                boolean own = endpoint >= 0 && endpoint < plan.endpoints() && endpoint / 4 == seq % 3;
                assertThat(plan.copy(seq, endpoint)).isEqualTo(own ? endpoint % 4 : -1);
            }
        }
    }

    @Test
    void byTypeGoesToExactlyOneAndReachesAllInTurn() {
        Plan plan = Plan.WIDE;
        Bits reached = new Bits();
        for (int seq = 0; seq < plan.endpoints(); seq++) {
            int endpoint = plan.app(seq) * plan.perApp() + plan.type(seq);
            assertThat(plan.copy(seq, endpoint)).isZero();
            assertThat(reached.add(endpoint)).isTrue();
            int other = plan.app(seq) * plan.perApp() + (plan.type(seq) + 1) % plan.perApp();
            assertThat(plan.copy(seq, other)).isEqualTo(-1);
        }
        assertThat(plan.copies()).isEqualTo(1);
    }

    @Test
    void typeNamesAreOfOneLength() {
        for (int type = 0; type < Plan.WIDE.types(); type++) {
            assertThat(Plan.typeName(type)).hasSize(Plan.typeName(0).length());
        }
        assertThatThrownBy(() -> new Plan("test", 1, 11, true, Plan.Behaviour.OK))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
