package dev.bellhop.torture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * One way through a connection of the proxy. Holds nothing while the receiver keeps up; reads no more while something
 * waits, except up to {@link #DELAYED_BYTES} of delayed bytes. Belongs to the proxy's thread.
 */
final class Pipe {
    static final int DELAYED_BYTES = 256 << 10;
    private static final int THROTTLED_READ_BYTES = 4 << 10;
    private static final long SECOND_NANOS = 1_000_000_000L;

    private record Chunk(ByteBuffer bytes, long dueNanos) {}

    final Fault.Way way;
    final SocketChannel from;
    final SocketChannel to;

    private final Deque<Chunk> waiting = new ArrayDeque<>();
    private int waitingBytes;
    /** The sender has said that nothing follows. */
    private boolean ended;
    /** And the receiver was told so. */
    private boolean finished;

    private boolean swallowing;
    private boolean lost;
    /** One of the sides is no more, and the other must not hear of it. */
    private boolean abandoned;

    private long delayNanos;
    /** 0: as fast as it goes. */
    private long bytesPerSecond;

    private double allowedBytes;
    private long allowedAtNanos;
    private long passedBytes;

    Pipe(Fault.Way way, SocketChannel from, SocketChannel to) {
        this.way = way;
        this.from = from;
        this.to = to;
    }

    /** From now on; what waits already keeps the time at which it is due. */
    void conduct(boolean swallow, long delay, long rate, long now) {
        swallowing = swallow;
        delayNanos = delay;
        if (rate != bytesPerSecond) {
            bytesPerSecond = rate;
            allowedBytes = 0;
            allowedAtNanos = now;
        }
        if (swallow && !waiting.isEmpty()) {
            lost = true;
            drop();
        }
    }

    /** Reads what is there once and passes on what may pass. */
    void read(ByteBuffer buffer, long now) throws IOException {
        buffer.clear();
        if (bytesPerSecond > 0) {
            buffer.limit(THROTTLED_READ_BYTES);
        }
        int count = from.read(buffer);
        if (count < 0) {
            end(now);
            return;
        }
        if (isSwallowing()) {
            lost |= count > 0;
            return;
        }
        buffer.flip();
        if (waiting.isEmpty() && delayNanos == 0 && bytesPerSecond == 0) {
            passedBytes += to.write(buffer);
        }
        if (buffer.hasRemaining()) {
            waitingBytes += buffer.remaining();
            waiting.add(new Chunk(
                    ByteBuffer.allocate(buffer.remaining()).put(buffer).flip(), now + delayNanos));
            flush(now);
        }
    }

    private void end(long now) throws IOException {
        ended = true;
        if (isSwallowing()) {
            lost = true;
        } else {
            waiting.add(new Chunk(ByteBuffer.allocate(0), now + delayNanos)); // the end takes its turn behind the bytes
            flush(now);
        }
    }

    /** Writes what is due and allowed, as far as the receiver takes it. */
    void flush(long now) throws IOException {
        while (!waiting.isEmpty() && waiting.peek().dueNanos() - now <= 0) {
            ByteBuffer bytes = waiting.peek().bytes();
            if (bytes.hasRemaining()) {
                int count = write(bytes, now);
                waitingBytes -= count;
                passedBytes += count;
            }
            if (bytes.hasRemaining()) {
                return;
            }
            waiting.remove();
        }
        if (ended && !finished && waiting.isEmpty() && !lost) {
            finished = true;
            to.shutdownOutput();
        }
    }

    private int write(ByteBuffer bytes, long now) throws IOException {
        if (bytesPerSecond == 0) {
            return to.write(bytes);
        }
        // At most a tenth of a second's bytes at once, so that they drip rather than gush.
        double most = Math.max(1, bytesPerSecond / 10.0);
        allowedBytes = Math.min(most, allowedBytes + (now - allowedAtNanos) * (double) bytesPerSecond / SECOND_NANOS);
        allowedAtNanos = now;
        int allowed = (int) Math.min(bytes.remaining(), allowedBytes);
        if (allowed == 0) {
            return 0;
        }
        int limit = bytes.limit();
        bytes.limit(bytes.position() + allowed);
        int count = to.write(bytes);
        bytes.limit(limit);
        allowedBytes -= count;
        return count;
    }

    /** From now on nothing passes, and nobody hears of it. */
    void abandon() {
        abandoned = true;
        lost = true;
        drop();
    }

    private void drop() {
        waiting.clear();
        waitingBytes = 0;
    }

    boolean wantsRead() {
        return !ended && (isSwallowing() || waitingBytes < (delayNanos > 0 ? DELAYED_BYTES : 1));
    }

    /** True if only the receiver's window holds the bytes back. */
    boolean wantsWrite(long now) {
        return !waiting.isEmpty() && waiting.peek().dueNanos() - now <= 0 && !isOutOfAllowance();
    }

    private boolean isOutOfAllowance() {
        return bytesPerSecond > 0 && allowedBytes < 1 && waiting.peek().bytes().hasRemaining();
    }

    /** @return nanoseconds until more may pass, or {@link Long#MAX_VALUE} if time alone changes nothing */
    long waitNanos(long now) {
        if (waiting.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long untilDue = waiting.peek().dueNanos() - now;
        if (untilDue > 0) {
            return untilDue;
        }
        return isOutOfAllowance() ? Math.max(SECOND_NANOS / bytesPerSecond, 10_000_000) : Long.MAX_VALUE;
    }

    boolean isSwallowing() {
        return swallowing || abandoned;
    }

    /** True if a fault still hides what happened. */
    boolean isCovered() {
        return swallowing;
    }

    /** True if what follows would not fit to what the receiver has. */
    boolean isBroken() {
        return lost && !isSwallowing();
    }

    boolean isAbandoned() {
        return abandoned;
    }

    boolean isEnded() {
        return ended;
    }

    boolean isFinished() {
        return finished;
    }

    long passedBytes() {
        return passedBytes;
    }

    int waitingBytes() {
        return waitingBytes;
    }
}
