package io.posthorn.app;

import io.posthorn.app.Kind.Shape;
import io.posthorn.catalog.PolicyCodec;
import io.posthorn.catalog.Rules;
import io.posthorn.notify.MailSettings;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The kinds of values that say who is told of what. */
final class NotifyKinds {
    private NotifyKinds() {}

    /** The uid of an application. */
    static Kind<String> uid() {
        return ruled("uid of an application", Rules::uid);
    }

    /** Where a mail server is. It is never shown: what is not a URL may have a password anywhere. */
    static Kind<Secret> mailServer() {
        return new Kind<>(
                "smtp://user:password@host:port, or the same with smtps",
                Shape.SECRET,
                text -> {
                    String wrong = MailSettings.wrong(text);
                    return wrong == null ? new Parsed.Value<>(new Secret(text)) : new Parsed.Wrong<>(wrong);
                },
                Secret::reveal);
    }

    /** An e-mail address. */
    static Kind<String> mailAddress() {
        return ruled("e-mail address", PolicyCodec::noEmail);
    }

    /** What follows the @ in an e-mail address. */
    static Kind<String> mailDomain() {
        return ruled(
                "domain such as example.com",
                text -> PolicyCodec.noEmail("a@" + text) == null ? null : "must be a domain such as example.com");
    }

    private static Kind<String> ruled(String takes, Function<String, @Nullable String> rule) {
        return new Kind<>(
                takes,
                Shape.SCALAR,
                text -> {
                    String wrong = rule.apply(text);
                    return wrong == null ? new Parsed.Value<>(text) : new Parsed.Wrong<>(wrong);
                },
                Function.identity());
    }
}
