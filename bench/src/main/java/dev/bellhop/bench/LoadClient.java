package dev.bellhop.bench;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * Thousands of WebSocket clients and a few publishers of one server, in the calling thread with one selector. Counts every
 * message at every client; receiving one makes no object. Publisher and receivers share a clock, so a latency needs no
 * second one.
 */
final class LoadClient implements AutoCloseable {
    /** Longest read and longest frame: what a server writes at once stays in the processor's cache. */
    private static final int INPUT_BYTES = 256 << 10;

    private static final int OUTPUT_BYTES = 16 << 10;

    /** RFC 6455, section 1.3, has this key and this answer; checking the sum is no part of the load. */
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    /** Most publishers. Their messages are numbered by themselves, since only these have an order among each other. */
    private static final int MAX_PUBLISHERS = 4;

    private static final int CONTINUATION = 0;
    private static final int TEXT = 1;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;

    private static final long MILLISECOND = 1_000_000;
    private static final long LONGEST_SELECT_MS = 50;
    /** So long a server may take for what was published to it, however steadily it goes on. */
    private static final Duration LONGEST_DRAIN = Duration.ofSeconds(60);

    private static final long LONGEST_LATENCY = Duration.ofMinutes(5).toNanos();

    private final InetSocketAddress address;
    private final Wire wire;
    private final Message message;
    private final Duration quiet;
    private final long origin = System.nanoTime();
    private final Selector selector = Selector.open();
    private final Consumer<SelectionKey> dispatch = this::dispatch;
    private final ByteBuffer input = ByteBuffer.allocateDirect(INPUT_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final ByteBuffer output = ByteBuffer.allocateDirect(OUTPUT_BYTES);
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final List<Post> posts = new ArrayList<>();

    private long now;
    private boolean following;

    // The opening under way.
    private int opening;
    private int ready;
    private int failed;
    private int dropped;
    private String firstFault = "";
    private long lastReady;
    private long openingBegan;
    private Histogram openingTimes = new Histogram(LONGEST_LATENCY, 3);
    private Histogram readyTimes = new Histogram(LONGEST_LATENCY, 3);

    /** Of the next message of each publisher; they go on from phase to phase. */
    private final long[] numbers = new long[MAX_PUBLISHERS];

    // The phase under way.
    private long published;
    private long expected;
    private long received;
    private long duplicated;
    private long reordered;
    private long answered;
    private long refused;
    private long frames;
    private long reads;
    private long firstPublished;
    private long lastReceived;
    private Histogram latencies = new Histogram(LONGEST_LATENCY, 3);

    /**
     * How messages are published.
     *
     * @param publishers connections, each with one request under way
     * @param perSecond messages a second, their stamps the times at which they are due; 0: as fast as they are answered
     * @param window without a rate, the most messages in flight: deliveries that are still to come, divided by the clients
     * @param messages at most so many
     */
    record Publishing(int publishers, double perSecond, int window, long messages, Duration duration) {
        Publishing {
            if (publishers < 1 || publishers > MAX_PUBLISHERS) {
                throw new IllegalArgumentException("1 to " + MAX_PUBLISHERS + " publishers");
            }
        }

        static Publishing asFastAsAnswered(int publishers, int window, Duration duration) {
            return new Publishing(publishers, 0, window, Long.MAX_VALUE, duration);
        }

        static Publishing atRate(int publishers, double perSecond, Duration duration) {
            return new Publishing(publishers, perSecond, Integer.MAX_VALUE, Long.MAX_VALUE, duration);
        }

        /** With a rate, those that are due in its time are sent, however late. */
        long mostMessages() {
            return perSecond > 0 ? Math.min(messages, Math.round(perSecond * duration.toNanos() / 1e9)) : messages;
        }

        Publishing lasting(Duration other) {
            return new Publishing(publishers, perSecond, window, messages, other);
        }

        static Publishing count(long messages) {
            return new Publishing(1, 0, Integer.MAX_VALUE, messages, Duration.ofSeconds(10));
        }
    }

    /**
     * What came of connecting.
     *
     * @param seconds from the first connect to the last client that was ready
     * @param times of each client, from its own connect until it was ready
     * @param sinceBegin of each client, from the first connect of all until it was ready
     * @param fault what happened to the first that failed
     */
    record Opened(int ready, int failed, double seconds, Histogram times, Histogram sinceBegin, String fault) {
        double perSecond() {
            return seconds > 0 ? ready / seconds : 0;
        }
    }

    /**
     * What came of publishing.
     *
     * @param expected deliveries: each message to each client that was ready when it was sent
     * @param received deliveries, a message that came twice counted once
     * @param dropped clients that the server has disconnected until now
     * @param seconds from the first publish to the last delivery
     */
    record Delivered(
            long published,
            long refused,
            long expected,
            long received,
            long duplicated,
            long reordered,
            int dropped,
            long frames,
            long reads,
            double seconds,
            Histogram latencies) {
        long missing() {
            return expected - received;
        }

        boolean isExact() {
            return missing() == 0 && duplicated == 0 && reordered == 0 && dropped == 0 && refused == 0;
        }

        double perSecond() {
            return seconds > 0 ? received / seconds : 0;
        }

        double perFrame() {
            return frames > 0 ? (double) received / frames : 0;
        }

        double perRead() {
            return reads > 0 ? (double) received / reads : 0;
        }
    }

    /**
     * What came of a return.
     *
     * @param seconds from the first connect until everybody was back and had everything
     */
    record Recovered(Opened opened, Delivered delivered, double seconds) {
        double perSecond() {
            return seconds > 0 ? opened.ready() / seconds : 0;
        }
    }

    /** A publisher with the buffer of its request: all but the message stays the same. */
    private static final class Post {
        private final int index;
        private final Publisher publisher;
        private final Message message;
        private final ByteBuffer request;
        private final int messageAt;

        Post(int index, Publisher publisher, Message message, ByteBuffer request, int messageAt) {
            this.index = index;
            this.publisher = publisher;
            this.message = message;
            this.request = request;
            this.messageAt = messageAt;
        }
    }

    /** @param quiet how long nothing comes until what is missing is given up */
    LoadClient(InetSocketAddress address, Wire wire, Message message, Duration quiet) throws IOException {
        this.address = address;
        this.wire = wire;
        this.message = message;
        this.quiet = quiet;
    }

    /** From now on the clients note where they stand, to come back to it. Costs an object for each frame. */
    void follow() {
        following = true;
    }

    /** Connects new clients until so many have been tried, at most {@code underWay} at a time. */
    Opened open(int clients, int underWay, Duration patience) throws IOException {
        List<Subscription> fresh = new ArrayList<>();
        for (int client = 0; client < clients; client++) {
            Subscription subscription = new Subscription(subscriptions.size(), MAX_PUBLISHERS);
            subscriptions.add(subscription);
            fresh.add(subscription);
        }
        return connect(fresh, underWay, patience);
    }

    private Opened connect(List<Subscription> closed, int underWay, Duration patience) throws IOException {
        openingTimes = new Histogram(LONGEST_LATENCY, 3);
        readyTimes = new Histogram(LONGEST_LATENCY, 3);
        failed = 0;
        firstFault = "";
        int before = ready;
        int next = 0;
        openingBegan = clock();
        long end = openingBegan + patience.toNanos();
        lastReady = openingBegan;
        while ((next < closed.size() || opening > 0) && clock() < end) {
            while (next < closed.size() && opening < underWay) {
                connect(closed.get(next++));
            }
            turn(end);
        }
        if (opening > 0) {
            fault(opening + " clients were not ready after " + patience.toSeconds() + " s");
        }
        int late = opening + closed.size() - next;
        return new Opened(
                ready - before, failed + late, (lastReady - openingBegan) / 1e9, openingTimes, readyTimes, firstFault);
    }

    private void connect(Subscription subscription) throws IOException {
        opening++;
        subscription.state = Subscription.State.CONNECTING;
        subscription.connectedAt = clock();
        if (!subscription.resumed) {
            for (int publisher = 0; publisher < MAX_PUBLISHERS; publisher++) {
                subscription.tallies[publisher].startAt(numbers[publisher]);
            }
        }
        subscription.channel = SocketChannel.open();
        Sockets.prepare(subscription.channel);
        subscription.key = subscription.channel.register(selector, SelectionKey.OP_CONNECT, subscription);
        try {
            if (subscription.channel.connect(address)) {
                shakeHands(subscription);
            }
        } catch (IOException e) {
            lost(subscription, e.getMessage());
        }
    }

    private void shakeHands(Subscription subscription) throws IOException {
        subscription.state = Subscription.State.HANDSHAKE;
        subscription.key.interestOps(SelectionKey.OP_READ);
        subscription.send(handshake(subscription.client, subscription.position));
    }

    private ByteBuffer handshake(int client, Optional<String> position) {
        String request = "GET " + wire.handshake(client, position) + " HTTP/1.1\r\n"
                + "Host: " + host() + "\r\n"
                + "Upgrade: websocket\r\n"
                + "Connection: Upgrade\r\n"
                + "Sec-WebSocket-Version: 13\r\n"
                + wire.subprotocol()
                        .map(name -> "Sec-WebSocket-Protocol: " + name + "\r\n")
                        .orElse("")
                + "Sec-WebSocket-Key: " + KEY + "\r\n\r\n";
        return ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
    }

    /**
     * Opens a connection on which nothing is ever read, with the smallest receive buffer that the system gives.
     *
     * @param client number of a user whom {@link #open} does not reach
     */
    SocketChannel stall(int client) throws IOException {
        SocketChannel channel = SocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_RCVBUF, 1);
        channel.connect(address);
        channel.write(handshake(client, Optional.empty()));
        return channel;
    }

    private String host() {
        return address.getHostString() + ":" + address.getPort();
    }

    /** Cuts every connection at once: no close frame, a reset in place of an orderly end. */
    void cut() throws IOException {
        for (Subscription subscription : subscriptions) {
            if (subscription.state != Subscription.State.CLOSED) {
                disconnect(subscription);
            }
        }
        ready = 0;
        opening = 0;
        selector.selectNow(dispatch); // a channel that is registered is closed with the next selection
    }

    private static void disconnect(Subscription subscription) throws IOException {
        subscription.channel.close();
        subscription.reset();
    }

    /** Serves the connections for a while. */
    void idle(Duration duration) throws IOException {
        long end = clock() + duration.toNanos();
        while (clock() < end) {
            turn(end);
        }
    }

    /** Publishes and waits until everything has come, or nothing comes any more. */
    Delivered publish(Publishing publishing) throws IOException {
        needPublishers(publishing.publishers());
        beginPhase();
        long begin = clock();
        long end = begin + publishing.duration().toNanos();
        long due = begin;
        double interval = publishing.perSecond() > 0 ? 1e9 / publishing.perSecond() : 0;
        long most = publishing.mostMessages();
        long last = interval > 0 ? end + LONGEST_DRAIN.toNanos() : end;
        while (now < last && published < most) {
            int first = (int) (published % publishing.publishers()); // in turns, or a server closes those that idle
            for (int turn = 0; turn < publishing.publishers() && published < most; turn++) {
                Post post = posts.get((first + turn) % publishing.publishers());
                if (post.publisher.isBusy()) {
                    continue;
                }
                if (interval > 0) {
                    if (due > now) {
                        break;
                    }
                    post(post, due);
                    due = begin + (long) (published * interval);
                } else if (isOpen(publishing.window())) {
                    post(post, now);
                }
            }
            turn(interval > 0 ? due : end);
        }
        drain();
        return endPhase(published);
    }

    /**
     * Publishes while each client loses its connection again and again, without a close frame, and comes back a while later from
     * where it stood. The first losses are spread over the whole interval. At the end everybody comes back. All messages are
     * expected at all clients.
     *
     * @param interval from one loss of a client to its next
     * @param away from a loss to the next connect
     */
    Delivered publishThroughCuts(Publishing publishing, Duration interval, Duration away) throws IOException {
        needPublishers(publishing.publishers());
        beginPhase();
        long begin = clock();
        long end = begin + publishing.duration().toNanos();
        PriorityQueue<Change> changes = new PriorityQueue<>(Comparator.comparingLong(Change::at));
        for (int index = 0; index < subscriptions.size(); index++) {
            long first = begin + interval.toNanos() * index / subscriptions.size();
            if (first < end) {
                changes.add(new Change(first, subscriptions.get(index), false));
            }
        }
        long most = publishing.mostMessages();
        long last = end + LONGEST_DRAIN.toNanos();
        while ((published < most && now < last) || !changes.isEmpty()) {
            while (!changes.isEmpty() && changes.peek().at() <= now) {
                Change change = changes.poll();
                if (change.back()) {
                    comeBack(change.subscription());
                    long nextCut = change.at() + interval.minus(away).toNanos();
                    if (nextCut < end) {
                        changes.add(new Change(nextCut, change.subscription(), false));
                    }
                } else {
                    cut(change.subscription());
                    changes.add(new Change(change.at() + away.toNanos(), change.subscription(), true));
                }
            }
            long due = published < most ? begin + (long) (published * 1e9 / publishing.perSecond()) : last;
            if (due <= now) {
                Optional<Post> free =
                        posts.stream().filter(post -> !post.publisher.isBusy()).findFirst();
                if (free.isPresent()) {
                    post(free.get(), due);
                    continue;
                }
            }
            turn(changes.isEmpty() ? due : Math.min(due, changes.peek().at()));
        }
        for (Subscription subscription : subscriptions) {
            if (subscription.state == Subscription.State.CLOSED) {
                comeBack(subscription); // the server had disconnected it
            }
        }
        expected = published * subscriptions.size();
        drain();
        return endPhase(published);
    }

    private void comeBack(Subscription subscription) throws IOException {
        subscription.resumed = true;
        connect(subscription);
    }

    /** What happens to a client next. */
    private record Change(long at, Subscription subscription, boolean back) {}

    private void cut(Subscription subscription) throws IOException {
        switch (subscription.state) {
            case READY -> ready--;
            case CONNECTING, HANDSHAKE, OPENING -> opening--;
            case CLOSED -> {
                return; // the server was quicker
            }
        }
        disconnect(subscription);
    }

    private void needPublishers(int number) throws IOException {
        while (posts.size() < number) {
            posts.add(newPost());
        }
    }

    private Post newPost() throws IOException {
        Wire.Publication publication = wire.publication();
        Message posted = publication.inString() ? message.inString() : message;
        byte[] before = publication.before().getBytes(StandardCharsets.UTF_8);
        byte[] after = publication.after().getBytes(StandardCharsets.UTF_8);
        StringBuilder head = new StringBuilder("POST " + publication.path() + " HTTP/1.1\r\nHost: " + host() + "\r\n");
        for (Map.Entry<String, String> header : publication.headers().entrySet()) {
            head.append(header.getKey()).append(": ").append(header.getValue()).append("\r\n");
        }
        head.append("Content-Type: application/json\r\nContent-Length: ")
                .append(before.length + posted.size() + after.length)
                .append("\r\n\r\n");
        byte[] headBytes = head.toString().getBytes(StandardCharsets.US_ASCII);
        int messageAt = headBytes.length + before.length;
        ByteBuffer request = ByteBuffer.allocateDirect(messageAt + posted.size() + after.length);
        request.put(headBytes).put(before).position(messageAt + posted.size()).put(after);
        return new Post(posts.size(), new Publisher(address, selector, this::answered), posted, request, messageAt);
    }

    private void beginPhase() {
        published = 0;
        expected = 0;
        received = 0;
        duplicated = 0;
        reordered = 0;
        answered = 0;
        refused = 0;
        frames = 0;
        reads = 0;
        firstPublished = 0;
        lastReceived = 0;
        latencies = new Histogram(LONGEST_LATENCY, 3);
        clock();
    }

    private boolean isOpen(int window) {
        return ready == 0 || expected - received < (long) window * ready;
    }

    private void post(Post post, long stamp) throws IOException {
        if (firstPublished == 0) {
            firstPublished = stamp;
        }
        post.message.write(post.request, post.messageAt, stamp, numbers[post.index]++ * MAX_PUBLISHERS + post.index);
        published++;
        expected += ready;
        post.publisher.send(post.request.rewind());
    }

    private void answered(Publisher publisher, int status, String answer) {
        answered++;
        if (status < 200 || status > 299) {
            refused++;
            fault("a message was refused: " + answer);
        }
    }

    private void drain() throws IOException {
        long counted = -1;
        long end = 0;
        long last = clock() + LONGEST_DRAIN.toNanos();
        while (isUnderWay() && now < last) {
            if (counted != received + answered) {
                counted = received + answered;
                end = clock() + quiet.toNanos();
            } else if (clock() >= end) {
                return;
            }
            turn(end);
        }
        // What is sent twice may come a little later.
        idle(Duration.ofMillis(50));
    }

    private boolean isUnderWay() {
        if (received < expected) {
            return true;
        }
        for (Post post : posts) {
            if (post.publisher.isBusy()) {
                return true;
            }
        }
        return false;
    }

    private Delivered endPhase(long messages) {
        double seconds = lastReceived > firstPublished ? (lastReceived - firstPublished) / 1e9 : 0;
        return new Delivered(
                messages,
                refused,
                expected,
                received,
                duplicated,
                reordered,
                dropped,
                frames,
                reads,
                seconds,
                latencies);
    }

    /**
     * Brings those that were cut off back, each from where it stood, and waits for what they missed.
     *
     * @param messages how many were published meanwhile
     */
    Recovered recover(long messages, int underWay, Duration patience) throws IOException {
        beginPhase();
        long begin = now;
        expected = messages * subscriptions.size();
        for (Subscription subscription : subscriptions) {
            subscription.resumed = true;
        }
        Opened opened = connect(subscriptions, underWay, patience);
        drain();
        double seconds = (Math.max(lastReady, lastReceived) - begin) / 1e9;
        return new Recovered(opened, endPhase(messages), seconds);
    }

    /** Clients that were ready and that the server disconnected. */
    int dropped() {
        return dropped;
    }

    /** What went wrong first, for people; empty when nothing did. */
    String fault() {
        return firstFault;
    }

    private void fault(String what) {
        if (firstFault.isEmpty()) {
            firstFault = what;
        }
    }

    /** One selection, which ends at that time at the latest. */
    private void turn(long end) throws IOException {
        long wait = Math.min((end - clock()) / MILLISECOND, LONGEST_SELECT_MS);
        if (wait < 1) {
            selector.selectNow(dispatch); // less than a millisecond is left, and a selector counts in those
        } else {
            selector.select(dispatch, wait);
        }
        clock();
    }

    private long clock() {
        now = System.nanoTime() - origin;
        return now;
    }

    private void dispatch(SelectionKey key) {
        if (key.attachment() instanceof Subscription subscription) {
            proceed(subscription, key);
            return;
        }
        try {
            ((Publisher) key.attachment()).proceed();
        } catch (IOException e) {
            throw new ProtocolFailure("A publisher lost its connection: " + e.getMessage() + ".");
        }
    }

    private void proceed(Subscription subscription, SelectionKey key) {
        try {
            if (key.isConnectable()) {
                subscription.channel.finishConnect();
                shakeHands(subscription);
                return;
            }
            if (key.isWritable()) {
                subscription.sendRest();
            }
            if (key.isReadable()) {
                read(subscription);
            }
        } catch (IOException e) {
            lost(subscription, e.getMessage());
        }
    }

    private void read(Subscription subscription) throws IOException {
        input.clear();
        subscription.restore(input);
        if (subscription.channel.read(input) < 0) {
            lost(subscription, "the server ended the connection");
            return;
        }
        clock();
        reads++;
        input.flip();
        if (subscription.state == Subscription.State.HANDSHAKE) {
            readHandshake(subscription);
        }
        if (subscription.state == Subscription.State.OPENING || subscription.state == Subscription.State.READY) {
            readFrames(subscription);
        }
        if (subscription.state != Subscription.State.CLOSED) {
            subscription.keep(input);
        }
    }

    private void readHandshake(Subscription subscription) throws IOException {
        String text = StandardCharsets.ISO_8859_1.decode(input.duplicate()).toString();
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            return;
        }
        if (!text.startsWith("HTTP/1.1 101 ") || !text.contains(ACCEPT)) {
            lost(subscription, "the handshake was refused: " + text);
            return;
        }
        input.position(end + 4);
        subscription.state = Subscription.State.OPENING;
        for (String frame : wire.opening(subscription.client, subscription.position)) {
            send(subscription, TEXT, frame.getBytes(StandardCharsets.UTF_8));
        }
        if (wire.isReadyAtHandshake()) {
            becomeReady(subscription);
        }
    }

    private void becomeReady(Subscription subscription) {
        subscription.state = Subscription.State.READY;
        opening--;
        ready++;
        lastReady = now;
        openingTimes.recordValue(Math.min(now - subscription.connectedAt, LONGEST_LATENCY));
        readyTimes.recordValue(Math.min(now - openingBegan, LONGEST_LATENCY));
    }

    /** Reads the heads of the frames that came whole, and looks for stamps in their payloads. */
    private void readFrames(Subscription subscription) throws IOException {
        int at = input.position();
        int limit = input.limit();
        while (limit - at >= 2) {
            int first = input.get(at);
            int length = input.get(at + 1);
            int head = 2;
            if (length < 0 || (first & 0xF0) != 0x80) {
                throw new ProtocolFailure("The server sent a frame that is masked, compressed or not whole.");
            }
            if (length == 126) {
                head = 4;
                if (limit - at < head) {
                    break;
                }
                length = Short.toUnsignedInt(Short.reverseBytes(input.getShort(at + 2)));
            } else if (length == 127) {
                head = 10;
                if (limit - at < head) {
                    break;
                }
                long wide = Long.reverseBytes(input.getLong(at + 2));
                if (wide < 0 || wide > INPUT_BYTES - head) {
                    throw new ProtocolFailure("The server sent a frame of " + wide + " bytes.");
                }
                length = (int) wide;
            }
            if (limit - at < head + length) {
                break;
            }
            take(subscription, first & 0x0F, at + head, at + head + length);
            if (subscription.state == Subscription.State.CLOSED) {
                return;
            }
            at += head + length;
        }
        input.position(at);
    }

    private void take(Subscription subscription, int opcode, int from, int to) throws IOException {
        if (opcode == TEXT) {
            frames++;
            count(subscription, from, to);
            if (subscription.state == Subscription.State.OPENING || following) {
                understand(subscription, text(from, to));
            }
        } else if (opcode == PING) {
            byte[] payload = new byte[to - from];
            input.get(from, payload);
            send(subscription, PONG, payload);
        } else if (opcode == CLOSE) {
            String reason = to - from >= 2 ? Short.reverseBytes(input.getShort(from)) + " " + text(from + 2, to) : "";
            lost(subscription, "the server closed with " + reason);
        } else if (opcode == CONTINUATION) {
            throw new ProtocolFailure("The server continued a message that was whole.");
        }
    }

    private String text(int from, int to) {
        byte[] bytes = new byte[to - from];
        input.get(from, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void count(Subscription subscription, int from, int to) {
        int at = Stamps.find(input, from, to);
        while (at >= 0) {
            int dot = Stamps.endOfDigits(input, at, to);
            long stamp = Stamps.number(input, at, dot);
            int end = Stamps.endOfDigits(input, dot + 1, to);
            received(subscription, stamp, Stamps.number(input, dot + 1, end));
            at = Stamps.find(input, end, to);
        }
    }

    private void received(Subscription subscription, long stamp, long number) {
        int publisher = (int) (number % MAX_PUBLISHERS);
        switch (subscription.tallies[publisher].see(number / MAX_PUBLISHERS)) {
            case DUPLICATED -> {
                duplicated++;
                return;
            }
            case REORDERED -> reordered++;
            case IN_ORDER -> {}
        }
        received++;
        lastReceived = now;
        latencies.recordValue(Math.min(Math.max(0, now - stamp), LONGEST_LATENCY));
    }

    private void understand(Subscription subscription, String frame) {
        if (following) {
            subscription.position = wire.position(frame, subscription.position);
        }
        if (subscription.state == Subscription.State.OPENING && wire.isReady(frame, subscription.resumed)) {
            becomeReady(subscription);
        }
    }

    private void send(Subscription subscription, int opcode, byte[] payload) throws IOException {
        output.clear();
        output.put((byte) (0x80 | opcode));
        if (payload.length < 126) {
            output.put((byte) (0x80 | payload.length));
        } else {
            output.put((byte) (0x80 | 126)).putShort((short) payload.length);
        }
        // Masked as every client frame is. The key keeps proxies from being misled, and there is none.
        output.putInt(0x5A5A5A5A);
        for (byte b : payload) {
            output.put((byte) (b ^ 0x5A));
        }
        subscription.send(output.flip());
    }

    private void lost(Subscription subscription, String why) {
        if (subscription.state == Subscription.State.CLOSED) {
            return;
        }
        fault("client " + subscription.client + ": " + why);
        if (subscription.state == Subscription.State.READY) {
            ready--;
            dropped++;
        } else {
            opening--;
            failed++;
        }
        subscription.reset();
        try {
            subscription.channel.close();
        } catch (IOException e) {
            throw new ProtocolFailure("A socket does not close: " + e.getMessage() + ".");
        }
    }

    @Override
    public void close() throws IOException {
        cut();
        for (Post post : posts) {
            post.publisher.close();
        }
        selector.close();
    }
}
