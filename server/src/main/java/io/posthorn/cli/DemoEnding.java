package io.posthorn.cli;

import java.net.URI;

/**
 * The demo's last words.
 *
 * @param base where the server listens
 * @param token of the administrator
 * @param stage what was created
 */
record DemoEnding(URI base, String token, Demo.Stage stage) {
    /** Whether it worked; if not, everything that is missing. */
    String verdict(DemoBoard board, DemoSummary summary) {
        long requests =
                summary.rows().stream().mapToLong(DemoSummary.Row::verified).sum();
        if (summary.success()) {
            return """
                    All %d events reached all %d endpoints unchanged. The receivers checked %d signatures with the
                    Standard Webhooks library; all of them were valid.
                    """.formatted(board.expected(), summary.rows().size(), requests);
        }
        StringBuilder text = new StringBuilder("This is missing:\n");
        summary.missing().forEach(line -> text.append("  ").append(line).append('\n'));
        return text.toString();
    }

    /**
     * What to do next.
     *
     * @param stay whether the server goes on running
     */
    String waysOn(DemoBoard board, boolean stay) {
        return (stay ? requests(board) : "The server stops now; `./posthorn demo --stay` keeps it to look around.\n")
                + """

                Your own server, with its data in ./posthorn-data:
                  ./posthorn serve
                Every setting:
                  ./posthorn help serve
                """;
    }

    private String requests(DemoBoard board) {
        String message = board.accepted().keySet().stream().sorted().findFirst().orElse("msg_…");
        String app = base + "/api/v1/app/" + stage.application();
        String auth = "-H 'authorization: Bearer " + token + "'";
        return """
                The server stays at %s until Ctrl-C. Look around:
                  # every attempt for one event
                  curl %s %s/attempt/msg/%s
                  # every attempt at the endpoint that fails twice in three
                  curl %s %s/attempt/endpoint/%s
                  # send one more
                  curl %s -H 'content-type: application/json' \\
                    -d '{"eventType":"order.created","payload":{"order":"ord_1"}}' %s/msg
                """.formatted(
                        base,
                        auth,
                        app,
                        message,
                        auth,
                        app,
                        stage.endpoints().getOrDefault(DemoEndpoint.FAILING, "ep_…"),
                        auth,
                        app);
    }
}
