package dev.bellhop.realtime.connections;

import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.realtime.delivery.SendQueue;

/** The transport below a connection. */
interface Wire extends SendQueue.Transport {
    /** {@code websocket} or {@code sse}. */
    String kind();

    /** Whose wire it is; told before anything else. */
    void attach(Connection owner);

    /** What it is to hear first has to wait: what stands before that is not held back any longer. */
    void release();

    /** From now on the client is listened to. Called once, after the {@code connected} frame was queued. */
    void listen();

    /** Asks the peer for a sign of life, or keeps what lies between from thinking that nobody is there. */
    void keepAlive();

    /** Says good-bye as the transport does. Called after the last write. */
    void close(CloseCode code);

    /** Cuts the line without a word. Harmless when it is cut already. */
    void abort();
}
