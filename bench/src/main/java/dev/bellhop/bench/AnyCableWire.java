package dev.bellhop.bench;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The extended Action Cable protocol of AnyCable: a client connects with its token and subscribes to one public stream.
 *
 * @param history whether the server keeps what it sent, so that a client's position is worth something
 */
record AnyCableWire(Clients clients, String apiKey, boolean history) implements Wire {
    private static final String STREAM = "bench";
    private static final String IDENTIFIER =
            "\"identifier\":\"{\\\"channel\\\":\\\"$pubsub\\\",\\\"stream_name\\\":\\\"" + STREAM + "\\\"}\"";
    private static final Pattern EPOCH = Pattern.compile("\"epoch\":\"([^\"]*)\"");
    private static final Pattern OFFSET = Pattern.compile("\"offset\":([0-9]+)");

    @Override
    public String handshake(int client, Optional<String> position) {
        return "/cable?jid=" + clients.identified(client);
    }

    @Override
    public Optional<String> subprotocol() {
        return Optional.of(history ? "actioncable-v1-ext-json" : "actioncable-v1-json");
    }

    @Override
    public List<String> opening(int client, Optional<String> position) {
        String missed = position.map(from -> ",\"history\":" + from).orElse("");
        return List.of("{\"command\":\"subscribe\"," + IDENTIFIER + missed + "}");
    }

    /** What a client missed stands between the confirmation of its subscription and that of its history. */
    @Override
    public boolean isReady(String frame, boolean resumed) {
        return frame.contains(resumed ? "\"type\":\"confirm_history\"" : "\"type\":\"confirm_subscription\"");
    }

    /** What a subscribe says to be given what came later; before the first message, that is a time. */
    @Override
    public Optional<String> position(String frame, Optional<String> before) {
        if (!history) {
            return Optional.empty();
        }
        Matcher epoch = EPOCH.matcher(frame);
        Matcher offset = OFFSET.matcher(frame);
        if (epoch.find() && offset.find()) {
            return Optional.of("{\"streams\":{\"" + STREAM + "\":{\"epoch\":\"" + epoch.group(1) + "\",\"offset\":"
                    + offset.group(1) + "}}}");
        }
        return before.isPresent()
                ? before
                : Optional.of("{\"since\":" + Instant.now().getEpochSecond() + "}");
    }

    @Override
    public Publication publication() {
        return new Publication(
                "/_broadcast",
                Map.of("Authorization", "Bearer " + apiKey),
                "{\"stream\":\"" + STREAM + "\",\"data\":\"",
                "\"}",
                true);
    }
}
