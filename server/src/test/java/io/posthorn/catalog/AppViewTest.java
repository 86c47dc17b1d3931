package io.posthorn.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import io.posthorn.Requirement;
import io.posthorn.model.Endpoint;
import io.posthorn.model.Subscribed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AppViewTest {
    private static final List<String> ASKED = List.of("a", "b", "c", "c.d", "c.d.e", "c.x", "c.d.e.f", "other");
    private static final List<String> TYPES = List.of("a", "b", "c.d", "c.d.e", "c.*", "c.d.*", "group:g");
    private static final Map<String, String> GROUPS = Map.of("a", "g", "c.d.e", "g", "b", "h");
    private static final List<String> CHANNELS = List.of("x", "y", "z");

    @Test
    void anEndpointWithoutTypesGetsEverythingAndADisabledOneNothing() {
        AppView view = AppView.of(Samples.app(1), new Endpoint[] {
            Samples.endpoint(1, null, null, false),
            Samples.endpoint(2, List.of("a"), null, false),
            Samples.endpoint(3, null, null, true),
            Samples.endpoint(4, List.of("a", "b"), null, true)
        });
        assertThat(numbers(view.matching("a", List.of()))).containsExactlyInAnyOrder(1, 2);
        assertThat(numbers(view.matching("unheard.of", List.of()))).containsExactly(1);
    }

    @Test
    void channelsNarrowOnlyThoseWhoNameSome() {
        AppView view = AppView.of(Samples.app(1), new Endpoint[] {
            Samples.endpoint(1, null, null, false),
            Samples.endpoint(2, null, List.of("x", "y"), false),
            Samples.endpoint(3, List.of("a"), List.of("z"), false)
        });
        assertThat(numbers(view.matching("a", List.of()))).containsExactly(1);
        assertThat(numbers(view.matching("a", List.of("y", "q")))).containsExactlyInAnyOrder(1, 2);
        assertThat(numbers(view.matching("a", List.of("x", "z")))).containsExactlyInAnyOrder(1, 2, 3);
        assertThat(numbers(view.matching("b", List.of("z")))).containsExactly(1);
    }

    @Test
    void matchingSharesItsArrayWhenThereIsNothingToJoinOrNarrow() {
        AppView view = AppView.of(
                Samples.app(1),
                IntStream.range(0, 50)
                        .mapToObj(no -> Samples.endpoint(no + 1, List.of("t" + no), null, false))
                        .toArray(Endpoint[]::new));
        assertThat(view.matching("t7", List.of())).isSameAs(view.matching("t7", List.of("any")));
    }

    /** Any sequence of changes leads to the same view as building it afresh, and that agrees with the plain rule. */
    @Test
    void changesOneByOneEqualAViewFromScratch() {
        long seed = System.nanoTime();
        System.out.println("AppViewTest seed " + seed);
        Random random = new Random(seed);
        Map<Integer, Endpoint> truth = new HashMap<>();
        AppView view = AppView.of(Samples.app(1), new Endpoint[0]);
        for (int step = 0; step < 3_000; step++) {
            int no = 1 + random.nextInt(40);
            if (random.nextInt(4) == 0) {
                truth.remove(no);
                view = view.without(no);
            } else {
                Endpoint endpoint = Samples.endpoint(
                        no,
                        random.nextBoolean() ? null : "uid-" + no + "-" + random.nextInt(3),
                        some(random, TYPES),
                        some(random, CHANNELS),
                        random.nextInt(5) == 0);
                truth.put(no, endpoint);
                view = view.with(endpoint);
            }
            check(view, truth, random, seed, step);
        }
    }

    private static void check(AppView view, Map<Integer, Endpoint> truth, Random random, long seed, int step) {
        String type = ASKED.get(random.nextInt(ASKED.size()));
        List<String> channels = some(random, CHANNELS);
        List<String> asked = channels == null ? List.of() : channels;
        List<Integer> expected = truth.values().stream()
                .filter(e -> !e.disabled() && Subscribed.anyCovers(e.eventTypes(), type, GROUPS.get(type)))
                .filter(e -> e.channels() == null || e.channels().stream().anyMatch(asked::contains))
                .map(Endpoint::no)
                .toList();
        String where = "seed " + seed + ", step " + step;
        assertThat(numbers(view.matching(type, asked, GROUPS::get)))
                .as(where)
                .containsExactlyInAnyOrderElementsOf(expected);
        AppView afresh = AppView.of(Samples.app(1), truth.values().toArray(Endpoint[]::new));
        assertThat(view.endpoints()).as(where).isEqualTo(afresh.endpoints());
        for (int no = 0; no <= 41; no++) {
            Endpoint there = truth.get(no);
            assertThat(view.endpointByNo(no)).as(where).isSameAs(there);
            assertThat(view.endpoint("ep_%08d".formatted(no))).as(where).isSameAs(there);
            for (int k = 0; k < 3; k++) {
                String uid = "uid-" + no + "-" + k;
                assertThat(view.endpoint(uid))
                        .as(where)
                        .isSameAs(there != null && uid.equals(there.uid()) ? there : null);
            }
        }
    }

    private static @Nullable List<String> some(Random random, List<String> all) {
        List<String> some = all.stream().filter(any -> random.nextInt(3) == 0).toList();
        return some.isEmpty() ? null : some;
    }

    @Test
    @Requirement({"B8", "B9"})
    void wildcardsAndGroups() {
        AppView view = AppView.of(Samples.app(1), new Endpoint[] {
            Samples.endpoint(1, List.of("user.created"), null, false),
            Samples.endpoint(2, List.of("user.*"), null, false),
            Samples.endpoint(3, List.of("group:people"), null, false),
            Samples.endpoint(4, List.of("user.created", "user.*", "group:people"), null, false),
            Samples.endpoint(5, null, null, false),
            Samples.endpoint(6, List.of("user.*"), List.of("x"), false),
            Samples.endpoint(7, List.of("user.*"), null, true),
            Samples.endpoint(8, List.of("user.name.*"), null, false)
        });
        Map<String, String> groups = new HashMap<>(Map.of("user.created", "people", "order.paid", "people"));
        assertThat(numbers(view.matching("user.created", List.of(), groups::get)))
                .containsExactlyInAnyOrder(1, 2, 3, 4, 5);
        assertThat(numbers(view.matching("user.created", List.of("x"), groups::get)))
                .containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6);
        assertThat(numbers(view.matching("user.name.changed", List.of(), groups::get)))
                .containsExactlyInAnyOrder(2, 4, 5, 8);
        assertThat(numbers(view.matching("order.paid", List.of(), groups::get))).containsExactlyInAnyOrder(3, 4, 5);
        for (String none : List.of("user", "user.", "users.created", "User.created", "people")) {
            assertThat(numbers(view.matching(none, List.of(), groups::get)))
                    .as(none)
                    .containsExactly(5);
        }
        groups.put("order.paid", "orders"); // a type goes to another group, and with it who gets it
        assertThat(numbers(view.matching("order.paid", List.of(), groups::get))).containsExactly(5);
        groups.put("order.paid", "people");
        assertThat(numbers(view.matching("order.paid", List.of(), groups::get))).containsExactlyInAnyOrder(3, 4, 5);
        AppView fewer = view.without(2).without(4);
        assertThat(numbers(fewer.matching("user.created", List.of(), groups::get)))
                .containsExactlyInAnyOrder(1, 3, 5);
    }

    @Test
    void pagesGoBothWaysAndSurviveTheLossOfTheirEdge() {
        AppView view = AppView.of(
                Samples.app(1),
                IntStream.rangeClosed(1, 9)
                        .mapToObj(no -> Samples.endpoint(no, null, null, false))
                        .toArray(Endpoint[]::new));
        assertThat(view.endpoints(null, true, 3)).extracting(Endpoint::no).containsExactly(1, 2, 3);
        assertThat(view.endpoints(null, false, 3)).extracting(Endpoint::no).containsExactly(9, 8, 7);
        AppView later = view.without(3).without(7);
        assertThat(later.endpoints("ep_00000003", true, 3))
                .extracting(Endpoint::no)
                .containsExactly(4, 5, 6);
        assertThat(later.endpoints("ep_00000007", false, 3))
                .extracting(Endpoint::no)
                .containsExactly(6, 5, 4);
        assertThat(later.endpoints("ep_00000009", true, 3)).isEmpty();
        assertThat(later.endpoints("ep_00000001", false, 3)).isEmpty();
    }

    private static List<Integer> numbers(Endpoint[] endpoints) {
        List<Integer> numbers = new ArrayList<>();
        for (Endpoint endpoint : endpoints) {
            numbers.add(endpoint.no());
        }
        return numbers;
    }
}
