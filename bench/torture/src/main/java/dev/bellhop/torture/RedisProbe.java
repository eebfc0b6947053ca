package dev.bellhop.torture;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Whether a Redis has read its data: before that it answers PING with LOADING. */
final class RedisProbe {
    private static final int PATIENCE_MS = 1000;

    private RedisProbe() {}

    static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MS);
            socket.setSoTimeout(PATIENCE_MS);
            socket.getOutputStream().write("PING\r\n".getBytes(StandardCharsets.US_ASCII));
            byte[] answer = socket.getInputStream().readNBytes(5);
            return Arrays.equals(answer, "+PONG".getBytes(StandardCharsets.US_ASCII));
        } catch (IOException notYet) {
            return false;
        }
    }
}
