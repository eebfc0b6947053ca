package dev.bellhop.bench;

import java.util.Map;
import java.util.Optional;

/** The realtime service: the rooms that a member is in by itself, messages for the room of all. */
final class BellhopWire implements Wire {
    private static final String CURSOR = "\"cursor\":\"";

    private final Clients clients;
    private final String publisher;

    BellhopWire(Clients clients) {
        this.clients = clients;
        this.publisher = clients.service();
    }

    @Override
    public String handshake(int client, Optional<String> position) {
        return "/ws?token=" + clients.member(client)
                + position.map(cursor -> "&cursor=" + cursor).orElse("");
    }

    @Override
    public boolean isReady(String frame, boolean resumed) {
        return frame.startsWith(resumed ? "{\"type\":\"caught_up\"" : "{\"type\":\"connected\"");
    }

    @Override
    public Optional<String> position(String frame, Optional<String> before) {
        int at = frame.lastIndexOf(CURSOR);
        if (at < 0) {
            return before;
        }
        int from = at + CURSOR.length();
        return Optional.of(frame.substring(from, frame.indexOf('"', from)));
    }

    @Override
    public Publication publication() {
        return new Publication(
                "/ws/broadcast",
                Map.of("Authorization", "Bearer " + publisher),
                "{\"room\":\"org\",\"type\":\"bench.message\",\"org_id\":\"" + clients.organization()
                        + "\",\"payload\":",
                "}");
    }
}
