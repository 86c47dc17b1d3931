/**
 * The commands: {@code posthorn serve|config|demo}, those that talk to a server ({@code app}, {@code endpoint},
 * {@code message}, {@code send}, {@code listen}, …), and tools ({@code verify}, {@code completion}). They start the server by way of
 * {@code app}, and whatever they do with a running one they do over its HTTP API, like everybody else; so a command can
 * do nothing that a customer's program could not do.
 *
 * <p>Flags of settings are not written down here. They come from the table of settings, go to the configuration as
 * texts, and are judged there together with the file and the environment, so that a wrong flag and a wrong line of the
 * file are reported in one go.
 *
 * <p>Nothing here reads the environment, prints to {@code System.out} or ends the process by itself: a command gets
 * its {@link io.posthorn.cli.Surroundings} and returns its exit code, which is 0 for success, 1 for a failure, 2 for
 * wrong usage or configuration and 3 if no server was reached. Only what the user asked for goes to standard output; everything else to standard
 * error.
 *
 * <h2>Commands that talk to a server</h2>
 *
 * Most of them are one request, and are described rather than written: a {@link io.posthorn.cli.Verb} has a path, the
 * options that become the body or the query (each a {@link io.posthorn.cli.Field}), and the columns of its table. The
 * {@code …Commands} classes are lists of them. One rule holds for all: an option that is not given is left out of the
 * request, and an empty value is null. {@link io.posthorn.cli.ApiClient} makes the requests and repeats what can be
 * repeated; {@link io.posthorn.cli.RemoteOptions} says where and as whom. What others wrote reaches the terminal only
 * through {@link io.posthorn.cli.Cells}, without control characters.
 *
 * <p>{@code send} with lines is a pipeline with bounds: {@link io.posthorn.cli.LineReader} checks one line after the
 * other, {@link io.posthorn.cli.LineBatch} gathers them, {@link io.posthorn.cli.LineSender} has a few batches in flight,
 * and {@link io.posthorn.cli.SendTally} counts what became of them.
 *
 * <h2>The demo</h2>
 *
 * {@code posthorn demo} is the whole product in twenty seconds and at the same time a test that anybody can run. It
 * starts a server on a throw-away database and a receiver of its own, and counts on the receiver's side: an event has
 * arrived when the receiver, with a Standard Webhooks library that others wrote, found its signature valid and
 * answered 2xx.
 *
 * <pre>
 *   DemoCommand ── starts ──▶ app.Server ◀── DemoApi: application, endpoints, events ── Demo
 *                                 │                                                       │ waits for all
 *                                 └── deliveries ──▶ DemoReceiver ──▶ DemoTally ◀─────────┘
 *                                                    healthy, failing, slow        DemoView, DemoSummary read it
 * </pre>
 *
 * <h2>Listening</h2>
 *
 * {@code posthorn listen} takes the deliveries of an application over a connection that it makes, and hands them to a
 * program on this machine:
 *
 * <pre>
 *   ListenClient: one ListenLink after the other ──WebSocket──▶ the server's temporary endpoint
 *                        │ a thread for each delivery
 *                        ▼
 *                   LocalTarget ──HTTP──▶ the program on this machine
 * </pre>
 */
@NullMarked
package io.posthorn.cli;

import org.jspecify.annotations.NullMarked;
