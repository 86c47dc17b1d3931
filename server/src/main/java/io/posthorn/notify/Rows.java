package io.posthorn.notify;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one transaction is to write. */
final class Rows {
    /** In the order in which they happened. */
    final List<Event> events = new ArrayList<>();
    /** In the order in which they happened. */
    final List<Mail> mails = new ArrayList<>();
    /** Endpoints whose trouble begins (true) or ends. */
    final Map<Integer, Boolean> troubles = new LinkedHashMap<>();

    boolean isEmpty() {
        return events.isEmpty() && mails.isEmpty() && troubles.isEmpty();
    }
}
