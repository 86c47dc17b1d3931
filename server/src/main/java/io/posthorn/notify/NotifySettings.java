package io.posthorn.notify;

import io.posthorn.catalog.MailDomains;
import org.jspecify.annotations.Nullable;

/**
 * Who is told of what.
 *
 * @param operationalApplication uid of the application that is told, in each environment that has it
 * @param backlogThreshold deliveries that wait for an endpoint; from so many on the operator is told
 * @param domains where mail may go
 * @param mail null if no mail is sent
 */
public record NotifySettings(
        String operationalApplication,
        int backlogThreshold,
        MailDomains domains,
        @Nullable MailSettings mail) {}
