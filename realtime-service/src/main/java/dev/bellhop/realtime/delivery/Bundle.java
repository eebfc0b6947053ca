package dev.bellhop.realtime.delivery;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Frames that leave together, put into the form of the wire once for everybody who gets them. Immutable, thread-safe.
 */
public final class Bundle {
    /** Most bytes of JSON, unless one frame alone has more: enough to carry a burst in one system call. */
    static final int MAX_BYTES = 64 << 10;

    /**
     * From so many receivers on, the bytes lie outside of the heap, from where the kernel takes them without another copy for each.
     * For fewer that is not worth making such a buffer.
     */
    private static final int MANY_RECEIVERS = 32;

    private static final int TEXT_FRAME = 0x81; // FIN and the opcode of text, RFC 6455 section 5.2
    private static final int LENGTH_IN_16_BITS = 126;
    private static final int LENGTH_IN_64_BITS = 127;

    private final List<Frame> frames;
    private final int size;
    private final boolean forMany;
    /** Made when the first connection of the kind asks; made twice is the same. */
    private volatile ByteBuffer webSocketFrames;

    private volatile byte[] serverSentEvents;

    private Bundle(List<Frame> frames, int size, boolean forMany) {
        this.frames =
                List.copyOf(frames); // it may wait in a queue long after the caller's list is used for something else
        this.size = size;
        this.forMany = forMany;
    }

    public static Bundle of(Frame frame) {
        return new Bundle(List.of(frame), frame.size(), false);
    }

    /** The frames in their order, in as few bundles as their sizes allow, for one receiver or some. */
    static List<Bundle> of(List<Frame> frames) {
        return of(frames, 1);
    }

    /** The frames in their order, in as few bundles as their sizes allow, for about so many receivers. */
    static List<Bundle> of(List<Frame> frames, int receivers) {
        boolean forMany = receivers >= MANY_RECEIVERS;
        List<Bundle> bundles = new ArrayList<>(1);
        int from = 0;
        int size = 0;
        for (int i = 0; i < frames.size(); i++) {
            int next = frames.get(i).size();
            if (i > from && size + next > MAX_BYTES) {
                bundles.add(new Bundle(frames.subList(from, i), size, forMany));
                from = i;
                size = 0;
            }
            size += next;
        }
        if (from < frames.size()) {
            bundles.add(new Bundle(frames.subList(from, frames.size()), size, forMany));
        }
        return bundles;
    }

    /** Bytes of UTF-8 JSON. */
    int size() {
        return size;
    }

    int events() {
        return frames.size();
    }

    /** Place in the log of the first event, where there is one. */
    Optional<Long> firstPosition() {
        return frames.stream().flatMap(frame -> frame.logPosition().stream()).findFirst();
    }

    /** One unmasked text frame for each message (RFC 6455 section 5). The bytes are shared: not to be changed. */
    public ByteBuffer webSocketFrames() {
        ByteBuffer made = webSocketFrames;
        if (made == null) {
            made = encodeWebSocketFrames();
            webSocketFrames = made;
        }
        return made.duplicate();
    }

    private ByteBuffer encodeWebSocketFrames() {
        int bytes = 0;
        for (Frame frame : frames) {
            bytes += headerBytes(frame.size()) + frame.size();
        }
        ByteBuffer wire = forMany ? ByteBuffer.allocateDirect(bytes) : ByteBuffer.allocate(bytes);
        for (Frame frame : frames) {
            int length = frame.size();
            wire.put((byte) TEXT_FRAME);
            switch (headerBytes(length)) {
                case 2 -> wire.put((byte) length);
                case 4 -> wire.put((byte) LENGTH_IN_16_BITS).putShort((short) length);
                default -> wire.put((byte) LENGTH_IN_64_BITS).putLong(length);
            }
            wire.put(frame.json());
        }
        return wire.flip();
    }

    private static int headerBytes(int length) {
        if (length < LENGTH_IN_16_BITS) {
            return 2;
        }
        return length < 1 << 16 ? 4 : 10;
    }

    /** One event of a {@code text/event-stream} for each message (WHATWG HTML section 9.2). Shared: not to be changed. */
    public ByteBuffer serverSentEvents() {
        byte[] made = serverSentEvents;
        if (made == null) {
            made = encodeServerSentEvents();
            serverSentEvents = made;
        }
        return ByteBuffer.wrap(made);
    }

    private byte[] encodeServerSentEvents() {
        List<byte[]> heads = new ArrayList<>(frames.size());
        int bytes = 0;
        for (Frame frame : frames) {
            byte[] head = frame.eventStreamHead().getBytes(StandardCharsets.UTF_8);
            heads.add(head);
            bytes += head.length + frame.size() + 2;
        }
        ByteBuffer wire = ByteBuffer.allocate(bytes);
        for (int i = 0; i < heads.size(); i++) {
            wire.put(heads.get(i)).put(frames.get(i).json()); // JSON has no line break
            wire.put((byte) '\n').put((byte) '\n');
        }
        return wire.array();
    }
}
