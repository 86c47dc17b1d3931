package io.posthorn.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.store.Database;
import io.posthorn.store.DiskUse;
import io.posthorn.store.TestDatabase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SizeWatchTest {
    private static final long MIB = 1 << 20;

    private final List<@Nullable String> decided = new ArrayList<>();
    private final List<Long> alarms = new ArrayList<>();
    private @Nullable DiskUse use = new DiskUse(0, Long.MAX_VALUE);

    private SizeWatch watch(long bound) {
        return new SizeWatch(
                () -> {
                    if (use == null) {
                        throw new SQLException("away");
                    }
                    return use;
                },
                bound,
                decided::add,
                (bytes, most) -> alarms.add(bytes));
    }

    private @Nullable String at(SizeWatch watch, long bytes, long free) {
        use = new DiskUse(bytes, free);
        watch.look();
        return decided.getLast();
    }

    @Test
    void atItsBoundNothingNewIsAcceptedUntilThereIsRoom() {
        SizeWatch watch = watch(100 * MIB);
        assertThat(at(watch, 79 * MIB, Long.MAX_VALUE)).isNull();
        assertThat(alarms).isEmpty();
        assertThat(at(watch, 80 * MIB, Long.MAX_VALUE)).as("a warning only").isNull();
        assertThat(alarms).containsExactly(80 * MIB);
        assertThat(at(watch, 100 * MIB, Long.MAX_VALUE)).contains("100 MiB of 100 MiB", "database-max-size");
        assertThat(at(watch, 100 * MIB - 1, Long.MAX_VALUE)).isNull();
        assertThat(watch.last().bytes()).isEqualTo(100 * MIB - 1);
    }

    @Test
    void aDiskThatIsNearlyFullTakesNothingNew() {
        SizeWatch watch = watch(0);
        assertThat(at(watch, Long.MAX_VALUE / 2, SizeWatch.RESERVE))
                .as("no bound")
                .isNull();
        assertThat(at(watch, 1, SizeWatch.RESERVE - 1)).contains("199 MiB left", "free some room");
        assertThat(at(watch, 1, SizeWatch.RESERVE)).isNull();
        assertThat(alarms).isEmpty();
    }

    @Test
    void aDatabaseThatIsAwayChangesNothing() {
        SizeWatch watch = watch(MIB);
        at(watch, MIB, Long.MAX_VALUE);
        use = null;
        watch.look();
        assertThat(decided).hasSize(1);
    }

    @Test
    void theDatabaseSaysHowMuchItTakes() throws SQLException {
        try (Database db = TestDatabase.fresh()) {
            long before = db.diskUse().bytes();
            assertThat(before).isGreaterThan(MIB);
            db.jdbi()
                    .useHandle(handle -> handle.execute(
                            "create table big as select repeat(i::text, 100) as t from generate_series(1, 20000) i"));
            assertThat(db.diskUse().bytes()).isGreaterThan(before + MIB);
            assertThat(db.diskUse().free()).as("nobody can tell").isEqualTo(Long.MAX_VALUE);
        }
    }
}
