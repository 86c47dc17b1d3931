package io.posthorn.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdsTest {
    private final Ids ids = new Ids(0x1234_5678_9abc_def0L);

    @Test
    void aMessageIdLeadsBackToItsMomentAndNumber() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 10_000; i++) {
            long at = random.nextLong(0, 4_000_000_000_000_000L);
            long seq = random.nextLong(1, 1L << 58);
            int app = random.nextInt(1, Integer.MAX_VALUE);
            String id = ids.message(app, at, seq);
            assertThat(id).as("seed %d", seed).matches("msg_[0-9a-z]{26}");
            assertThat(ids.parseMessage(id))
                    .as("seed %d", seed)
                    .isEqualTo(new Ids.MessageRef(Math.floorDiv(at, 1000L), seq));
        }
    }

    /** One commit gives many shards the same moment, and every shard counts from 1. */
    @Test
    @Requirement("B39")
    void messagesOfDifferentShardsInOneCommitHaveDifferentIds() {
        Set<String> all = new HashSet<>();
        for (int app = 1; app <= Shards.COUNT; app++) {
            for (long seq = 1; seq <= 100; seq++) {
                assertThat(all.add(ids.message(app, 1_700_000_000_000_000L, seq)))
                        .isTrue();
            }
        }
    }

    @Test
    void idsSortByTime() {
        assertThat(ids.message(1, 1_700_000_000_000_000L, 9)).isLessThan(ids.message(1, 1_700_000_000_001_000L, 1));
    }

    @Test
    void whatIsNotOursIsNone() {
        String id = ids.message(1, 1_700_000_000_000_000L, 5);
        assertThat(ids.parseMessage("")).isNull();
        assertThat(ids.parseMessage("msg_")).isNull();
        assertThat(ids.parseMessage("msg_" + "u".repeat(26))).isNull();
        assertThat(ids.parseMessage(id + "0")).isNull();
        assertThat(ids.parseMessage("ep_" + id.substring(4))).isNull();
        assertThat(new Ids(1).parseMessage(id)).isNull();
    }

    @Test
    void attemptsOfOneMessageHaveDifferentIds() {
        Set<String> all = new HashSet<>();
        for (int endpoint = 1; endpoint <= 300; endpoint++) {
            for (int number = 1; number <= 10; number++) {
                assertThat(all.add(ids.attempt(1_700_000_000_000_000L, 7, endpoint, number)))
                        .isTrue();
            }
        }
        assertThat(all).allMatch(id -> id.matches("atmpt_[0-9a-z]{26}"));
    }

    @Test
    void freshIdsAreDifferentAndInOrder() {
        String before = Ids.fresh("app_");
        for (int i = 0; i < 1_000; i++) {
            String next = Ids.fresh("app_");
            assertThat(next).isGreaterThan(before);
            before = next;
        }
    }
}
