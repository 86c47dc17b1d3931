package io.posthorn.egress;

/** What came of reading a URL. */
public sealed interface TargetResult {

    /**
     * It can be posted to.
     *
     * @param target for {@link Egress#post}
     */
    record Ok(Target target) implements TargetResult {}

    /**
     * It cannot.
     *
     * @param reason for people: the rule, and what to do
     */
    record Refused(String reason) implements TargetResult {}
}
