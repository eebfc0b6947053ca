package dev.bellhop.realtime.delivery;

import dev.bellhop.api.outbox.OutboxRelay;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.wire.ServerMessage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.eclipse.jetty.util.Callback;
import org.jdbi.v3.core.Jdbi;

/** A process that does a little of what the services do, so that a test sees what the agent makes of it. */
public final class Drill {
    private Drill() {}

    /** @param types to load besides, by name */
    public static void main(String[] types) throws ClassNotFoundException {
        for (String type : types) {
            System.out.println("loaded " + Class.forName(type).getName());
        }
        Jdbi nowhere = Jdbi.create("jdbc:postgresql://127.0.0.1:1/none");
        try (OutboxRelay relay = new OutboxRelay(
                nowhere,
                URI.create("http://127.0.0.1:1"),
                List.of(Secret.ofText("a secret of the drill, which signs nothing")),
                Duration.ofSeconds(1),
                new SimpleMeterRegistry(),
                Clock.systemUTC())) {
            for (int call = 1; call <= 3; call++) {
                relay.wakeUp();
                System.out.println("called " + call);
            }
        }
        Instant now = Instant.EPOCH;
        Bundle tooMuch = Bundle.of(Frame.of(ServerMessage.heartbeatAck(now, null), now));
        SendQueue full = new SendQueue(1, new Stuck(), new Deaf());
        System.out.println("a full queue takes more: " + full.offer(tooMuch));
        System.out.println("done");
    }

    private static final class Stuck implements SendQueue.Transport {
        @Override
        public boolean write(List<Bundle> bundles, Callback later) {
            return false;
        }
    }

    private static final class Deaf implements SendQueue.Listener {
        @Override
        public void drained() {}

        @Override
        public void failed(Throwable cause) {}
    }
}
