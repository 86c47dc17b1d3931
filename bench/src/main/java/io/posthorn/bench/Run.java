package io.posthorn.bench;

import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one load, from warm-up to the last arrival, and what became of them. All of it belongs to the event
 * loop of {@link Net}; other threads read it by way of {@link Net#ask}.
 */
final class Run {
    private static final long MOST_MICROS = 600_000_000L;

    /** Its number in the payloads. */
    final int id;
    /** What it sends and where. */
    final Installed installed;
    /** What its payloads look like but for their numbers. */
    final byte[] template;
    /** Each message's fate. */
    final Ledger ledger;
    /** From the intended send time to the 202, microseconds. */
    final Histogram acceptMicros = new Histogram(MOST_MICROS, 3);
    /** From the intended send time to a delivery's arrival, microseconds. */
    final Histogram arrivalMicros = new Histogram(MOST_MICROS, 3);
    /** How often a delivery that had arrived before came again, by when it arrived first. */
    final Repeats repeats = new Repeats();
    /** Answers other than 202, by status. */
    final TreeMap<Integer, Integer> refusals = new TreeMap<>();

    /** Requests answered 202. */
    long accepted;
    /** Requests answered otherwise. */
    long refused;
    /** Requests whose connection broke. */
    long unanswered;
    /** Messages accepted and arrived everywhere. */
    long complete;
    /** Different deliveries arrived. */
    long arrivals;
    /** Deliveries that came to an endpoint that should not have them. */
    long misrouted;
    /** Deliveries that came before one with the same key that was accepted before theirs was sent. */
    long disordered;
    /** Deliveries whose body was not the payload. */
    long mangled;
    /** Deliveries whose signature was checked. */
    long verified;
    /** Deliveries whose signature was wrong. */
    long unsigned;
    /** The first thing that went wrong, for people. */
    @Nullable
    String firstProblem;

    /** Messages that were sent after the one before with the same key had been accepted. */
    private final Bits behind = new Bits();

    private long measureFrom = Long.MAX_VALUE;
    private long measureTo = Long.MAX_VALUE;
    private @Nullable Loader loader;

    Run(int id, Installed installed) {
        this.id = id;
        this.installed = installed;
        template = Payload.template(id);
        ledger = new Ledger(installed.plan().copies());
    }

    /** Who is told when a message is complete. */
    void drivenBy(Loader driver) {
        loader = driver;
    }

    /** From when on intended send times count for the latencies; microseconds. */
    void measureFrom(long micros) {
        measureFrom = micros;
        measureTo = Long.MAX_VALUE;
        acceptMicros.reset();
        arrivalMicros.reset();
    }

    /** Until when intended send times count for the latencies; microseconds. */
    void measureTo(long micros) {
        measureTo = micros;
    }

    /** The next message is on its way; its number. */
    int send() {
        int seq = ledger.send();
        int before = installed.plan().before(seq);
        if (before >= 0 && ledger.isAccepted(before)) {
            behind.add(seq);
        }
        return seq;
    }

    /** A message was answered 202. */
    void accepted(int seq, long intended, long now) {
        accepted++;
        record(acceptMicros, intended, now);
        if (ledger.accepted(seq)) {
            completed();
        }
    }

    /** A message was answered otherwise. */
    void refused(int seq, int status, String body) {
        refused++;
        refusals.merge(status, 1, Integer::sum);
        problem("a message was answered " + status + ": " + body);
        ledger.refused(seq);
    }

    /** A message's connection broke. */
    void unanswered(int seq) {
        unanswered++;
        ledger.unknown(seq);
    }

    /**
     * A payload of this run has arrived.
     *
     * @param endpoint the number in the path
     * @param intended the time in the payload
     */
    void arrived(int endpoint, long seq, long intended, long now) {
        if (seq >= ledger.size()) {
            mangled++;
            problem("message " + seq + " arrived, which was never sent");
            return;
        }
        int number = (int) seq;
        int copy = installed.plan().copy(number, endpoint - installed.firstEndpoint());
        if (copy < 0) {
            misrouted++;
            problem("message " + seq + " of " + installed.plan().name() + " arrived at endpoint " + endpoint);
            return;
        }
        int before = installed.plan().before(number);
        if (before >= 0 && behind.contains(number) && !ledger.hasArrived(before, copy)) {
            disordered++;
            problem("message " + seq + " arrived before " + before + ", which has the same key");
        }
        int millis = (int) (now / 1000);
        switch (ledger.arrived(number, copy, millis)) {
            case AGAIN -> repeats.add(ledger.firstAt(number), millis);
            case FIRST -> firstArrival(intended, now);
            case COMPLETE -> {
                firstArrival(intended, now);
                completed();
            }
        }
    }

    /** Notes what went wrong, if it is the first thing. */
    void problem(String what) {
        if (firstProblem == null) {
            firstProblem = what;
        }
    }

    private void firstArrival(long intended, long now) {
        arrivals++;
        record(arrivalMicros, intended, now);
    }

    private void completed() {
        complete++;
        if (loader != null) {
            loader.completed();
        }
    }

    private void record(Histogram histogram, long intended, long now) {
        if (intended >= measureFrom && intended < measureTo) {
            histogram.recordValue(Math.clamp(now - intended, 0, MOST_MICROS));
        }
    }
}
