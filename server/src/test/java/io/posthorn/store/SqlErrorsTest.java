package io.posthorn.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the SQLSTATEs mean. */
final class SqlErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "08001, true",
        "08006, true",
        "57P01, true",
        "57P03, true",
        "53100, true",
        "53300, true",
        "58030, true",
        "25006, true",
        "57014, false",
        "23505, false",
        "PH001, false",
        "42601, false"
    })
    void unavailable(String state, boolean unavailable) {
        assertThat(SqlErrors.isUnavailable(new SQLException("x", state))).isEqualTo(unavailable);
    }

    @Test
    void looksIntoWrappedOnes() {
        SQLException inner = new SQLException("gone", "57P01");
        assertThat(SqlErrors.isUnavailable(new SQLException("wrapped", inner))).isTrue();
        assertThat(SqlErrors.isUnavailable(new SQLTransientConnectionException("the pool timed out")))
                .isTrue();
        assertThat(SqlErrors.isUnavailable(new SQLException("no state"))).isFalse();
    }

    @Test
    void theOthers() {
        assertThat(SqlErrors.isStaleOwner(new SQLException("x", "PH001"))).isTrue();
        assertThat(SqlErrors.isUniqueViolation(new SQLException("x", "23505"))).isTrue();
        assertThat(SqlErrors.isDiskFull(new SQLException("x", "53100"))).isTrue();
        assertThat(SqlErrors.isDiskFull(new SQLException("x", "53200"))).isFalse();
    }
}
