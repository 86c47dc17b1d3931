/**
 * How a message becomes a request.
 *
 * <p><b>Standard Webhooks 1.0.0</b> is what everybody gets who asks for nothing else. What is signed is {@code id.timestamp.body}, the body byte for byte as it travels; nobody may parse and print the
 * payload between signing and sending. The id is that of the message and stays the same over all attempts, so that the
 * receiver can tell a repetition; the timestamp is that of the attempt, so that an old request cannot be replayed.
 * While a secret is being rotated, every request carries one signature for each, and the receiver may know either.
 *
 * <p><b>Schemes</b> ({@link io.posthorn.wire.Scheme}) are the signatures of all the others, and RFC 9421. The form of a
 * secret and the scheme have to go together; {@link io.posthorn.wire.SchemeRules} says so where a secret is given, so that
 * nothing is found out when the first message is to be sent.
 *
 * <p><b>Profiles</b> ({@link io.posthorn.wire.Profile}) are files that say the rest: how the body is made, which headers
 * there are, which schemes sign.
 *
 * <pre>
 *   YAML ──ProfileParser──▶ Profile ──Renderer──▶ Draft (a tree) ──print──▶ Rendered (bytes) ──SchemeSigner──▶ headers
 * </pre>
 *
 * <p>A file is read with the place of everything in it, so that what is wrong is told with its line, also what shows only
 * later: when an expression fails, or when the catalog looks at the part that is about deliveries. The payload's tree
 * remembers its bytes ({@link io.posthorn.wire.Payload}): what an expression hands on is copied, not printed anew.
 *
 * <p>The room does no input or output and knows no framework: the hot path calls it 20,000 times a second.
 */
@NullMarked
package io.posthorn.wire;

import org.jspecify.annotations.NullMarked;
