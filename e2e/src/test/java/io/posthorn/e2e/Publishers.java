package io.posthorn.e2e;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Several threads that publish to an application for as long as they are let, one message after the other, and keep a
 * record of what was accepted. A failed connection or a 503 does not stop them: they go on, as publishers do.
 */
final class Publishers implements AutoCloseable {
    private final Customer customer;
    private final List<Thread> threads = new ArrayList<>();
    private final Set<String> accepted = ConcurrentHashMap.newKeySet();
    private final ConcurrentMap<Integer, AtomicInteger> answers = new ConcurrentHashMap<>();
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private final AtomicInteger noAnswer = new AtomicInteger();
    private volatile boolean over;

    /** So many threads, which begin now. */
    Publishers(Customer customer, int count) {
        this.customer = customer;
        for (int i = 0; i < count; i++) {
            int number = i;
            threads.add(Thread.ofVirtual().name("publisher " + i).start(() -> publish(number)));
        }
    }

    private void publish(int number) {
        for (int n = 0; !over; n++) {
            try {
                Api.Answer answer = customer.server()
                        .api()
                        .publish(customer.id(), "order.created", "{\"by\":" + number + ",\"n\":" + n + "}");
                answers.computeIfAbsent(answer.status(), status -> new AtomicInteger())
                        .incrementAndGet();
                if (answer.status() == 202) {
                    accepted.add(answer.id());
                    synchronized (this) {
                        notifyAll();
                    }
                } else if (answer.status() == 503 || answer.status() == 429) {
                    if (answer.header("retry-after") == null) {
                        throw new AssertionError("no Retry-After: " + answer);
                    }
                    pause();
                } else {
                    throw new AssertionError("neither accepted nor put off: " + answer);
                }
            } catch (HttpTimeoutException e) {
                failure.compareAndSet(null, e);
            } catch (IOException e) {
                noAnswer.incrementAndGet(); // the server is away
                pause();
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException | AssertionError e) {
                failure.compareAndSet(null, e);
                return;
            }
        }
    }

    /** Not as long as Retry-After says: the test is to see the moment at which the server is back. */
    private static void pause() {
        java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
    }

    /** Waits until so many more messages have been accepted. */
    void awaitMore(int count) throws InterruptedException {
        long deadline = System.nanoTime() + Until.PATIENCE.toNanos();
        synchronized (this) {
            int goal = accepted.size() + count;
            while (accepted.size() < goal) {
                long left = (deadline - System.nanoTime()) / 1_000_000;
                if (left <= 0 || failure.get() != null) {
                    throw new AssertionError(count + " more were not accepted; " + this, failure.get());
                }
                wait(left);
            }
        }
    }

    /** How often publishers were answered with the status. */
    int answered(int status) {
        AtomicInteger count = answers.get(status);
        return count == null ? 0 : count.get();
    }

    /** Ends them and says what was accepted. Fails if one of them met with something that it should not. */
    Set<String> finish() throws InterruptedException {
        over = true;
        for (Thread thread : threads) {
            thread.join();
        }
        if (failure.get() != null) {
            throw new AssertionError("a publisher met with what it should not", failure.get());
        }
        return Set.copyOf(accepted);
    }

    @Override
    public String toString() {
        Map<Integer, AtomicInteger> sorted = new TreeMap<>(answers);
        return "answers " + sorted + ", without an answer " + noAnswer + ", failure " + failure;
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
    }
}
