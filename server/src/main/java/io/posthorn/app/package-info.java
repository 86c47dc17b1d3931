/**
 * The program as a whole: its entry point, its configuration, the hand-written wiring of all rooms and the order in
 * which they start and stop. It may use every room; only the command line uses it.
 *
 * <h2>Configuration</h2>
 *
 * There is one table of settings ({@link io.posthorn.app.Settings}) and nothing beside it: the keys of the file, the
 * names of the variables, the flags, the rules, the report of {@code posthorn config} and {@code docs/configuration.md}
 * all come from it, so that they cannot contradict each other.
 *
 * <pre>
 *   default ◁ posthorn.yaml ◁ POSTHORN_… ◁ --flag        the right one wins, per setting
 *                     │
 *                     ▼ text and {@link io.posthorn.app.Origin}
 *          {@link io.posthorn.app.Setting} parses it by its {@link io.posthorn.app.Kind}
 *                     │
 *                     ▼
 *   {@link io.posthorn.app.Loaded}: a {@link io.posthorn.app.Config} and where each value came from, or every problem
 * </pre>
 *
 * Somebody who made three mistakes wants to see three messages, not one message three times; therefore nothing here
 * stops at the first error, and a key that nobody knows is an error as well, because a misspelt limit that silently
 * does not apply is worse than a server that does not start.
 *
 * <p>The rooms do not see {@link io.posthorn.app.Config}. The wiring hands each of them the few values it needs, so
 * that a room can be tested and understood without the rest of the settings.
 */
@NullMarked
package io.posthorn.app;

import org.jspecify.annotations.NullMarked;
