package io.posthorn.dispatch;

import io.posthorn.model.DeliveryPolicy;

/** Makes the {@link Judge} of an endpoint. All whose owners have decided nothing share one. */
final class Judges {
    private final RetrySchedule installation;
    private final Judge usual;

    Judges(RetrySchedule installation) {
        this.installation = installation;
        this.usual = new Judge(installation);
    }

    Judge of(DeliveryPolicy policy) {
        return Judge.same(policy, DeliveryPolicy.DEFAULT) ? usual : new Judge(installation, policy);
    }
}
