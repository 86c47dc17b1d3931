package io.posthorn.history;

import io.posthorn.model.Endpoint;
import io.posthorn.model.Message;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What happened, for people to read: messages, attempts, and where deliveries stand. Everything blocks, and throws
 * {@link HistoryException} if it cannot be read now or takes too long.
 *
 * <p>Lists are read page by page from a place on, never from a number of rows on. So a page costs the same however far
 * down it is, and rows that are added meanwhile neither repeat nor hide anything.
 */
public interface History {
    /**
     * A row's place in its list.
     *
     * @param at the row's time, microseconds since 1970: a message's acceptance, an attempt's start
     * @param tie tells apart rows of the same time; above 0
     * @param second tells apart rows of the same time and tie; 0 where none are
     */
    record Place(long at, long tie, long second) {
        /** A place in a list where time and tie are enough. */
        public Place(long at, long tie) {
            this(at, tie, 0);
        }
    }

    /**
     * How far to read.
     *
     * @param after only what is beyond this place; null for all
     * @param ascending towards what is newer; otherwise towards what is older
     * @param most rows
     * @param content payloads and response bodies too; without it payloads are {@code {}} and bodies null
     */
    record Reach(@Nullable Place after, boolean ascending, int most, boolean content) {}

    /**
     * Rows in the order in which they were read.
     *
     * @param rows at most as many as were asked for; fewer, but at least one, if their content is large
     * @param more whether there are more beyond them
     */
    record Slice<T>(List<T> rows, boolean more) {
        /** Nothing, and no more. */
        public static <T> Slice<T> none() {
            return new Slice<>(List.of(), false);
        }
    }

    /**
     * The messages of an application. A place is the time of acceptance and {@link Message#seq}.
     *
     * @param appNo the application
     * @param filter {@link Filter#status} and {@link Filter#codeClass} are of no concern here
     * @param reach how far
     */
    default Slice<Message> messages(int appNo, Filter filter, Reach reach) {
        return messages(appNo, filter, Search.NONE, reach);
    }

    /**
     * The messages of an application that are searched for. A payload is read for each message that the filter leaves:
     * this has no index.
     *
     * @param appNo the application
     * @param filter as above
     * @param search what else has to be true of them
     * @param reach how far
     * @throws HistoryException {@link HistoryException.Kind#WRONG_PATH} too
     */
    Slice<Message> messages(int appNo, Filter filter, Search search, Reach reach);

    /**
     * One message.
     *
     * @param appNo the application it has to belong to
     * @param idOrEventId its id, or the id that its publisher gave it
     * @param content whether to read the payload; without it, it is {@code {}}
     * @return null if there is none
     */
    @Nullable
    Message message(int appNo, String idOrEventId, boolean content);

    /**
     * The attempts at an endpoint. A place is the start and {@link Message#seq}. Times of the filter are those of the
     * starts.
     *
     * @param endpointNo the endpoint
     * @param filter which
     * @param withMessage whether to read the messages too
     * @param reach how far
     */
    Slice<LoggedAttempt> attemptsAt(int endpointNo, Filter filter, boolean withMessage, Reach reach);

    /**
     * The attempts at several endpoints, in one order. A place is the start, {@link Message#seq} and the number of the
     * endpoint. Times of the filter are those of the starts.
     *
     * @param endpointNos the endpoints, such as all of an application
     * @param filter which
     * @param withMessage whether to read the messages too
     * @param reach how far
     */
    Slice<LoggedAttempt> attemptsAmong(
            Collection<Integer> endpointNos, Filter filter, boolean withMessage, Reach reach);

    /**
     * The attempts to deliver a message. A place is the start and the number of the endpoint. Times of the filter are
     * those of the starts.
     *
     * @param message whose
     * @param endpointNo only those at this endpoint; null for all
     * @param filter which; what it says about messages is of no concern here
     * @param reach how far
     */
    Slice<LoggedAttempt> attemptsOf(Message message, @Nullable Integer endpointNo, Filter filter, Reach reach);

    /**
     * One attempt with its content.
     *
     * @param message whose
     * @param attemptId {@code atmpt_} and a ULID
     * @return null if the message has none with this id
     */
    @Nullable
    LoggedAttempt attempt(Message message, String attemptId);

    /**
     * The messages of which at least one delivery to an endpoint was attempted, with what became of it. They stand in
     * the order of their first attempts, because that never changes. A place is the start of the first attempt and
     * {@link Message#seq}. Times of the filter are those of the messages.
     *
     * @param endpointNo the endpoint
     * @param filter which; {@link Filter#codeClass} is of no concern here
     * @param reach how far
     */
    Slice<AttemptedMessage> messagesAt(int endpointNo, Filter filter, Reach reach);

    /**
     * Where the deliveries of a message stand.
     *
     * @param message whose
     * @param endpointNos the endpoints of its application
     */
    Deliveries deliveries(Message message, Collection<Integer> endpointNos);

    /**
     * Deliveries that ended without success and that nobody has delivered or discarded since. A place is the time of
     * death, the number of the message and, without an endpoint, that of the endpoint.
     *
     * @param wanted which
     * @param reach how far
     */
    Slice<DeadLetter> deadLetters(DeadLetter.Wanted wanted, Reach reach);

    /**
     * Counts attempts over time.
     *
     * @param endpointNos at these endpoints
     * @param span when they started
     * @return the buckets that have any, in no order
     */
    List<Counts.OfAttempts> countAttempts(Collection<Integer> endpointNos, Counts.Span span);

    /**
     * Counts messages over time.
     *
     * @param appNo of this application
     * @param eventTypes of one of these types; empty for any
     * @param without of none of these types
     * @param span when they were accepted
     * @return the buckets that have any, in no order
     */
    List<Counts.OfMessages> countMessages(int appNo, List<String> eventTypes, List<String> without, Counts.Span span);

    /**
     * Counts the deliveries to an endpoint by where they stand now.
     *
     * @param endpoint the endpoint
     * @param from of messages that were accepted then or later, microseconds since 1970
     * @param to and earlier than this
     */
    Counts.OfDeliveries countDeliveries(Endpoint endpoint, long from, long to);
}
