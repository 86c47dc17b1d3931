/**
 * The load harness: how fast Posthorn is, measured from outside.
 *
 * <pre>
 *   this virtual machine, one event loop                     its own process
 *   ┌───────────────────────────────────────┐
 *   │ Loader ── POST …/msg, one at a time ──┼────────────▶ ┌────────────────────┐
 *   │   ▲  256 connections  ◀── 202 ────────┼───────────── │ posthorn serve     │
 *   │   │                                   │              │   or               │──▶ PostgreSQL
 *   │ Run + Ledger: who was accepted,       │              │ Floor              │
 *   │   │  what arrived, how late           │              └────────────────────┘
 *   │   │                                   │                        │
 *   │ Receiver ◀── POST /e/123, signed ─────┼────────────────────────┘
 *   └───────────────────────────────────────┘
 * </pre>
 *
 * <p><b>Cheap.</b> The harness shares the processors with what it measures, and every microsecond it takes is missing
 * there. So it is one thread, its requests are encoded beforehand, its parser makes no objects, and a message finds its
 * way back into the ledger by three numbers at fixed places of its payload ({@link io.posthorn.bench.Payload}).
 *
 * <p><b>Honest.</b> In the closed loop a message is done when it was answered 202 <em>and</em> has arrived, and a turn
 * ends when the server has logged everything that arrived ({@link io.posthorn.bench.Drive}): a server gains nothing by
 * putting work off. In the open loop, latencies count from when a message was to be sent ({@link
 * io.posthorn.bench.Schedule}). One delivery in 64 has its signature verified and its payload compared in every byte.
 * Lost, changed, misrouted and wrongly signed deliveries make the run fail.
 *
 * <p><b>Against a floor.</b> A rate in messages a second says as much about the machine as about the program. {@link
 * io.posthorn.bench.Floor} does the same work with no product in it, driven by the same code in the same minutes, turn
 * by turn ({@link io.posthorn.bench.Turns}): the ratio is what is claimed.
 *
 * <p>The server is known by its process and its HTTP interface alone. Three things are looked up behind its back: the
 * CPU and memory of its processes in {@code /proc}, the number of attempts in its database after a kill test, and the
 * millions of old messages that {@link io.posthorn.bench.Stored} puts there.
 */
@NullMarked
package io.posthorn.bench;

import org.jspecify.annotations.NullMarked;
