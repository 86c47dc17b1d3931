/**
 * Who sends, who receives, and what: applications, endpoints, event types, secrets and the tokens of the API.
 *
 * <p>All of it is in memory, and PostgreSQL holds the truth. The pipeline asks "which endpoints want this message?"
 * tens of thousands of times a second, and changes are rare, so a read takes no lock and makes no query:
 *
 * <pre>
 *   a read     id or uid ──hash──▶ Slot ──one volatile read──▶ AppView (immutable)
 *   a change   one lock ▶ transaction in PostgreSQL ▶ a new AppView ▶ one volatile write ▶ the listeners
 * </pre>
 *
 * <p>An application and its endpoints are one immutable {@link io.posthorn.catalog.AppView}, so a reader never sees
 * half a change. Changes happen one at a time, under one lock: that costs nothing at the rate of changes that people
 * and programs make, and it makes the checks (is this uid free?) exact without asking the database. What makes that
 * sound is that one node at a time owns the installation; the guard given to {@code load} lets the database refuse a
 * node that no longer does.
 *
 * <p>A transaction whose answer is lost may have happened or not. The application it concerned is then in doubt, and
 * it is read again before the next change, or when somebody calls {@code reconcile}.
 *
 * <p>Secrets are sealed by {@link io.posthorn.catalog.SecretBox} before they reach the database, each bound to what it
 * belongs to; tokens are stored as hashes only.
 */
@NullMarked
package io.posthorn.catalog;

import org.jspecify.annotations.NullMarked;
