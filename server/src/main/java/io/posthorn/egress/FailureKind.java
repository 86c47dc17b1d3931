package io.posthorn.egress;

/** Why there was no response. */
public enum FailureKind {
    /** The deadline passed, whatever the exchange was doing then; the detail says what. */
    TIMEOUT,
    /** The name could not be resolved. */
    DNS,
    /** No connection to any of the addresses. */
    CONNECT,
    /** No TLS session: the certificate, the host name in it, or the protocol version. */
    TLS,
    /** The name resolves to an address that must not be reached. Nothing was sent. */
    REFUSED_ADDRESS,
    /** Closed or reset midway, not HTTP, or more headers than are read. */
    PROTOCOL,
    /** No request could be made of the message and the endpoint's settings. Nothing was sent. */
    CONTENT
}
