package dev.bellhop.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** A client's connection and the one to the target that belongs to it. Belongs to the proxy's thread. */
final class ProxiedConnection {
    /** Of the kernel, for each socket and way: without a limit it takes megabytes before a sender feels that nobody reads. */
    static final int KERNEL_BUFFER_BYTES = 64 << 10;

    private static final long GOODBYE_NANOS = 5_000_000_000L;

    private final FaultProxy.Route route;
    private final InetSocketAddress clientAddress;
    private final SocketChannel client;
    private final SocketChannel target = SocketChannel.open();
    private final Pipe toTarget;
    private final Pipe toClient;
    private final List<Fault> faults = new ArrayList<>();
    private SelectionKey clientKey;
    private SelectionKey targetKey;
    private boolean connected;
    private boolean dropsAnswer;
    /** When both sides were told goodbye; 0 before. */
    private long goodbyeNanos;
    /** The next time at which the proxy looks here by itself, or {@link Long#MAX_VALUE}. */
    private long alarmNanos = Long.MAX_VALUE;

    private boolean closed;

    ProxiedConnection(FaultProxy.Route route, SocketChannel client) throws IOException {
        this.route = route;
        this.client = client;
        this.clientAddress = (InetSocketAddress) client.getRemoteAddress();
        this.toTarget = new Pipe(Fault.Way.TO_TARGET, client, target);
        this.toClient = new Pipe(Fault.Way.TO_CLIENT, target, client);
    }

    void open(Selector selector, InetSocketAddress address) {
        try {
            prepare(client);
            prepare(target);
            clientKey = client.register(selector, 0, this);
            targetKey = target.register(selector, SelectionKey.OP_CONNECT, this);
            if (target.connect(address)) {
                connected();
            }
        } catch (IOException e) {
            reset();
        }
    }

    private static void prepare(SocketChannel channel) throws IOException {
        channel.configureBlocking(false);
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, KERNEL_BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, KERNEL_BUFFER_BYTES);
    }

    private void connected() throws IOException {
        target.finishConnect();
        connected = true;
    }

    /** Moves what can be moved, after the selector or the alarm found something to do. */
    void proceed(ByteBuffer buffer, long now) {
        if (closed) {
            return;
        }
        if (goodbyeNanos != 0) {
            drain(buffer, now);
            return;
        }
        if (!connected) {
            try {
                connected();
            } catch (IOException refused) {
                reset();
                return;
            }
        }
        move(toTarget, buffer, now);
        move(toClient, buffer, now);
        settle(now);
    }

    private void move(Pipe pipe, ByteBuffer buffer, long now) {
        if (closed) {
            return;
        }
        SelectionKey key = pipe == toTarget ? clientKey : targetKey;
        boolean readable = key.isValid() && key.isReadable();
        if (readable && pipe.wantsRead() && pipe == toClient && dropsAnswer) {
            dropAnswer(buffer);
            return;
        }
        try {
            if (readable && pipe.wantsRead()) {
                pipe.read(buffer, now);
            }
        } catch (IOException e) {
            fail(pipe);
            return;
        }
        try {
            pipe.flush(now);
        } catch (IOException e) {
            fail(pipe == toTarget ? toClient : toTarget);
        }
    }

    private void dropAnswer(ByteBuffer buffer) {
        buffer.clear();
        try {
            int count = target.read(buffer);
            if (count == 0) {
                return;
            }
            if (count > 0) {
                route.answerDropped();
            }
        } catch (IOException gone) {
            // The target itself took the answer back: the client sees the same.
        }
        reset();
    }

    /** The side that {@code pipe} reads from is gone. Whoever must not hear of it does not. */
    private void fail(Pipe pipe) {
        if (!pipe.isSwallowing()) {
            reset();
            return;
        }
        pipe.abandon();
        (pipe == toTarget ? toClient : toTarget).abandon();
        close(pipe.from, true);
        if (!client.isOpen() && !target.isOpen()) {
            reset();
        }
    }

    /** Asks the selector for what is wanted next, and ends what has ended. */
    void settle(long now) {
        if (closed || goodbyeNanos != 0) {
            return;
        }
        if (toTarget.isFinished() && toClient.isFinished()) {
            end(false);
            return;
        }
        if (!connected) {
            return;
        }
        interest(clientKey, toTarget, toClient, now);
        interest(targetKey, toClient, toTarget, now);
        wakeIn(Math.min(toTarget.waitNanos(now), toClient.waitNanos(now)), now);
    }

    private static void interest(SelectionKey key, Pipe out, Pipe in, long now) {
        if (key.isValid()) {
            int wanted =
                    (out.wantsRead() ? SelectionKey.OP_READ : 0) | (in.wantsWrite(now) ? SelectionKey.OP_WRITE : 0);
            if (key.interestOps() != wanted) {
                key.interestOps(wanted);
            }
        }
    }

    private void wakeIn(long nanos, long now) {
        if (nanos != Long.MAX_VALUE && now + nanos < alarmNanos) {
            alarmNanos = now + nanos;
            route.alarm(alarmNanos, this);
        }
    }

    /** The alarm of {@code nanos} has rung. */
    void ring(long nanos, ByteBuffer buffer, long now) {
        if (nanos == alarmNanos) {
            alarmNanos = Long.MAX_VALUE;
        }
        proceed(buffer, now);
    }

    void impose(Fault fault, long now) {
        faults.add(fault);
        conduct(now);
    }

    void heal(Fault fault, long now) {
        if (faults.remove(fault) && !closed) {
            conduct(now);
            boolean uncovered = toTarget.isAbandoned() && !toTarget.isCovered() && !toClient.isCovered();
            if (uncovered || toTarget.isBroken() || toClient.isBroken()) {
                reset();
            }
        }
    }

    private void conduct(long now) {
        dropsAnswer = faults.stream().anyMatch(Fault.DropAnswer.class::isInstance);
        conduct(toTarget, now);
        conduct(toClient, now);
        settle(now);
    }

    private void conduct(Pipe pipe, long now) {
        boolean swallow = false;
        long delay = 0;
        long rate = 0;
        for (Fault fault : faults) {
            if (fault instanceof Fault.Blackhole hole && hole.way().covers(pipe.way)) {
                swallow = true;
            } else if (fault instanceof Fault.Delay late && late.way().covers(pipe.way)) {
                delay = Math.max(delay, late.by().toNanos());
            } else if (fault instanceof Fault.Throttle slow && slow.way().covers(pipe.way)) {
                rate = rate == 0 ? slow.bytesPerSecond() : Math.min(rate, slow.bytesPerSecond());
            }
        }
        pipe.conduct(swallow, delay, rate, now);
    }

    /** Says goodbye to both sides with a FIN, and resets whoever does not answer it within 5 s. */
    void finish(long now) {
        if (closed || goodbyeNanos != 0) {
            return;
        }
        goodbyeNanos = now;
        toTarget.abandon();
        toClient.abandon();
        try {
            if (!connected) {
                reset();
                return;
            }
            shutDown(client);
            shutDown(target);
            for (SelectionKey key : List.of(clientKey, targetKey)) {
                if (key.isValid()) {
                    key.interestOps(SelectionKey.OP_READ);
                }
            }
            wakeIn(GOODBYE_NANOS, now);
        } catch (IOException e) {
            reset();
        }
    }

    private static void shutDown(SocketChannel channel) throws IOException {
        if (channel.isOpen()) {
            channel.shutdownOutput();
        }
    }

    private void drain(ByteBuffer buffer, long now) {
        try {
            drain(clientKey, toTarget, buffer, now);
            drain(targetKey, toClient, buffer, now);
        } catch (IOException gone) {
            reset();
            return;
        }
        if (toTarget.isEnded() && toClient.isEnded()) {
            end(false);
        } else if (now - goodbyeNanos >= GOODBYE_NANOS) {
            reset();
        }
    }

    private static void drain(SelectionKey key, Pipe pipe, ByteBuffer buffer, long now) throws IOException {
        if (key.isValid() && key.isReadable() && !pipe.isEnded()) {
            pipe.read(buffer, now);
            if (pipe.isEnded()) {
                key.interestOps(0);
            }
        }
    }

    /** Ends both sides at once, each with a RST. */
    void reset() {
        end(true);
    }

    private void end(boolean hard) {
        if (!closed) {
            closed = true;
            close(client, hard);
            close(target, hard);
            route.ended(this);
        }
    }

    private static void close(SocketChannel channel, boolean hard) {
        try {
            if (channel.isOpen()) {
                if (hard) {
                    channel.setOption(StandardSocketOptions.SO_LINGER, 0);
                }
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a socket of the proxy does not close", e);
        }
    }

    InetSocketAddress clientAddress() {
        return clientAddress;
    }

    long bytesToTarget() {
        return toTarget.passedBytes();
    }

    int waitingBytes() {
        return toTarget.waitingBytes() + toClient.waitingBytes();
    }
}
