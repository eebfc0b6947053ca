package dev.bellhop.torture;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A server that keeps what each connection sent and how it ended, and answers with the same bytes if it is to. */
final class Recorder implements AutoCloseable {
    /** The server's end of one connection. */
    static final class Line {
        private final Socket socket;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private volatile String end = "";

        private Line(Socket socket) {
            this.socket = socket;
        }

        String received() {
            synchronized (received) {
                return received.toString(StandardCharsets.UTF_8);
            }
        }

        int receivedBytes() {
            synchronized (received) {
                return received.size();
            }
        }

        /** Empty while it stands, "end" after a FIN, otherwise what the system said. */
        String end() {
            return end;
        }

        void send(String text) throws IOException {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    private final ServerSocket listener = new ServerSocket();
    private final List<Line> lines = new CopyOnWriteArrayList<>();
    private final boolean echoes;

    /** @param echoes false: it only reads */
    Recorder(boolean echoes) throws IOException {
        this.echoes = echoes;
        listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4096);
        start(this::accept);
    }

    private static void start(Runnable what) {
        Thread thread = new Thread(what, "recorder");
        thread.setDaemon(true);
        thread.start();
    }

    InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    List<Line> lines() {
        return lines;
    }

    private void accept() {
        try {
            while (true) {
                Line line = new Line(listener.accept());
                lines.add(line);
                start(() -> serve(line));
            }
        } catch (IOException closed) {
            return; // the test is over
        }
    }

    private void serve(Line line) {
        try (Socket socket = line.socket) {
            InputStream input = socket.getInputStream();
            byte[] bytes = new byte[16 << 10];
            for (int count = input.read(bytes); count >= 0; count = input.read(bytes)) {
                synchronized (line.received) {
                    line.received.write(bytes, 0, count);
                }
                if (echoes) {
                    socket.getOutputStream().write(bytes, 0, count);
                }
            }
            line.end = "end";
        } catch (IOException e) {
            line.end = e.getMessage();
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Line line : lines) {
            line.socket.close();
        }
    }
}
