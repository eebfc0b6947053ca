package dev.bellhop.realtime.connections;

import dev.bellhop.realtime.Config;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.WebSocketCoreSession;
import org.eclipse.jetty.websocket.core.messages.ByteBufferMessageSink;
import org.eclipse.jetty.websocket.core.messages.MessageSink;
import org.eclipse.jetty.websocket.core.messages.StringMessageSink;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.eclipse.jetty.websocket.core.server.WebSocketUpgradeHandler;

/**
 * Says back what it hears, over the transport of the service: its connector, its sockets on which two write in turns, Jetty's
 * core with the same settings. For conformance suites such as Autobahn's, which want an echo.
 */
final class EchoServer {
    private static final int LARGEST_MESSAGE = 32 << 20;

    private EchoServer() {}

    /** On a free port of the loopback interface. */
    static Server start() throws Exception {
        Config config = Config.from(Map.of(
                "BELLHOP_HOST", "127.0.0.1",
                "BELLHOP_REALTIME_PORT", "0",
                "BELLHOP_DATABASE_URL", "jdbc:postgresql://nowhere/",
                "BELLHOP_JWT_SECRET", "of no use here, and long enough for HS256",
                "BELLHOP_EVENT_SECRETS", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
        Server server = new Server();
        server.addConnector(RealtimeHandler.connector(server, new HttpConfiguration(), config));
        WebSocketUpgradeHandler upgrades = new WebSocketUpgradeHandler(new WebSocketComponents());
        upgrades.addMapping("/", new Negotiator());
        server.setHandler(upgrades);
        server.start();
        return server;
    }

    private static final class Negotiator implements WebSocketNegotiator {
        @Override
        public FrameHandler negotiate(ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
            response.setExtensions(List.of());
            return new Echo();
        }

        @Override
        public void customize(Configuration configuration) {
            configuration.setMaxTextMessageSize(LARGEST_MESSAGE);
            configuration.setMaxBinaryMessageSize(LARGEST_MESSAGE);
            configuration.setMaxFrameSize(0);
            configuration.setAutoFragment(true);
            configuration.setIdleTimeout(Duration.ZERO);
        }
    }

    private static final class Echo implements FrameHandler {
        private CoreSession session;
        private InterleavingEndPoint line;
        private MessageSink text;
        private MessageSink binary;
        /** Whose fragments come now. */
        private MessageSink current;

        @Override
        public void onOpen(CoreSession opened, Callback callback) {
            session = opened;
            line = (InterleavingEndPoint)
                    ((WebSocketCoreSession) opened).getConnection().getEndPoint();
            text = new StringMessageSink(opened, message -> say(OpCode.TEXT, utf8((String) message[0])), true);
            binary = new ByteBufferMessageSink(
                    opened, message -> say(OpCode.BINARY, BufferUtil.toArray((ByteBuffer) message[0])), true);
            callback.succeeded();
            line.release(); // it speaks only when spoken to
            opened.demand();
        }

        private static byte[] utf8(String message) {
            return message.getBytes(StandardCharsets.UTF_8);
        }

        /** One frame past Jetty, as the send queue writes. */
        private Object say(byte opcode, byte[] payload) {
            ByteBuffer frame = ByteBuffer.allocate(payload.length + 10);
            frame.put((byte) (0x80 | opcode));
            if (payload.length < 126) {
                frame.put((byte) payload.length);
            } else if (payload.length < 1 << 16) {
                frame.put((byte) 126).putShort((short) payload.length);
            } else {
                frame.put((byte) 127).putLong(payload.length);
            }
            frame.put(payload).flip();
            CountDownLatch written = new CountDownLatch(1);
            if (!line.writeFrames(session, Callback.from(written::countDown, failure -> written.countDown()), frame)) {
                try {
                    written.await(); // one write in flight; it may block here, in a test
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return null;
        }

        @Override
        public void onFrame(Frame frame, Callback callback) {
            switch (frame.getOpCode()) {
                case OpCode.TEXT, OpCode.BINARY, OpCode.CONTINUATION -> {
                    if (frame.getOpCode() != OpCode.CONTINUATION) {
                        current = frame.getOpCode() == OpCode.TEXT ? text : binary;
                    }
                    current.accept(frame, Callback.from(callback::succeeded, callback::failed));
                }
                case OpCode.PING -> {
                    Frame pong = new Frame(OpCode.PONG, BufferUtil.copy(frame.getPayload()));
                    session.sendFrame(pong, Callback.from(() -> goOn(callback), failure -> goOn(callback)), false);
                }
                case OpCode.CLOSE -> callback.succeeded();
                default -> goOn(callback);
            }
        }

        private void goOn(Callback callback) {
            callback.succeeded();
            session.demand();
        }

        @Override
        public void onError(Throwable cause, Callback callback) {
            callback.succeeded();
        }

        @Override
        public void onClosed(CloseStatus status, Callback callback) {
            callback.succeeded();
        }
    }
}
