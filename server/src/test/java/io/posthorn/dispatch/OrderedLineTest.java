package io.posthorn.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.model.DeliveryPolicy.Mode;
import io.posthorn.model.DeliveryPolicy.OnExhausted;
import io.posthorn.model.DeliveryPolicy.Order;
import io.posthorn.model.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

class OrderedLineTest {
    private static final Order BY_KEY = new Order(Mode.FIFO_BY_KEY, null, OnExhausted.SKIP);

    private static long written(long keyOfKeys, String key) {
        Message message = new Message(1, 1, 0, "msg_1", "a.b", null, List.of(), List.of(), new byte[2], 0, key, 0);
        return new OrderedLine(BY_KEY, keyOfKeys).writtenKey(message);
    }

    @Test
    void whatIsWrittenOfAKeyIsTheInstallations() {
        assertThat(written(17, "cus_1")).isEqualTo(written(17, "cus_1")).isNotEqualTo(written(17, "cus_2"));
        assertThat(written(18, "cus_1")).isNotEqualTo(written(17, "cus_1"));
    }

    @Test
    void theVersionIsTheSameAfterARestart() {
        int version = new OrderedLine(BY_KEY, 17).version();
        assertThat(new OrderedLine(BY_KEY, 17).version()).isEqualTo(version).isNotZero();
        assertThat(new OrderedLine(new Order(Mode.FIFO_BY_KEY, "$.a", OnExhausted.SKIP), 17).version())
                .isNotEqualTo(version);
    }
}
