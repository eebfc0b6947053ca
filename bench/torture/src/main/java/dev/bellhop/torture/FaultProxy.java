package dev.bellhop.torture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Stands between clients and servers and breaks the network between them on command. Any number of {@linkplain Route
 * routes}, each a port of the loopback interface that leads to a target; one thread for all connections; at most 256 KiB
 * each way and connection, and nothing while the receiver keeps up. Thread-safe; what a method orders is in force when it
 * returns.
 */
public final class FaultProxy implements AutoCloseable {
    private static final int BACKLOG = 8192;
    private static final int BUFFER_BYTES = 64 << 10;
    /** For which nothing is accepted when the process has no file to open left. */
    private static final long PAUSE_NANOS = 50_000_000;

    private record Alarm(long nanos, Runnable what) {}

    private final Selector selector;
    private final Thread thread;
    private final Queue<Runnable> orders = new ConcurrentLinkedQueue<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);

    // All below belongs to the thread.
    private final Random random;
    private final List<Route> routes = new ArrayList<>();
    private final PriorityQueue<Alarm> alarms =
            new PriorityQueue<>((one, other) -> Long.compare(one.nanos() - other.nanos(), 0));
    private boolean closing;

    /** Why the thread has ended, once it has. Guarded by {@code orders}. */
    private Throwable end;

    /** @param seed chooses which connections are hit when a fault is to hit a share of them */
    public FaultProxy(long seed) {
        random = new Random(seed);
        try {
            selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("the proxy has no selector", e);
        }
        thread = new Thread(this::run, "fault-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    /** A new route on a free port of the loopback interface. */
    public Route route(InetSocketAddress target) {
        return route(0, target);
    }

    /** @param port to listen on, on the loopback interface */
    public Route route(int port, InetSocketAddress target) {
        return order(() -> {
            Route route = new Route(port, target);
            routes.add(route);
            return route;
        });
    }

    /** Resets every connection and stops listening. */
    @Override
    public void close() {
        tell(() -> closing = true);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private <T> T order(Supplier<T> what) {
        if (Thread.currentThread() == thread) {
            return what.get();
        }
        CompletableFuture<T> answer = new CompletableFuture<>();
        boolean told = tell(() -> {
            if (end() != null) {
                answer.completeExceptionally(new IllegalStateException("the proxy is closed", end()));
                return;
            }
            try {
                T done = what.get();
                selector.selectNow(this::proceed); // sockets are closed no earlier
                answer.complete(done);
            } catch (IOException | RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        if (!told) {
            throw new IllegalStateException("the proxy is closed", end());
        }
        try {
            return answer.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private boolean tell(Runnable what) {
        synchronized (orders) {
            if (end != null) {
                return false;
            }
            orders.add(what);
            selector.wakeup();
            return true;
        }
    }

    private Throwable end() {
        synchronized (orders) {
            return end;
        }
    }

    private void run() {
        Throwable why = new IllegalStateException("closed");
        try {
            while (!closing) {
                long wait = alarms.isEmpty() ? 0 : millisUntil(alarms.peek().nanos());
                if (alarms.isEmpty() || wait > 0) {
                    selector.select(this::proceed, wait);
                } else {
                    selector.selectNow(this::proceed);
                }
                ring();
                obey();
            }
        } catch (IOException | RuntimeException e) {
            why = e;
            throw new IllegalStateException("the proxy has failed", e);
        } finally {
            synchronized (orders) {
                end = why;
            }
            routes.forEach(Route::end);
            obey();
            closeSelector();
        }
    }

    private static long millisUntil(long nanos) {
        return (nanos - System.nanoTime() + 999_999) / 1_000_000;
    }

    private void proceed(SelectionKey key) {
        if (key.attachment() instanceof ProxiedConnection connection) {
            connection.proceed(buffer, System.nanoTime());
        } else {
            ((Route) key.attachment()).accept();
        }
    }

    private void ring() {
        while (!alarms.isEmpty() && alarms.peek().nanos() - System.nanoTime() <= 0) {
            alarms.remove().what().run();
        }
    }

    private void obey() {
        for (Runnable order = orders.poll(); order != null; order = orders.poll()) {
            order.run();
        }
    }

    private void closeSelector() {
        try {
            selector.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the proxy's selector does not close", e);
        }
    }

    /** Which connections of a route a fault hits, and since when. */
    public final class Injection {
        private final Route route;
        private final Fault fault;
        private final double share;
        private final Set<ProxiedConnection> hit = new LinkedHashSet<>();
        private final int hitAtOnce;

        private Injection(Route route, Fault fault, double share, List<ProxiedConnection> chosen) {
            this.route = route;
            this.fault = fault;
            this.share = share;
            this.hitAtOnce = chosen.size();
            chosen.forEach(this::hit);
        }

        private void hit(ProxiedConnection connection) {
            hit.add(connection);
            connection.impose(fault, System.nanoTime());
        }

        /** How many connections it found when it was imposed. */
        public int hitAtOnce() {
            return hitAtOnce;
        }

        /** Ends the fault, for all that it has hit. Harmless when it has ended. */
        public void heal() {
            order(() -> {
                if (route.injections.remove(this)) {
                    List.copyOf(hit).forEach(connection -> connection.heal(fault, System.nanoTime()));
                    route.listenAsOrdered();
                }
                return this;
            });
        }
    }

    /** What passed a route since it was made. */
    public record Traffic(long accepted, long bytesToTarget, long answersDropped) {}

    /** From a port to a target. Faults are imposed on a route, all of its connections or some. */
    public final class Route {
        private final int port;
        private InetSocketAddress target;
        private ServerSocketChannel listener;
        /** Holds the port while nobody listens, so that nobody else gets it. */
        private SocketChannel placeholder;

        private final Set<ProxiedConnection> connections = new LinkedHashSet<>();
        private final List<Injection> injections = new ArrayList<>();
        private long accepted;
        private long answersDropped;
        private long bytesOfEnded;

        private Route(int port, InetSocketAddress target) {
            this.target = target;
            listen(port);
            this.port = listener.socket().getLocalPort();
        }

        /** Where clients connect to. */
        public InetSocketAddress address() {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        }

        /** Leads new connections elsewhere. */
        public void target(InetSocketAddress newTarget) {
            order(() -> target = newTarget);
        }

        public int connections() {
            return order(connections::size);
        }

        public Traffic traffic() {
            return order(() -> new Traffic(
                    accepted,
                    connections.stream()
                                    .mapToLong(ProxiedConnection::bytesToTarget)
                                    .sum()
                            + bytesOfEnded,
                    answersDropped));
        }

        /** Bytes that the proxy itself holds for this route at the moment. */
        public long waitingBytes() {
            return order(() -> connections.stream()
                    .mapToLong(ProxiedConnection::waitingBytes)
                    .sum());
        }

        /**
         * Resets connections (RST to both sides).
         *
         * @param share of the connections, 0 to 1
         * @return how many were reset
         */
        public int cut(double share) {
            return end(chosen(share), ProxiedConnection::reset);
        }

        /** As {@link #cut(double)}, for the connections of chosen clients. */
        public int cut(Predicate<InetSocketAddress> clients) {
            return end(of(clients), ProxiedConnection::reset);
        }

        /** Ends connections in good order (FIN to both sides); what is on the way is lost. */
        public int finish(double share) {
            return end(chosen(share), connection -> connection.finish(System.nanoTime()));
        }

        private int end(Supplier<List<ProxiedConnection>> which, Consumer<ProxiedConnection> how) {
            return order(() -> {
                List<ProxiedConnection> ending = which.get();
                ending.forEach(how);
                return ending.size();
            });
        }

        /** Imposes a fault on every connection, and on every new one until it is healed. */
        public Injection impose(Fault fault) {
            return impose(fault, 1);
        }

        /** @param share of the connections, 0 to 1; each new one is hit with the same probability */
        public Injection impose(Fault fault, double share) {
            return impose(fault, share, chosen(share));
        }

        /** Imposes a fault on the connections that chosen clients have now, and on no new one. */
        public Injection impose(Fault fault, Predicate<InetSocketAddress> clients) {
            return impose(fault, 0, of(clients));
        }

        private Injection impose(Fault fault, double share, Supplier<List<ProxiedConnection>> which) {
            return order(() -> {
                Injection injection = new Injection(this, fault, share, which.get());
                injections.add(injection);
                listenAsOrdered();
                return injection;
            });
        }

        /** Ends every fault of this route. */
        public void heal() {
            order(() -> {
                List.copyOf(injections).forEach(Injection::heal);
                return this;
            });
        }

        private Supplier<List<ProxiedConnection>> chosen(double share) {
            return () -> connections.stream()
                    .filter(each -> random.nextDouble() < share)
                    .toList();
        }

        private Supplier<List<ProxiedConnection>> of(Predicate<InetSocketAddress> clients) {
            return () -> connections.stream()
                    .filter(each -> clients.test(each.clientAddress()))
                    .toList();
        }

        private void listenAsOrdered() {
            boolean refuses = injections.stream().anyMatch(each -> each.fault instanceof Fault.Refuse);
            try {
                if (refuses && listener != null) {
                    listener.close();
                    listener = null;
                    // Gone from the selector, and with it from the system, only now.
                    selector.selectNow(FaultProxy.this::proceed);
                    placeholder = SocketChannel.open();
                    placeholder.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                    placeholder.bind(address());
                } else if (!refuses && listener == null) {
                    listen(port);
                    placeholder.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("port " + port + " of the proxy", e);
            }
        }

        private void listen(int wanted) {
            try {
                listener = ServerSocketChannel.open();
                listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
                listener.setOption(StandardSocketOptions.SO_RCVBUF, ProxiedConnection.KERNEL_BUFFER_BYTES);
                listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), BACKLOG);
                listener.configureBlocking(false);
                listener.register(selector, SelectionKey.OP_ACCEPT, this);
            } catch (IOException e) {
                throw new UncheckedIOException("the proxy cannot listen on port " + wanted, e);
            }
        }

        private void accept() {
            try {
                for (SocketChannel client = listener.accept(); client != null; client = listener.accept()) {
                    accepted++;
                    take(client);
                }
            } catch (IOException noFileLeft) {
                pause();
            }
        }

        private void take(SocketChannel client) throws IOException {
            ProxiedConnection connection;
            try {
                connection = new ProxiedConnection(this, client);
            } catch (IOException e) {
                client.close();
                throw e;
            }
            connections.add(connection);
            connection.open(selector, target);
            for (Injection injection : injections) {
                if (injection.share > 0 && random.nextDouble() < injection.share && connections.contains(connection)) {
                    injection.hit(connection);
                }
            }
        }

        private void pause() {
            SelectionKey key = listener.keyFor(selector);
            key.interestOps(0);
            alarms.add(new Alarm(System.nanoTime() + PAUSE_NANOS, () -> {
                if (key.isValid()) {
                    key.interestOps(SelectionKey.OP_ACCEPT);
                }
            }));
        }

        void answerDropped() {
            answersDropped++;
        }

        void ended(ProxiedConnection connection) {
            connections.remove(connection);
            bytesOfEnded += connection.bytesToTarget();
            injections.forEach(injection -> injection.hit.remove(connection));
        }

        void alarm(long nanos, ProxiedConnection connection) {
            alarms.add(new Alarm(nanos, () -> connection.ring(nanos, buffer, System.nanoTime())));
        }

        private void end() {
            List.copyOf(connections).forEach(ProxiedConnection::reset);
            try {
                if (listener != null) {
                    listener.close();
                } else {
                    placeholder.close();
                }
            } catch (IOException e) {
                throw new UncheckedIOException("port " + port + " of the proxy does not close", e);
            }
        }
    }
}
