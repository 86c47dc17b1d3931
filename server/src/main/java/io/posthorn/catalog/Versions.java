package io.posthorn.catalog;

import io.posthorn.model.EventContract;
import io.posthorn.model.EventType;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * From the payload that a publisher sent to the one that an endpoint was written for.
 *
 * <p>An endpoint pins one version for all event types that it wants, each of which has versions of its own. It gets of
 * each the newest that is not newer than the pin, so that a pin may be a date on which somebody wrote a receiver:
 *
 * <pre>
 *   versions of a type   2025-01 ◀──step── 2025-06 ◀──step── 2026-03 (current)
 *   pin 2025-12                            2025-06            one step, that of 2026-03
 *   pin 2024-01          2025-01                              both steps: the type is younger than the pin
 *   pin 2027-01                                     2026-03   none
 * </pre>
 *
 * <p>If the oldest version has a step of its own, that step leads to what was before versions had names, and a pin that
 * is older than all gets that.
 */
public final class Versions {
    /** Numbers count as numbers, so that 10 comes after 9, and v1.10 after v1.9. */
    public static final Comparator<String> ORDER = Versions::compare;

    private static final Pattern PART = Pattern.compile("[0-9]+|[^0-9]+");

    private Versions() {}

    /** What is to be done with a payload. */
    public sealed interface Plan {
        /**
         * These steps, one after the other, each with the result of the one before.
         *
         * @param version what comes out, for the header; null if the type has no versions
         * @param jsonata none if the payload goes as it came in
         */
        record Steps(@Nullable String version, List<String> jsonata) implements Plan {}

        /**
         * It cannot be done.
         *
         * @param version the one that there is no step from
         * @param detail for people
         */
        record Missing(String version, String detail) implements Plan {}
    }

    private static final Plan AS_IT_IS = new Plan.Steps(null, List.of());

    /**
     * How a message becomes what an endpoint was written for.
     *
     * @param type of the message; null if the catalogue does not know it
     * @param pinned by the endpoint; null for whatever was sent
     * @param accepted when the message was, since it is of the version that was the current one then
     */
    public static Plan plan(@Nullable EventType type, @Nullable String pinned, Instant accepted) {
        String sent = type == null ? null : type.contract().currentAt(accepted);
        if (type == null || sent == null) {
            return AS_IT_IS;
        }
        if (pinned == null || ORDER.compare(pinned, sent) >= 0) {
            return new Plan.Steps(sent, List.of());
        }
        EventContract contract = type.contract();
        String wanted = wanted(contract, pinned);
        List<String> steps = new ArrayList<>();
        for (String version : contract.versions().reversed()) {
            if (ORDER.compare(version, sent) > 0 || ORDER.compare(version, wanted) <= 0) {
                continue;
            }
            String step = contract.downgrades().get(version);
            if (step == null) {
                return new Plan.Missing(
                        version,
                        "the endpoint is written for version " + pinned + ", and the event type " + type.name()
                                + " has no step from version " + version
                                + " to the one before (downgrades of the event type)");
            }
            steps.add(step);
        }
        return new Plan.Steps(wanted, List.copyOf(steps));
    }

    /** The newest version that is not newer than the pin; without one, the oldest there is. */
    private static String wanted(EventContract contract, String pinned) {
        String oldest =
                contract.versions().isEmpty() ? pinned : contract.versions().getFirst();
        String wanted = null;
        for (String version : contract.versions()) {
            if (ORDER.compare(version, pinned) <= 0) {
                wanted = version;
            }
        }
        if (wanted != null) {
            return wanted;
        }
        return contract.downgrades().containsKey(oldest) ? pinned : oldest;
    }

    private static int compare(String one, String other) {
        Iterator<String> left = parts(one);
        Iterator<String> right = parts(other);
        while (left.hasNext() && right.hasNext()) {
            int difference = comparePart(left.next(), right.next());
            if (difference != 0) {
                return difference;
            }
        }
        int longer = Boolean.compare(left.hasNext(), right.hasNext());
        return longer != 0 ? longer : one.compareTo(other); // 01 and 1 are two names
    }

    private static Iterator<String> parts(String version) {
        return PART.matcher(version).results().map(MatchResult::group).iterator();
    }

    private static int comparePart(String one, String other) {
        if (!isNumber(one) || !isNumber(other)) {
            return one.compareTo(other);
        }
        // as texts, since a name may have more digits than anybody wants to calculate with
        String left = withoutZeros(one);
        String right = withoutZeros(other);
        return left.length() != right.length() ? left.length() - right.length() : left.compareTo(right);
    }

    private static String withoutZeros(String digits) {
        int at = 0;
        while (at < digits.length() - 1 && digits.charAt(at) == '0') {
            at++;
        }
        return digits.substring(at);
    }

    private static boolean isNumber(String part) {
        return part.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
