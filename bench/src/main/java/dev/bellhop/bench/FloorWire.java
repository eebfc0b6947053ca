package dev.bellhop.bench;

import java.util.Map;
import java.util.Optional;

/** {@link FloorServer}: no token, no answer besides the handshake, a message as it was posted. */
final class FloorWire implements Wire {
    @Override
    public String handshake(int client, Optional<String> position) {
        return "/";
    }

    @Override
    public boolean isReadyAtHandshake() {
        return true;
    }

    @Override
    public boolean isReady(String frame, boolean resumed) {
        return true;
    }

    @Override
    public Publication publication() {
        return new Publication("/", Map.of(), "", "");
    }
}
