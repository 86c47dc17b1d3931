package io.posthorn.notify;

import java.util.concurrent.atomic.AtomicInteger;

/** Counts. */
record Counting(
        AtomicInteger events, AtomicInteger sent, AtomicInteger failed, AtomicInteger givenUp, AtomicInteger leftOut)
        implements NotifyMetrics {
    Counting() {
        this(new AtomicInteger(), new AtomicInteger(), new AtomicInteger(), new AtomicInteger(), new AtomicInteger());
    }

    @Override
    public void eventSent() {
        events.incrementAndGet();
    }

    @Override
    public void mailSent() {
        sent.incrementAndGet();
    }

    @Override
    public void mailFailed() {
        failed.incrementAndGet();
    }

    @Override
    public void mailsGivenUp(int mails) {
        givenUp.addAndGet(mails);
    }

    @Override
    public void mailsLeftOut(int mails) {
        leftOut.addAndGet(mails);
    }
}
