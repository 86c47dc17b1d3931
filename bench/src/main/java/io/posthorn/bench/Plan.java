package io.posthorn.bench;

/**
 * The applications and endpoints of a load, and which message goes where. Message number {@code n} is for application
 * {@code n mod apps}; that the receiver knows this too lets it notice a delivery to the wrong place.
 *
 * @param name for people
 * @param apps applications
 * @param perApp endpoints of each, 1 to 100
 * @param byType whether a message goes to one endpoint, by its event type (at most 10 types); otherwise to all of its
 *     application
 * @param keys how many ordering keys the messages have, 0 to 10,000; with some, the endpoints deliver in order by key.
 *     Message number {@code n} has the key {@code n mod keys}
 * @param shaped whether the endpoints have a filter and a transformation in JSONata, which change nothing
 * @param behaviour what the endpoints do
 */
record Plan(String name, int apps, int perApp, boolean byType, int keys, boolean shaped, Behaviour behaviour) {
    /** What an endpoint of the receiver does with a delivery. */
    enum Behaviour {
        /** Answers 200 at once. */
        OK('e'),
        /** Never answers. */
        HANG('h'),
        /** Answers 200 after a second. */
        SLOW('s'),
        /** Answers 500 at once. */
        FAIL('f');

        /** What its path begins with: {@code /e/123}. */
        final char path;

        Behaviour(char path) {
            this.path = path;
        }
    }

    private static final int MOST_KEYS = 10_000;

    /** Ten applications with an endpoint each. */
    static final Plan ONE_EACH = new Plan("one endpoint each", 10, 1, false, Behaviour.OK);
    /** Ten applications whose messages go to ten endpoints. */
    static final Plan FAN_OUT = new Plan("ten endpoints each", 10, 10, false, Behaviour.OK);
    /** A thousand applications, ten thousand endpoints, one endpoint for each message. */
    static final Plan WIDE = new Plan("10,000 endpoints", 1000, 10, true, Behaviour.OK);
    /** One application, one endpoint. */
    static final Plan HEALTHY = new Plan("a healthy endpoint", 1, 1, false, Behaviour.OK);
    /** A thousand endpoints that never answer. */
    static final Plan SICK = new Plan("1,000 endpoints that never answer", 10, 100, false, Behaviour.HANG);
    /** One endpoint that delivers in order by a thousand keys. */
    static final Plan ORDER = new Plan("one endpoint, in order by 1,000 keys", 1, 1, false, 1_000, false, Behaviour.OK);
    /** Ten applications with an endpoint each, which has a filter and a transformation. */
    static final Plan SHAPED = new Plan("one endpoint each, with JSONata", 10, 1, false, 0, true, Behaviour.OK);
    /** One endpoint that has much to catch up with. */
    static final Plan BACKLOG = new Plan("an endpoint with a backlog", 1, 1, false, Behaviour.OK);

    /** A plan without keys. */
    Plan(String name, int apps, int perApp, boolean byType, Behaviour behaviour) {
        this(name, apps, perApp, byType, 0, false, behaviour);
    }

    /** A plan with keys. */
    Plan(String name, int apps, int perApp, boolean byType, int keys, Behaviour behaviour) {
        this(name, apps, perApp, byType, keys, false, behaviour);
    }

    Plan {
        if (apps < 1 || perApp < 1 || perApp > 100 || (byType && perApp > 10) || keys < 0 || keys > MOST_KEYS) {
            throw new IllegalArgumentException("no such plan: " + apps + " applications of " + perApp);
        }
    }

    /** How many deliveries each message has. */
    int copies() {
        return byType ? 1 : perApp;
    }

    /** How many endpoints there are. */
    int endpoints() {
        return apps * perApp;
    }

    /** How many event types are used. */
    int types() {
        return byType ? perApp : 1;
    }

    /** The application of a message, from 0. */
    int app(int seq) {
        return seq % apps;
    }

    /** The event type of a message, from 0. */
    int type(int seq) {
        return byType ? seq / apps % perApp : 0;
    }

    /**
     * The message before this one that has the same key.
     *
     * @return −1 if there is none
     */
    int before(int seq) {
        return keys == 0 || seq < keys ? -1 : seq - keys;
    }

    /** The name of an event type; all are of the same length. */
    static String typeName(int type) {
        return "bench.t" + type;
    }

    /**
     * Which of its deliveries a message at an endpoint is.
     *
     * @param endpoint 0 to {@link #endpoints()} − 1
     * @return 0 to {@link #copies()} − 1, or −1 if the message should never have come there
     */
    int copy(int seq, int endpoint) {
        if (endpoint < 0 || endpoint >= endpoints() || endpoint / perApp != app(seq)) {
            return -1;
        }
        int slot = endpoint % perApp;
        if (byType) {
            return slot == type(seq) ? 0 : -1;
        }
        return slot;
    }
}
