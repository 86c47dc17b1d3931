package io.posthorn.model;

/**
 * A header that an endpoint's owner wants on every request. It prints itself without its value, so that the value cannot
 * reach a log by accident.
 *
 * @param name as its owner wrote it; no other of the endpoint has it, in capitals or not
 * @param value visible ASCII
 * @param sensitive the value is sent, and shown to nobody
 */
public record CustomHeader(String name, String value, boolean sensitive) {
    @Override
    public String toString() {
        return name + ": ***";
    }
}
