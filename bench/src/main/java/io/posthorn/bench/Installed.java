package io.posthorn.bench;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A plan whose applications and endpoints exist on a server.
 *
 * @param plan what was asked for
 * @param port the server's
 * @param token the server's
 * @param apps the ids of the applications, in the plan's order
 * @param firstEndpoint the number of the first endpoint in the receiver's paths; the others follow in order
 */
record Installed(Plan plan, int port, String token, List<String> apps, int firstEndpoint) {
    /** How many digits an ordering key has. */
    static final int KEY_DIGITS = 4;

    private static final String KEY = "{\"orderingKey\":\"";
    private static final String EVENT = "\"eventType\":\"";
    private static final String PAYLOAD = "\",\"payload\":";

    /** Where the digits of the ordering key stand in the body of a request, if there is one. */
    static int keyAt() {
        return KEY.length();
    }

    /** The body of a request up to the payload; an ordering key is zero. */
    byte[] beforePayload(int type) {
        String key = plan.keys() == 0 ? "{" : KEY + "0".repeat(KEY_DIGITS) + "\",";
        return (key + EVENT + Plan.typeName(type) + PAYLOAD).getBytes(StandardCharsets.US_ASCII);
    }

    /** The head of the requests for an application: everything up to the empty line, and that. */
    byte[] head(int app) {
        int length = beforePayload(0).length + Payload.BYTES + 1;
        return ("POST /api/v1/app/" + apps.get(app) + "/msg?with_content=false HTTP/1.1\r\nhost: 127.0.0.1:" + port
                        + "\r\nauthorization: Bearer " + token
                        + "\r\ncontent-type: application/json\r\ncontent-length: " + length + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }
}
