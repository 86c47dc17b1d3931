/**
 * Posthorn as its users meet it: a program that is started, killed and stopped, spoken to over HTTP and the command
 * line with clients that others wrote, and delivering to receivers that behave well or badly.
 *
 * <p>Nothing here uses a class of the server. A test starts {@code server/target/posthorn.jar} ({@link
 * io.posthorn.e2e.ServerProcess}) with a data folder of its own, sets up applications with the Svix client, publishes
 * with it or with bare HTTP where bytes matter, and looks at what reached a {@link io.posthorn.e2e.Receiver}; signatures
 * are checked with the Standard Webhooks library. Whatever a test starts is ended when it ends, the database included,
 * which lives in a session of its own and outlives a killed server.
 */
@NullMarked
package io.posthorn.e2e;

import org.jspecify.annotations.NullMarked;
