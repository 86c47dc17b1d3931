package io.posthorn;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.posthorn.app.Main;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the table of rooms: who may use whom, and which library shows itself where. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class ArchitectureTest {
    private static final String ROOT = "io.posthorn.";

    /** What every room may use beside those of its row. */
    private static final Set<String> COMMON = Set.of("model", "runtime");

    /** The rooms and what each may use. {@code app} may use all and has no row of its own. */
    private static final Map<String, Set<String>> MAY_USE = Map.ofEntries(
            Map.entry("cli", Set.of("app", "wire")),
            Map.entry("api", Set.of("intake", "catalog", "history", "dispatch", "wire")),
            Map.entry("console", Set.of("intake", "catalog", "history", "dispatch")),
            Map.entry("inbound", Set.of("intake", "catalog", "wire")),
            Map.entry("intake", Set.of("fanout", "catalog", "store")),
            Map.entry("fanout", Set.of("dispatch", "catalog")),
            Map.entry("dispatch", Set.of("wire", "egress", "history", "catalog")),
            Map.entry("wire", Set.of()),
            Map.entry("egress", Set.of()),
            Map.entry("history", Set.of("store")),
            Map.entry("catalog", Set.of("store", "wire")),
            Map.entry("notify", Set.of("intake", "catalog", "history", "egress", "store")),
            Map.entry("store", Set.of()),
            Map.entry("model", Set.of()),
            Map.entry("runtime", Set.of()));

    private final JavaClasses ours = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.posthorn");

    static Stream<String> rooms() {
        return MAY_USE.keySet().stream().sorted();
    }

    @ParameterizedTest
    @MethodSource("rooms")
    void aRoomUsesOnlyWhatItsRowAllows(String room) {
        Set<String> forbidden = new TreeSet<>(MAY_USE.keySet());
        forbidden.add("app");
        forbidden.remove(room);
        forbidden.removeAll(COMMON);
        forbidden.removeAll(MAY_USE.getOrDefault(room, Set.of()));
        noClasses()
                .that()
                .resideInAPackage(in(room))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden.stream().map(ArchitectureTest::in).toArray(String[]::new))
                .allowEmptyShould(true)
                .check(ours);
    }

    @Test
    void everyClassLivesInARoom() {
        Set<String> rooms = new TreeSet<>(MAY_USE.keySet());
        rooms.add("app");
        classes()
                .should()
                .resideInAnyPackage(rooms.stream().map(ArchitectureTest::in).toArray(String[]::new))
                .check(ours);
    }

    /** The entry point starts the command line, and the command line starts the server: that is the one exception. */
    @Test
    void roomsHaveNoCycles() {
        slices().matching(ROOT + "(*)..")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(
                        DescribedPredicate.describe("the entry point", ArchitectureTest::isMain),
                        DescribedPredicate.alwaysTrue())
                .check(ours);
    }

    @Test
    void onlyTheEntryPointUsesTheCommandLine() {
        noClasses()
                .that(DescribedPredicate.describe("are in app, but not Main", c -> !isMain(c)))
                .and()
                .resideInAPackage(in("app"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage(in("cli"))
                .check(ours);
    }

    @Test
    void theModelUsesNothing() {
        classes()
                .that()
                .resideInAPackage(in("model"))
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(in("model"), "java..", "org.jspecify.annotations..", "com.github.f4b6a3.ulid..")
                .check(ours);
    }

    @Test
    void vertxStaysWhereTheNetworkIs() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        in("api"), in("console"), in("inbound"), in("egress"), in("dispatch"), in("app"))
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.vertx..")
                .check(ours);
    }

    /**
     * SQL stands in the {@code Pg…} classes of each room, and the plumbing of it in {@code store}. That a statement
     * failed may be known everywhere; the wiring and the two named classes hand a connection on without using it.
     */
    @Test
    void jdbcStaysInTheStoreAndInPgClasses() {
        noClasses()
                .that()
                .resideOutsideOfPackages(in("store"), in("app"))
                .and()
                .haveNameNotMatching(".*\\.(Pg[^.]*|Catalog|WriteGuard)")
                .should()
                .dependOnClassesThat(DescribedPredicate.describe("are of JDBC or Jdbi", ArchitectureTest::isJdbc))
                .check(ours);
    }

    private static boolean isJdbc(JavaClass type) {
        return !type.isAssignableTo(SQLException.class)
                && List.of("java.sql", "javax.sql", "org.jdbi", "org.postgresql", "com.zaxxer", "org.flywaydb").stream()
                        .anyMatch(root -> type.getPackageName().startsWith(root));
    }

    @Test
    void everyPackageIsNullMarked() {
        List<String> unmarked = ours.stream()
                .map(JavaClass::getPackage)
                .distinct()
                .filter(ours -> !ours.isAnnotatedWith(NullMarked.class))
                .map(JavaPackage::getName)
                .toList();
        assertThat(unmarked)
                .as("packages without @NullMarked in their package-info.java")
                .isEmpty();
    }

    private static boolean isMain(JavaClass type) {
        return type.isEquivalentTo(Main.class);
    }

    private static String in(String room) {
        return ROOT + room + "..";
    }
}
