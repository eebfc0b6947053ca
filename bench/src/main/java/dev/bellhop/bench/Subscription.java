package dev.bellhop.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.stream.Stream;

/** One WebSocket connection of the load client, and what it remembers between two reads. Used by one thread. */
final class Subscription {
    enum State {
        CONNECTING,
        HANDSHAKE,
        /** The handshake is over, the server has not yet said that the client is in its room. */
        OPENING,
        READY,
        CLOSED
    }

    final int client;

    /** One for each publisher. */
    final Tally[] tallies;

    State state = State.CLOSED;
    SocketChannel channel;
    SelectionKey key;
    long connectedAt;

    /** Where the client stands; empty until it is followed. */
    Optional<String> position = Optional.empty();

    /** Whether this connection takes up where an earlier one ended. */
    boolean resumed;

    /** Bytes of a frame whose end has not come yet: from 0 to its position. Null until there were any. */
    private ByteBuffer begun;

    /** What the socket did not take, ready to be read; null when it took all. */
    private ByteBuffer unsent;

    Subscription(int client, int publishers) {
        this.client = client;
        this.tallies = Stream.generate(Tally::new).limit(publishers).toArray(Tally[]::new);
    }

    /** Puts the beginning of a frame in front of what is about to be read. */
    void restore(ByteBuffer input) {
        if (begun != null && begun.position() > 0) {
            begun.flip();
            input.put(begun);
            begun.clear();
        }
    }

    /** Keeps what is left in the buffer until the next read. */
    void keep(ByteBuffer input) {
        int left = input.remaining();
        if (left == 0) {
            return;
        }
        if (begun == null || begun.capacity() < left) {
            begun = ByteBuffer.allocateDirect(Math.max(512, Integer.highestOneBit(left) << 1))
                    .order(ByteOrder.LITTLE_ENDIAN);
        }
        begun.put(input);
    }

    /** Sends the bytes, or keeps those that the socket does not take now. */
    void send(ByteBuffer bytes) throws IOException {
        if (unsent == null) {
            channel.write(bytes);
        }
        if (bytes.hasRemaining()) {
            int waiting = unsent == null ? 0 : unsent.remaining();
            ByteBuffer all = ByteBuffer.allocate(waiting + bytes.remaining());
            if (unsent != null) {
                all.put(unsent);
            }
            unsent = all.put(bytes).flip();
            key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
        }
    }

    void sendRest() throws IOException {
        if (unsent != null) {
            channel.write(unsent);
            if (unsent.hasRemaining()) {
                return;
            }
            unsent = null;
        }
        key.interestOps(SelectionKey.OP_READ);
    }

    /** Forgets what belongs to the connection that ended. */
    void reset() {
        state = State.CLOSED;
        unsent = null;
        if (begun != null) {
            begun.clear();
        }
    }
}
