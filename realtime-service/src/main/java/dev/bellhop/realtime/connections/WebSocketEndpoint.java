package dev.bellhop.realtime.connections;

import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.ServerMessage;
import dev.bellhop.realtime.delivery.Bundle;
import dev.bellhop.realtime.delivery.Timer;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.Frame;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.WebSocketCoreSession;
import org.eclipse.jetty.websocket.core.exception.BadPayloadException;
import org.eclipse.jetty.websocket.core.exception.MessageTooLargeException;
import org.eclipse.jetty.websocket.core.exception.ProtocolException;
import org.eclipse.jetty.websocket.core.messages.StringMessageSink;

/**
 * One WebSocket (RFC 6455) on Jetty's core API. Jetty parses what comes in, one frame at a time, and writes control frames; messages
 * go out past it, as frames that were encoded once for everybody.
 */
final class WebSocketEndpoint implements FrameHandler, Wire {
    /** How long the fragments of one message may take. */
    private static final Duration MESSAGE_TIME = Duration.ofSeconds(10);

    /** How long a client that was refused has to close its side. */
    private static final Duration REFUSAL_TIME = Duration.ofSeconds(5);

    private final Connections connections;
    private final Handshake.Outcome handshake;

    private CoreSession session;
    private InterleavingEndPoint line;
    /** Null until it was let in. */
    private volatile Connection connection;
    /** Puts fragments together; made with the first text frame. Only touched by {@link #onFrame}. */
    private StringMessageSink text;
    /** Runs while a message is incomplete. Only touched by {@link #onFrame}. */
    private Timer.Task messageDeadline;

    WebSocketEndpoint(Connections connections, Handshake.Outcome handshake) {
        this.connections = connections;
        this.handshake = handshake;
    }

    @Override
    public void onOpen(CoreSession opened, Callback callback) {
        session = opened;
        line = (InterleavingEndPoint)
                ((WebSocketCoreSession) opened).getConnection().getEndPoint();
        callback.succeeded();
        String address = address(opened.getRemoteAddress());
        if (handshake instanceof Handshake.Outcome.Refused refused) {
            refuse(refused.code(), refused.detail(), address);
            return;
        }
        Connections.Admission admission = connections.admit(this, (Handshake.Outcome.Accepted) handshake, address);
        admission.connection().ifPresentOrElse(Connection::open, () -> refuse(admission.refusal(), "limit", address));
    }

    @Override
    public void attach(Connection owner) {
        connection = owner;
    }

    private static String address(SocketAddress peer) {
        return peer instanceof InetSocketAddress inet ? inet.getAddress().getHostAddress() : String.valueOf(peer);
    }

    /** Accepted and closed at once: a browser cannot read the status of a refused handshake. */
    private void refuse(CloseCode code, String detail, String address) {
        connections.refusedHandshake(code, detail, address);
        long retryAfterMs = code == CloseCode.OVERLOADED ? 1000 : 0;
        var last = dev.bellhop.realtime.delivery.Frame.of(
                ServerMessage.disconnect(code, retryAfterMs),
                connections.clock().instant());
        if (write(List.of(Bundle.of(last)), Callback.from(() -> close(code), failure -> abort()))) {
            close(code);
        }
        connections.timer().after(REFUSAL_TIME, this::abort); // a peer that does not answer the close costs no socket
        session.demand();
    }

    // ---- frames in ----

    @Override
    public void onFrame(Frame frame, Callback callback) {
        Connection current = connection;
        if (current == null) {
            callback.succeeded();
            session.demand();
            return;
        }
        current.heard();
        switch (frame.getOpCode()) {
            case OpCode.TEXT, OpCode.CONTINUATION -> accept(frame, callback, current);
            case OpCode.BINARY -> {
                current.close(CloseCode.TEXT_ONLY);
                goOn(callback);
            }
            case OpCode.PING -> {
                Frame pong = new Frame(OpCode.PONG, BufferUtil.copy(frame.getPayload()));
                session.sendFrame(pong, Callback.from(() -> goOn(callback), failure -> goOn(callback)), false);
            }
            // Jetty answers a close when the callback succeeds; there is nothing to read after it.
            case OpCode.CLOSE -> callback.succeeded();
            default -> goOn(callback);
        }
    }

    private void goOn(Callback callback) {
        callback.succeeded();
        session.demand();
    }

    private void accept(Frame frame, Callback callback, Connection current) {
        if (text == null) {
            text = new StringMessageSink(
                    session,
                    message -> {
                        current.received((String) message[0]);
                        return null;
                    },
                    true);
        }
        watchMessage(frame.isFin(), current);
        text.accept(frame, Callback.from(callback::succeeded, failure -> {
            current.close(codeOf(failure));
            goOn(callback);
        }));
    }

    private void watchMessage(boolean complete, Connection current) {
        if (complete && messageDeadline != null) {
            messageDeadline.cancel();
            messageDeadline = null;
        } else if (!complete && messageDeadline == null) {
            messageDeadline =
                    connections.timer().after(MESSAGE_TIME, () -> current.close(CloseCode.PROTOCOL_VIOLATION));
        }
    }

    private static CloseCode codeOf(Throwable failure) {
        if (failure instanceof MessageTooLargeException) {
            return CloseCode.TOO_BIG;
        }
        if (failure instanceof BadPayloadException) {
            return CloseCode.BAD_DATA;
        }
        return failure instanceof ProtocolException ? CloseCode.PROTOCOL_ERROR : CloseCode.INTERNAL_ERROR;
    }

    // ---- frames out ----

    @Override
    public boolean write(List<Bundle> bundles, Callback later) {
        ByteBuffer[] frames = new ByteBuffer[bundles.size()];
        for (int i = 0; i < frames.length; i++) {
            frames[i] = bundles.get(i).webSocketFrames();
        }
        return line.writeFrames(session, later, frames);
    }

    @Override
    public void release() {
        line.release();
    }

    @Override
    public void listen() {
        session.demand();
    }

    @Override
    public void keepAlive() {
        session.sendFrame(new Frame(OpCode.PING, BufferUtil.EMPTY_BUFFER), Callback.NOOP, false);
    }

    @Override
    public void close(CloseCode code) {
        session.close(code.code(), code.reason(), Callback.from(() -> {}, failure -> abort()));
    }

    @Override
    public void abort() {
        session.abort();
    }

    @Override
    public String kind() {
        return "websocket";
    }

    // ---- the end ----

    @Override
    public void onError(Throwable cause, Callback callback) {
        callback.succeeded(); // onClosed follows and says what there is to say
    }

    @Override
    public void onClosed(CloseStatus status, Callback callback) {
        Connection current = connection;
        if (current != null) {
            current.ended(status.getCode());
        }
        callback.succeeded();
    }
}
