package io.posthorn.dispatch;

/**
 * Somebody who is connected and takes the deliveries of one temporary endpoint. Called on any thread; nothing here
 * blocks.
 */
public interface Listener {
    /**
     * A request to be made. It is answered by one of the methods of {@link Forward}, at any time and on any thread; who
     * does not answer in time need not.
     */
    void forward(Forward request);

    /** Nobody waits for the answer any more. */
    void forget(Forward request);

    /** The endpoint was deleted, by itself or with its application: there will be no more requests. */
    void removed();
}
