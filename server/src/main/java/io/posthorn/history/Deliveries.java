package io.posthorn.history;

import java.util.Map;

/**
 * Where the deliveries of a message stand.
 *
 * @param byEndpoint of those that were attempted or deferred, by the number of the endpoint
 * @param settled whether these are all there will be; otherwise endpoints that want the message and are not among them
 *     may have it under way
 */
public record Deliveries(Map<Integer, DeliveryState> byEndpoint, boolean settled) {}
