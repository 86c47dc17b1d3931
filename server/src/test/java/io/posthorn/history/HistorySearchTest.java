package io.posthorn.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.posthorn.history.History.Place;
import io.posthorn.history.History.Reach;
import io.posthorn.history.History.Slice;
import io.posthorn.model.Message;
import io.posthorn.runtime.Time;
import io.posthorn.store.Database;
import io.posthorn.store.TestDatabase;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages by what is in them. */
class HistorySearchTest {
    private static final long BASE = Time.micros(Instant.parse("2026-03-10T20:00:00.000123Z"));
    private static final Database db = TestDatabase.fresh();
    private static final Written written = new Written(db);
    private static final PgHistory history = new PgHistory(db.dataSource(), written.ids, 4);

    @AfterAll
    static void close() {
        written.close();
        db.close();
    }

    private static Message message(int app, String payload) {
        Message message =
                written.next(app, BASE, "a", null, List.of(), List.of(), payload.getBytes(StandardCharsets.UTF_8));
        written.write(List.of(message));
        return message;
    }

    private static Slice<Message> search(int app, String path, @Nullable String value, Reach reach) {
        return history.messages(app, Filter.ALL, new Search(null, new Search.InPayload(path, value)), reach);
    }

    private static List<String> found(int app, String path, @Nullable String value) {
        return search(app, path, value, new Reach(null, true, 50, true)).rows().stream()
                .map(m -> new String(m.payload, StandardCharsets.UTF_8))
                .toList();
    }

    @Test
    void aValueIsComparedAsTextAndAsWhatElseItReadsAs() {
        int app = written.app();
        int other = written.app();
        for (String value : List.of("\"7\"", "7", "7.0", "70e-1", "\"7.0\"", "true", "\"true\"", "null", "\"null\"")) {
            message(app, "{\"a\":{\"b\":" + value + "}}");
        }
        message(app, "{\"a\":{\"b\":[7]}}");
        message(app, "{\"a\":{\"c\":7}}");
        message(other, "{\"a\":{\"b\":7}}");
        Map<String, List<String>> expected = new LinkedHashMap<>();
        expected.put("7", List.of("\"7\"", "7", "7.0", "70e-1"));
        expected.put("7.0", List.of("7", "7.0", "70e-1", "\"7.0\""));
        expected.put("true", List.of("true", "\"true\""));
        expected.put("null", List.of("null", "\"null\""));
        expected.put("8", List.of());
        expected.put("1e999", List.of());
        expected.put("1e9999", List.of());
        expected.put("'; drop table message; --", List.of());
        expected.forEach((value, values) -> assertThat(found(app, "$.a.b", value))
                .as(value)
                .isEqualTo(values.stream().map(v -> "{\"a\":{\"b\":" + v + "}}").toList()));
        assertThat(found(app, "$.a.b[*]", "7")).hasSize(5);
        assertThat(found(app, "$.a.b", null)).hasSize(10);
        assertThat(found(app, "$.a.c", null)).containsExactly("{\"a\":{\"c\":7}}");
        assertThat(found(app, "$.**.c", "7")).hasSize(1);
        assertThat(found(app, "$.a ? (@.c > 6)", null)).hasSize(1);
        assertThat(found(app, "$.a.b ? (@ like_regex \"^n\")", null)).hasSize(1);
    }

    @Test
    void whatJsonbDoesNotTakeIsPassedOver() {
        int app = written.app();
        message(app, "{\"a\":\"\\u0000\",\"b\":1}");
        message(app, "{\"a\":1e200000,\"b\":1}");
        message(app, "{\"a\":" + "[".repeat(900) + "]".repeat(900) + ",\"b\":1}");
        Message fine = message(app, "{\"b\":1}");
        assertThat(search(app, "$.b", "1", new Reach(null, true, 50, false)).rows())
                .extracting(m -> m.id)
                .contains(fine.id)
                .hasSize(2);
    }

    @Test
    void theSearchIsPagedBothWaysWhileMessagesComeIn() {
        int app = written.app();
        List<String> all = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String id = message(app, "{\"odd\":" + (i % 2 == 1) + ",\"n\":" + i + "}").id;
            if (i % 2 == 1) {
                all.addFirst(id);
            }
        }
        Slice<Message> one = search(app, "$.odd", "true", new Reach(null, false, 2, true));
        assertThat(one.rows()).extracting(m -> m.id).isEqualTo(all.subList(0, 2));
        String late = message(app, "{\"odd\":true}").id;
        Message last = one.rows().getLast();
        Slice<Message> two =
                search(app, "$.odd", "true", new Reach(new Place(last.createdAt, last.seq), false, 9, true));
        assertThat(two.rows()).extracting(m -> m.id).isEqualTo(all.subList(2, 6));
        assertThat(two.more()).isFalse();
        Message first = two.rows().getFirst();
        Slice<Message> back =
                search(app, "$.odd", "true", new Reach(new Place(first.createdAt, first.seq), true, 9, true));
        assertThat(back.rows()).extracting(m -> m.id).containsExactly(all.get(1), all.get(0), late);
    }

    @Test
    void anEventIdLeadsToItsMessageIfTheRestIsTrueOfItToo() {
        int app = written.app();
        int other = written.app();
        byte[] payload = "{\"n\":1}".getBytes(StandardCharsets.UTF_8);
        Message named = written.next(app, BASE, "a", "order-1", List.of(), List.of(), payload);
        Message second = written.next(app, BASE, "a", "order-2", List.of(), List.of(), payload);
        written.write(List.of(named, second));
        Reach reach = new Reach(null, false, 50, true);
        Search byId = new Search("order-1", null);
        assertThat(history.messages(app, Filter.ALL, byId, reach).rows())
                .extracting(m -> m.id)
                .containsExactly(named.id);
        assertThat(history.messages(other, Filter.ALL, byId, reach).rows()).isEmpty();
        assertThat(history.messages(app, Filter.ALL, new Search("order-3", null), reach)
                        .rows())
                .isEmpty();
        Filter types = new Filter(List.of("b"), null, null, 0, Filter.FOREVER, null, null);
        assertThat(history.messages(app, types, byId, reach).rows()).isEmpty();
        Filter later = new Filter(List.of(), null, null, BASE + 1, Filter.FOREVER, null, null);
        assertThat(history.messages(app, later, byId, reach).rows()).isEmpty();
        assertThat(history.messages(app, Filter.ALL, byId, new Reach(new Place(BASE, named.seq), false, 50, true))
                        .rows())
                .isEmpty();
        Search both = new Search("order-1", new Search.InPayload("$.n", "2"));
        assertThat(history.messages(app, Filter.ALL, both, reach).rows()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "$.",
                "$ ? (@ == $x)",
                "$.a ? (@ like_regex \"(\")",
                "$.a ? (@ like_regex \"a{99999}\")",
                "$.a.nonsense()",
                "$.**.**",
                "$[0,0]",
                "$.a ? (@ == $.b)",
                "$[*] ? ($[*] == 2)",
                "$[*] ? (exists($[*] ? (@ == 2)))",
                "$[*] ? ($[*] starts with \"a\")",
                "strict $[*] ? (exists(@[*][@[*] ? (@ == 0)]))",
                "$x",
                "$.a ? (@ starts with $x)",
            })
    void aWrongPathIsRefusedWithTheReason(String path) {
        int app = written.app();
        message(app, "{\"a\":\"b\"}");
        HistoryException refused = catchThrowableOfType(HistoryException.class, () -> found(app, path, null));
        assertThat(refused.kind()).isEqualTo(HistoryException.Kind.WRONG_PATH);
        assertThat(refused.getMessage()).isNotBlank();
    }

    @Test
    void aPathThatTakesTooLongIsBrokenOff() {
        int app = written.app();
        message(app, "{\"a\":[" + ("\"" + "a".repeat(49) + "\",").repeat(5_000) + "1]}");
        PgHistory impatient = new PgHistory(db.dataSource(), written.ids, 1, 100, 10_000);
        // an odd number of letters is not twice anything, however it is split
        Search nested =
                new Search(null, new Search.InPayload("$.a[*] ? (@ like_regex \"^(a*)(a*)\\\\1\\\\2$\")", null));
        HistoryException slow = catchThrowableOfType(
                HistoryException.class,
                () -> impatient.messages(app, Filter.ALL, nested, new Reach(null, false, 50, false)));
        assertThat(slow.kind()).isEqualTo(HistoryException.Kind.TOO_SLOW);
        assertThat(found(app, "$.a", null)).hasSize(1);
    }

    @Test
    void aPayloadThatIsTooLargeIsNotLookedInto() {
        int app = written.app();
        String within = "{\"a\":\"" + "x".repeat((1 << 20) - 8) + "\"}";
        message(app, within);
        message(app, "{\"a\":\"" + "x".repeat((1 << 20) - 7) + "\"}");
        assertThat(within).hasSize(1 << 20);
        assertThat(found(app, "$.a", null)).containsExactly(within);
        assertThat(found(app, "$.a", within.substring(6, within.length() - 2))).containsExactly(within);
    }

    @Test
    void dollarsInTextsAreTexts() {
        int app = written.app();
        message(app, "{\"$x\":[\"$\",\"a$\"]}");
        assertThat(found(app, "$.\"$x\"[*] ? (@ == \"$\")", null)).hasSize(1);
        assertThat(found(app, "$.\"$x\"[*] ? (@ starts with \"$\")", "$")).hasSize(1);
        assertThat(found(app, "$.\"$x\"[*] ? (@ like_regex \"^a.$\")", "a$")).hasSize(1);
    }
}
