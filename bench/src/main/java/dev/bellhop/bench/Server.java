package dev.bellhop.bench;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** A kind of server that is measured: how one is started, and how its clients speak. */
interface Server {
    String name();

    /** Why this one cannot be measured here. */
    Optional<String> absence();

    /** Whether it promises that a client which comes back gets what it missed. */
    boolean recovers();

    /** Whether it is a JVM, whose heap can be looked into. */
    boolean isJvm();

    /** Whether it takes signed batches of events. */
    boolean takesBatches();

    /** Transactions of its database since that was made; empty when it has none. A session's last second may be missing. */
    default OptionalLong transactions() throws BenchFailure {
        return OptionalLong.empty();
    }

    /** Starts a fresh one on the servers' processor and waits until it takes connections. */
    Running start() throws BenchFailure, IOException;

    /** One that runs, in a process of its own, until it is closed. */
    final class Running implements AutoCloseable {
        private static final Duration START = Duration.ofSeconds(60);
        private static final Duration QUIET = Duration.ofSeconds(5);
        private static final Duration STOP = Duration.ofSeconds(15);

        private final Process process;
        /** What it cannot do without; stopped after it. */
        private final Optional<Running> store;

        private final InetSocketAddress address;
        private final Wire wire;

        private Running(Process process, Optional<Running> store, InetSocketAddress address, Wire wire) {
            this.process = process;
            this.store = store;
            this.address = address;
            this.wire = wire;
        }

        /**
         * @param command takes connections on that port of the loopback interface
         * @param log what the process says
         */
        static Running start(
                Processes processes, List<String> command, Map<String, String> variables, int port, Path log, Wire wire)
                throws BenchFailure, IOException {
            ProcessBuilder builder =
                    new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
            builder.environment().keySet().removeIf(name -> name.startsWith("BELLHOP_"));
            builder.environment().putAll(variables);
            Process process = processes.start(builder);
            process.getOutputStream().close();
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            Running running = new Running(process, Optional.empty(), address, wire);
            long end = System.nanoTime() + START.toNanos();
            while (!running.answers()) {
                if (!process.isAlive() || System.nanoTime() > end) {
                    running.close();
                    throw new BenchFailure("The server on port " + port + " does not start; its log is " + log + ":\n"
                            + Files.readString(log).trim());
                }
            }
            return running;
        }

        private boolean answers() throws IOException, BenchFailure {
            try (Socket socket = new Socket()) {
                socket.connect(address);
                return true;
            } catch (ConnectException notYet) {
                try {
                    return process.waitFor(50, TimeUnit.MILLISECONDS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new BenchFailure("Interrupted.", e);
                }
            }
        }

        LoadClient client(Message message) throws IOException {
            return new LoadClient(address, wire, message, QUIET);
        }

        InetSocketAddress address() {
            return address;
        }

        ProcessHandle process() {
            return process.toHandle();
        }

        /** The same one, which stops its store with itself. */
        Running with(Running itsStore) {
            return new Running(process, Optional.of(itsStore), address, wire);
        }

        /** Asks it to stop and waits; one that does not is killed. */
        @Override
        public void close() {
            Processes.stop(process, STOP);
            store.ifPresent(Running::close);
        }
    }
}
