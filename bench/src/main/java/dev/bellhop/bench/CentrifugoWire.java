package dev.bellhop.bench;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Centrifugo's JSON protocol: a client connects with its token and subscribes to one channel. Several messages may stand in
 * one frame, a line each.
 *
 * @param history whether the channel keeps what it sent, so that a client's position is worth something
 */
record CentrifugoWire(Clients clients, String apiKey, boolean history) implements Wire {
    static final String CHANNEL = "bench";

    private static final Pattern EPOCH = Pattern.compile("\"epoch\":\"([^\"]*)\"");
    private static final Pattern OFFSET = Pattern.compile("\"offset\":([0-9]+)");

    @Override
    public String handshake(int client, Optional<String> position) {
        return "/connection/websocket";
    }

    @Override
    public List<String> opening(int client, Optional<String> position) {
        return List.of(
                "{\"id\":1,\"connect\":{\"token\":\"" + clients.member(client) + "\"}}",
                "{\"id\":2,\"subscribe\":{\"channel\":\"" + CHANNEL + "\"" + position.orElse("") + "}}");
    }

    /** What a client missed stands in the answer to its subscribe itself. */
    @Override
    public boolean isReady(String frame, boolean resumed) {
        return frame.contains("\"id\":2,\"subscribe\":");
    }

    /** The part of a subscribe that asks for what came later. */
    @Override
    public Optional<String> position(String frame, Optional<String> before) {
        if (!history) {
            return Optional.empty();
        }
        Matcher epoch = EPOCH.matcher(frame);
        String seen = before.orElse("");
        if (epoch.find()) {
            seen = ",\"recover\":true,\"epoch\":\"" + epoch.group(1) + "\",\"offset\":0";
        }
        // What a client recovers comes with the offset that it asked from, after the offsets of what it missed.
        OptionalLong last = OFFSET.matcher(frame)
                .results()
                .mapToLong(offset -> Long.parseLong(offset.group(1)))
                .max();
        if (last.isPresent()) {
            seen = seen.substring(0, seen.lastIndexOf(':') + 1) + last.getAsLong();
        }
        return seen.isEmpty() ? Optional.empty() : Optional.of(seen);
    }

    @Override
    public Publication publication() {
        return new Publication(
                "/api/publish", Map.of("X-API-Key", apiKey), "{\"channel\":\"" + CHANNEL + "\",\"data\":", "}");
    }
}
