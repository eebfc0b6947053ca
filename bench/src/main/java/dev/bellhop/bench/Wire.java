package dev.bellhop.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How the clients and the publishers of one server talk to it. */
interface Wire {
    /**
     * Path and query of the WebSocket handshake.
     *
     * @param client number of the client from 0, each another user
     * @param position where a client that was cut off stood; empty for one that is new
     */
    String handshake(int client, Optional<String> position);

    /** What the handshake asks for as its subprotocol (RFC 6455 section 11.3.4). */
    default Optional<String> subprotocol() {
        return Optional.empty();
    }

    /** Text frames that the client sends when the handshake is over. */
    default List<String> opening(int client, Optional<String> position) {
        return List.of();
    }

    /** Whether the end of the handshake is all that a client waits for: {@link #isReady} is not asked then. */
    default boolean isReadyAtHandshake() {
        return false;
    }

    /**
     * Whether a frame says that its receiver is known and in its room.
     *
     * @param resumed whether the client came back with a position: it is ready when all that it missed was sent
     */
    boolean isReady(String frame, boolean resumed);

    /** Where a client stands after a frame, to come back to. */
    default Optional<String> position(String frame, Optional<String> before) {
        return before;
    }

    /** How one message is published; for each message the same number of bytes. */
    Publication publication();

    /**
     * A POST whose body is the message between two texts.
     *
     * @param headers besides Host, Content-Type and Content-Length
     * @param inString whether the two texts are the ends of a JSON string
     */
    record Publication(String path, Map<String, String> headers, String before, String after, boolean inString) {
        Publication(String path, Map<String, String> headers, String before, String after) {
            this(path, headers, before, after, false);
        }
    }
}
