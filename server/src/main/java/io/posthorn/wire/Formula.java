package io.posthorn.wire;

import io.posthorn.runtime.Script;
import io.posthorn.runtime.ScriptException;
import io.posthorn.runtime.Scripts;
import io.posthorn.wire.Profile.Text;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An expression of a profile, whose errors say where in the profile they happened. It has two functions beside those of
 * JSONata:
 *
 * <ul>
 *   <li>{@code $iso(time, decimals)}: a time in UTC with so many decimals.
 *   <li>{@code $id(prefix, letters)}: the message's id in another form.
 * </ul>
 *
 * They are written in the language itself, in a line before the expression's first, so that the bounds hold for them too.
 * Confined to one thread.
 */
final class Formula {
    /** What {@code $id} takes the id from: an object with a member for each of {@link Profile.Letters}. */
    static final String IDS = "posthornIds";

    private static final String BEFORE = "($iso:=function($time,$decimals){$exists($time)?("
            + "$substring($time,-1)=\"Z\"?($fraction:=$contains($time,\".\")"
            + "?$substringBefore($substringAfter($time,\".\"),\"Z\"):\"\";$substring($time,0,19)&($decimals>0"
            + "?\".\"&$substring($pad($fraction,$decimals,\"0\"),0,$decimals):\"\")&\"Z\")"
            + ":$error(\"$iso wants a time in UTC, such as message.timestamp\"))};"
            + "$id:=function($prefix,$letters){$prefix&$lookup($" + IDS + ",$exists($letters)?$letters:\"lower\")};\n";
    private static final String AFTER = "\n)";

    private final Text.Computed computed;
    private final Script script;

    /**
     * One to evaluate.
     *
     * @param computed with which nothing is wrong
     */
    Formula(Text.Computed computed) {
        this.computed = computed;
        this.script = Script.of(BEFORE + computed.expression() + AFTER);
    }

    /** How much it takes, in characters, as {@link Scripts} counts it. */
    int size() {
        return Scripts.OF_EACH + BEFORE.length() + computed.expression().length() + AFTER.length();
    }

    /**
     * What is wrong with an expression of a profile; null if nothing is.
     *
     * @param text the expression
     * @param member where it stands
     * @param first where its first character stands in the file
     */
    static @Nullable ProfileProblem broken(String text, String member, Place first) {
        try {
            Script.of(text);
            Script.of(BEFORE + text + AFTER); // what is fine by itself may be too long with the functions
            return null;
        } catch (ScriptException e) {
            Place place = place(first, e.line(), e.column());
            return new ProfileProblem(place.line(), place.column(), member, e.rule());
        }
    }

    /** A place within an expression as one of the file; those without a place are where it begins. */
    private static Place place(Place first, int line, int column) {
        return line < 1 ? first : new Place(first.line() + line - 1, first.column() + Math.max(column, 1) - 1);
    }

    /**
     * What it gives.
     *
     * @param input maps, lists, texts, numbers, booleans, null
     * @param bindings variables
     * @throws ContentException if it fails, or takes too long
     */
    @Nullable
    Object evaluate(Map<String, @Nullable Object> input, Map<String, Object> bindings) throws ContentException {
        try {
            return script.evaluate(input, bindings);
        } catch (ScriptException e) {
            Place place = place(computed.place(), e.line() - 1, e.column());
            throw new ContentException(computed.member() + " (line " + place.line() + ", column " + place.column()
                    + " of the profile): " + e.rule());
        }
    }
}
