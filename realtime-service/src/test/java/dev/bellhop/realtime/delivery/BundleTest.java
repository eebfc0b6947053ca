package dev.bellhop.realtime.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.wire.ServerMessage;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class BundleTest {
    @Test
    @DisplayName("a bundle that waits in a queue does not change with the list that it was made of")
    void outlivesItsList() {
        Instant now = Instant.parse("2026-01-01T12:00:00Z");
        List<Frame> frames = new ArrayList<>(List.of(
                Frame.of(ServerMessage.heartbeatAck(now, "a"), now),
                Frame.of(ServerMessage.heartbeatAck(now, "b"), now)));
        Bundle bundle = Bundle.of(frames.subList(0, 2)).get(0);

        frames.clear();

        String events = StandardCharsets.UTF_8.decode(bundle.serverSentEvents()).toString();
        assertThat(events)
                .containsSubsequence(
                        "event: heartbeat_ack\ndata: {", "\"a\"", "\n\nevent: heartbeat_ack\ndata: {", "\"b\"");
        assertThat(events).endsWith("\n\n");
        assertThat(bundle.webSocketFrames().remaining()).isGreaterThan(bundle.size());
    }

    @Test
    @DisplayName("few and many receivers get the same bytes")
    void forFewAndMany() {
        Instant now = Instant.parse("2026-01-01T12:00:00Z");
        List<Frame> frames = List.of(Frame.of(ServerMessage.heartbeatAck(now, "a"), now));
        ByteBuffer few = Bundle.of(frames, 1).get(0).webSocketFrames();
        Bundle shared = Bundle.of(frames, 1000).get(0);

        assertThat(few.isDirect()).isFalse();
        assertThat(shared.webSocketFrames().isDirect()).isTrue();
        assertThat(shared.webSocketFrames()).isEqualTo(few);
        shared.webSocketFrames().position(few.limit()); // one receiver's write
        assertThat(shared.webSocketFrames()).isEqualTo(few);
    }
}
