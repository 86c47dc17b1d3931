package io.posthorn.cli;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/**
 * The demo's events: what a shop would tell its customers. Payloads follow the form that Standard Webhooks
 * recommends, {@code type}, {@code timestamp} and {@code data}.
 */
final class DemoEvents {
    private static final List<String> NAMES = List.of("Ada", "Grace", "Edsger", "Barbara", "Donald", "Radia");
    private static final List<String> THINGS = List.of("post horn", "mail coach", "sealing wax", "carrier pigeon");

    private DemoEvents() {}

    /**
     * An event.
     *
     * @param type the name of its event type
     * @param payload JSON
     */
    record Event(String type, String payload) {}

    /**
     * The n-th event, from 0; always the same but for the time.
     *
     * @param now when it happens
     */
    static Event event(int n, Instant now) {
        String customer = NAMES.get(n % NAMES.size());
        int cents = 490 + n * 37 % 20_000;
        return switch (n % 5) {
            case 0 ->
                event("order.created", now, """
                    {"order":"ord_%05d","customer":"%s","total":%d.%02d,"currency":"EUR","items":[{"sku":"sku_%d",\
                    "title":"%s","quantity":%d}]}""", n, customer, cents / 100, cents % 100, n % 4, thing(n), 1 + n % 3);
            case 1 -> event("payment.succeeded", now, """
                    {"payment":"pay_%05d","order":"ord_%05d","amount":%d.%02d,"currency":"EUR","method":"card"}""", n, n - 1, cents / 100, cents % 100);
            case 2 -> event("order.shipped", now, """
                    {"order":"ord_%05d","carrier":"Thurn und Taxis","tracking":"TT%08d","parcels":%d}""", n - 2, n * 7919, 1 + n % 2);
            case 3 -> event("user.signed_up", now, """
                    {"user":"usr_%05d","name":"%s","email":"%s@example.com","plan":"trial","referrer":null}""", n, customer, customer.toLowerCase(java.util.Locale.ROOT));
            default -> event("invoice.paid", now, """
                    {"invoice":"inv_%05d","customer":"%s","lines":[{"text":"%s","net":%d.%02d,"vat":0.19}]}""", n, customer, thing(n), cents / 100, cents % 100);
        };
    }

    private static String thing(int n) {
        return THINGS.get(n % THINGS.size());
    }

    private static Event event(String type, Instant now, String data, Object... values) {
        return new Event(
                type,
                "{\"type\":\"%s\",\"timestamp\":\"%s\",\"data\":%s}"
                        .formatted(type, now.truncatedTo(ChronoUnit.MILLIS), data.formatted(values)));
    }
}
