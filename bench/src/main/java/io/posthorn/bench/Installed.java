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
    private static final String EVENT = "{\"eventType\":\"";
    private static final String PAYLOAD = "\",\"payload\":";

    /** The body of a request up to the payload. */
    static byte[] beforePayload(int type) {
        return (EVENT + Plan.typeName(type) + PAYLOAD).getBytes(StandardCharsets.US_ASCII);
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
