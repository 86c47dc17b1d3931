/**
 * The commands: {@code posthorn serve|config|demo|listen|version|help}. They start the server by way of {@code app}, and
 * whatever they do with a running one they do over its HTTP API, like everybody else; so a command can do nothing that
 * a customer's program could not do.
 *
 * <p>Flags of settings are not written down here. They come from the table of settings, go to the configuration as
 * texts, and are judged there together with the file and the environment, so that a wrong flag and a wrong line of the
 * file are reported in one go.
 *
 * <p>Nothing here reads the environment, prints to {@code System.out} or ends the process by itself: a command gets
 * its {@link io.posthorn.cli.Surroundings} and returns its exit code, which is 0 for success, 1 for a failure and 2
 * for wrong usage or configuration. Only what the user asked for goes to standard output; everything else to standard
 * error.
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
