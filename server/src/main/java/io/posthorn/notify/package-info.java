/**
 * What the operator and the owners of endpoints hear without having asked: operational webhooks and e-mail.
 *
 * <pre>
 *   outcomes (recorder) ─┐ in the transaction       ┌─▶ outbox ─▶ pump ─▶ intake ─▶ lanes ─▶ the operator's endpoint
 *   changes (catalog)  ──┼─ of what is told of ─▶ ──┤
 *   circuits, limits   ──┤                          └─▶ mails ─▶ mailer ─▶ SMTP ─▶ the endpoint's addresses
 *   backlog (counted)  ──┘ in one of its own
 * </pre>
 *
 * <p><b>Nothing is lost.</b> A row stands beside what it tells of or not at all, and goes after it was told. The
 * {@link io.posthorn.notify.Pump} gives an event the row's number as its {@code eventId}, so that one that was accepted
 * just before a crash is not accepted again. A mail can be sent twice if the process ends between the mail server's
 * answer and the row's end; both have the same {@code Message-ID}.
 *
 * <p><b>Nobody pays for it who has no use for it.</b> An event is written if the environment has an operational
 * application, a mail if the endpoint has addresses and there is a mail server. What succeeds costs a look at a set that
 * is empty while all is well, and no statement.
 *
 * <p><b>No loops.</b> What happens to the operational application itself is not told to it.
 *
 * <p><b>Nobody is flooded.</b> An endpoint's owner gets so many mails of a {@link io.posthorn.notify.MailKind kind} an
 * hour; what happens beyond that is counted in one row, and one mail tells of all of it when the hour is over. Of the mails
 * letters are made, one for each address, within {@link io.posthorn.notify.Caps bounds} that do not depend on endpoints;
 * each has its own fate. What happens to one endpoint very often within a minute is told to the operator as one event, too.
 *
 * <p><b>Nobody waits behind somebody else's trouble.</b> Pump and mailer take the applications in turn.
 */
@NullMarked
package io.posthorn.notify;

import org.jspecify.annotations.NullMarked;
