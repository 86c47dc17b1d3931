/**
 * The REST API. Its paths, field names and conventions are those that the public Svix clients already speak, so that
 * they work unmodified; what is ours extends them.
 *
 * <pre>
 *   connection ─▶ FastRoute?  yes ─▶ answers by itself, on the event loop
 *                     │ no
 *                     ▼
 *               Router ─▶ token? ─▶ body (bounded, with a deadline) ─▶ Blocking ─▶ Answer ─▶ event loop writes it
 *                                                                      virtual thread
 * </pre>
 *
 * <p>One server for each event loop shares the port. The hot path (accepting messages) is a {@link
 * io.posthorn.api.FastRoute}: it is asked before the router and never leaves its event loop. Everything else is plain
 * blocking code on virtual threads: a route is a function from a {@link io.posthorn.api.Call} to an {@link
 * io.posthorn.api.Answer}, and knows nothing of Vert.x.
 *
 * <p>Bounds, all in {@link io.posthorn.api.ApiSettings}: connections, bytes of a body, seconds for a body to arrive,
 * requests that wait for the database. At a bound the answer is 413, 408 or 503 with Retry-After; a connection too many
 * is closed.
 *
 * <p>Errors have two shapes: {@code {code, detail}}, and for content that breaks a rule, 422 with
 * {@code {detail:[{loc, msg, type}]}}, which names every place at once. Fields that are not known are ignored, because
 * clients and servers are not updated on the same day. What is unexpected is logged under a random reference, and the
 * caller is told the reference only.
 *
 * <p>What operations there are, and what they take and answer, stands in {@code openapi.yaml}, which is served beside
 * them. Requests are held against it before an operation sees them ({@link io.posthorn.api.Contract}); an operation
 * checks what a schema cannot say. The hot path has its own parser, and a test that it judges as the document does.
 *
 * <p>{@code /api/v1/health}, {@code /metrics}, {@code /openapi.yaml} and {@code /docs} ask for no token: balancers,
 * Prometheus and people who look for the way in have none, and they tell nothing about content. Whoever cannot have them public keeps them from the outside in the proxy.
 */
@NullMarked
package io.posthorn.api;

import org.jspecify.annotations.NullMarked;
