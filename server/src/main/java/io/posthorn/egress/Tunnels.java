package io.posthorn.egress;

import java.util.Set;

/**
 * Services that make a developer's machine reachable under a public name. An endpoint there is gone when the laptop is
 * closed, and whoever rents the name next gets the messages; so they are for development only.
 */
final class Tunnels {
    private static final Set<String> DOMAINS = Set.of(
            "bore.pub",
            "devtunnels.ms",
            "lhr.life",
            "lhr.rocks",
            "loca.lt",
            "localhost.run",
            "localtunnel.me",
            "localxpose.io",
            "loclx.io",
            "ngrok-free.app",
            "ngrok-free.dev",
            "ngrok.app",
            "ngrok.dev",
            "ngrok.io",
            "pagekite.me",
            "pinggy.io",
            "pinggy.link",
            "serveo.net",
            "serveousercontent.com",
            "sharedwithexpose.com",
            "telebit.io",
            "trycloudflare.com",
            "tunnelmole.net",
            "tunnelto.dev",
            "zrok.io");

    private Tunnels() {}

    /**
     * Whether the host belongs to one of them.
     *
     * @param host ASCII, lower case
     */
    static boolean isTunnel(String host) {
        for (String rest = host; ; rest = rest.substring(rest.indexOf('.') + 1)) {
            if (DOMAINS.contains(rest)) {
                return true;
            }
            if (rest.indexOf('.') < 0) {
                return false;
            }
        }
    }
}
