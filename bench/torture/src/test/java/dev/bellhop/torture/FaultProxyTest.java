package dev.bellhop.torture;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bellhop.torture.Fault.Blackhole;
import dev.bellhop.torture.Fault.Delay;
import dev.bellhop.torture.Fault.DropAnswer;
import dev.bellhop.torture.Fault.Refuse;
import dev.bellhop.torture.Fault.Throttle;
import dev.bellhop.torture.Fault.Way;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class FaultProxyTest {
    private final List<AutoCloseable> open = new ArrayList<>();
    private final FaultProxy proxy = opened(new FaultProxy(7));
    private final Recorder echo = opened(new Recorder(true));
    private final Recorder sink = opened(new Recorder(false));
    private final FaultProxy.Route route = proxy.route(echo.address());
    private final FaultProxy.Route toSink = proxy.route(sink.address());

    FaultProxyTest() throws IOException {}

    private <T extends AutoCloseable> T opened(T resource) {
        open.add(0, resource);
        return resource;
    }

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable resource : open) {
            resource.close();
        }
    }

    private Socket connect(FaultProxy.Route way) throws IOException {
        Socket socket = opened(new Socket());
        socket.setSoTimeout(20_000);
        socket.connect(way.address(), 5_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(UTF_8));
    }

    private static String receive(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), UTF_8);
    }

    private static String exchange(Socket socket, String text) throws IOException {
        send(socket, text);
        return receive(socket, text.length());
    }

    private static void assertReset(Socket socket) {
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketException.class);
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(100);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(20_000);
    }

    @Test
    void withoutAFaultBytesAndEndsPass() throws Exception {
        Socket client = connect(route);
        byte[] much = new byte[3 << 20];
        for (int i = 0; i < much.length; i++) {
            much[i] = (byte) (i * 31 + (i >> 8));
        }
        CompletableFuture<byte[]> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return client.getInputStream().readAllBytes();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        client.getOutputStream().write(much);
        client.shutdownOutput();

        assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(much);
        assertThat(echo.lines().get(0).end()).isEqualTo("end");
        await().until(() -> route.connections() == 0);
        assertThat(route.traffic()).isEqualTo(new FaultProxy.Traffic(1, much.length, 0));
        assertThat(route.waitingBytes()).isZero();
    }

    @Test
    void aServerThatEndsFirstIsHeardOut() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Socket client = connect(proxy.route((InetSocketAddress) server.getLocalSocketAddress()));
            byte[] bytes = new byte[1 << 20];
            try (Socket served = server.accept()) {
                CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
                    try {
                        served.getOutputStream().write(bytes);
                        served.shutdownOutput();
                    } catch (IOException e) {
                        throw new IllegalStateException(e);
                    }
                });
                assertThat(client.getInputStream().readAllBytes()).hasSize(bytes.length);
                sent.get(5, TimeUnit.SECONDS);
                send(client, "still heard");
                assertThat(new String(served.getInputStream().readNBytes(11), UTF_8))
                        .isEqualTo("still heard");
            }
        }
    }

    @Test
    void aCutResetsBothSides() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");

        assertThat(route.cut(1)).isEqualTo(1);

        assertReset(client);
        await().until(() -> echo.lines().get(0).end().equals("Connection reset"));
        assertThat(exchange(connect(route), "again")).isEqualTo("again");
    }

    @Test
    void aShareIsHitAndTheOthersGoOn() throws Exception {
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            clients.add(connect(route));
            exchange(clients.get(i), "hello");
        }

        int cut = route.cut(0.3);

        assertThat(cut).isBetween(30, 90);
        int reset = 0;
        for (Socket client : clients) {
            try {
                assertThat(exchange(client, "alive")).isEqualTo("alive");
            } catch (SocketException e) {
                reset++;
            }
        }
        assertThat(reset).isEqualTo(cut);
        assertThat(route.connections()).isEqualTo(200 - cut);
    }

    @Test
    void aChosenClientIsHit() throws Exception {
        Socket one = connect(route);
        Socket other = connect(route);
        exchange(one, "a");
        exchange(other, "b");

        assertThat(route.cut(address -> address.getPort() == one.getLocalPort()))
                .isEqualTo(1);

        assertReset(one);
        assertThat(exchange(other, "alive")).isEqualTo("alive");
    }

    @Test
    void anEndInGoodOrderIsSeenByBothSides() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");

        assertThat(route.finish(1)).isEqualTo(1);

        assertThat(client.getInputStream().read()).isEqualTo(-1);
        await().until(() -> echo.lines().get(0).end().equals("end"));
        client.close();
        await().until(() -> route.connections() == 0);
    }

    @Test
    void aBlackholeTakesBytesAndKeepsTheConnectionUntilItIsHealed() throws Exception {
        Socket lost = connect(route);
        Socket lucky = connect(route);
        Socket quiet = connect(route);
        exchange(lost, "hello");
        exchange(lucky, "hello");
        exchange(quiet, "hello");
        FaultProxy.Injection fault =
                route.impose(new Blackhole(Way.BOTH), address -> address.getPort() != lucky.getLocalPort());

        send(lost, "into the void");
        assertThat(exchange(lucky, "alive")).isEqualTo("alive");

        assertSilent(lost);
        assertThat(fault.hitAtOnce()).isEqualTo(2);
        assertThat(echo.lines().get(0).received()).isEqualTo("hello");
        assertThat(echo.lines().get(0).end()).isEmpty();
        fault.heal();
        assertReset(lost);
        assertThat(exchange(quiet, "nothing was lost")).isEqualTo("nothing was lost");
    }

    @Test
    void aNewConnectionFallsIntoTheHoleToo() throws Exception {
        route.impose(new Blackhole(Way.BOTH));
        Socket client = connect(route);
        send(client, "hello");
        assertSilent(client);

        route.heal();

        assertReset(client);
        assertThat(exchange(connect(route), "again")).isEqualTo("again");
    }

    @Test
    void aHalfOpenConnectionStillHearsTheServerWhoNeverHearsOfItsEnd() throws Exception {
        Socket client = connect(toSink);
        send(client, "hello");
        await().until(() ->
                sink.lines().size() == 1 && sink.lines().get(0).received().equals("hello"));
        Recorder.Line line = sink.lines().get(0);
        FaultProxy.Injection fault = toSink.impose(new Blackhole(Way.TO_TARGET));

        line.send("to you");
        assertThat(receive(client, 6)).isEqualTo("to you");
        client.setSoLinger(true, 0);
        client.close();
        for (int i = 0; i < 100; i++) {
            line.send("to nobody");
        }

        assertThat(line.end()).isEmpty();
        assertThat(toSink.connections()).isEqualTo(1);
        fault.heal();
        await().until(() -> line.end().equals("Connection reset"));
        assertThat(toSink.connections()).isZero();
    }

    @Test
    void aDelayedByteComesLaterInItsPlace() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");
        route.impose(new Delay(Way.BOTH, Duration.ofMillis(150)));

        long start = System.nanoTime();
        send(client, "one ");
        send(client, "two ");
        send(client, "three");
        String answer = receive(client, 13);

        assertThat(answer).isEqualTo("one two three");
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(300), Duration.ofSeconds(5));
        route.heal();
        start = System.nanoTime();
        exchange(client, "quick");
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(300));
    }

    @Test
    void delayedBytesAreBoundedAndTheEndComesAfterThem() throws Exception {
        Socket client = connect(toSink);
        send(client, "hello");
        await().until(() -> sink.lines().size() == 1);
        Recorder.Line line = sink.lines().get(0);
        await().until(() -> line.receivedBytes() == 5);
        FaultProxy.Injection fault = toSink.impose(new Delay(Way.TO_TARGET, Duration.ofMillis(300)));

        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            try {
                client.getOutputStream().write(new byte[2 << 20]);
                client.shutdownOutput();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        await().pollInterval(Duration.ofMillis(5)).until(() -> toSink.waitingBytes() > 100_000);
        long most = 0;
        while (!sent.isDone()) {
            most = Math.max(most, toSink.waitingBytes());
        }

        assertThat(most).isLessThanOrEqualTo(Pipe.DELAYED_BYTES + (64 << 10));
        await().atMost(Duration.ofSeconds(20)).until(() -> line.end().equals("end"));
        assertThat(line.receivedBytes()).isEqualTo((2 << 20) + 5);
        fault.heal();
    }

    @Test
    void aThrottledConnectionDripsAndItsNeighboursDoNot() throws Exception {
        Socket slow = connect(route);
        Socket quick = connect(route);
        exchange(slow, "hello");
        exchange(quick, "hello");
        route.impose(new Throttle(Way.TO_CLIENT, 100_000), address -> address.getPort() == slow.getLocalPort());
        String text = "x".repeat(50_000);

        long start = System.nanoTime();
        CompletableFuture<String> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return exchange(slow, text);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(exchange(quick, text)).isEqualTo(text);
        Duration unhindered = Duration.ofNanos(System.nanoTime() - start);

        assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(text);
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofMillis(350), Duration.ofSeconds(5));
        assertThat(unhindered).isLessThan(Duration.ofMillis(350));
    }

    @Test
    void aThrottleHoldsTheSenderBack() throws Exception {
        Socket client = connect(toSink);
        send(client, "hello");
        await().until(() -> sink.lines().size() == 1);
        Recorder.Line line = sink.lines().get(0);
        FaultProxy.Injection fault = toSink.impose(new Throttle(Way.TO_CLIENT, 1_000));

        CompletableFuture<Void> sent = CompletableFuture.runAsync(() -> {
            try {
                for (int i = 0; i < 100; i++) {
                    line.send("x".repeat(100_000));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(receive(client, 1_000)).hasSize(1_000);

        assertThat(sent).isNotDone();
        assertThat(toSink.waitingBytes()).isLessThan(64 << 10);
        fault.heal();
        assertThat(client.getInputStream().readNBytes(10_000_000 - 1_000)).hasSize(10_000_000 - 1_000);
        sent.get(5, TimeUnit.SECONDS);
    }

    @Test
    void whoIsRefusedIsRefusedByTheSystem() throws Exception {
        Socket before = connect(route);
        exchange(before, "hello");
        InetSocketAddress address = route.address();
        route.impose(new Refuse());

        assertThatThrownBy(() -> connect(route)).isInstanceOf(ConnectException.class);
        assertThat(exchange(before, "alive")).isEqualTo("alive");
        route.heal();

        assertThat(route.address()).isEqualTo(address);
        assertThat(exchange(connect(route), "again")).isEqualTo("again");
        route.impose(new Refuse()).heal();
        assertThat(exchange(connect(route), "and again")).isEqualTo("and again");
    }

    @Test
    void anAnswerIsDroppedAfterTheRequestArrived() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");
        FaultProxy.Injection fault = route.impose(new DropAnswer());

        send(client, "a request");
        assertReset(client);

        assertThat(echo.lines().get(0).received()).isEqualTo("helloa request");
        assertThat(route.traffic().answersDropped()).isEqualTo(1);
        Socket next = connect(route);
        send(next, "another");
        assertReset(next);
        fault.heal();
        assertThat(exchange(connect(route), "again")).isEqualTo("again");
    }

    @Test
    void faultsAddUpAndAreHealedOneByOne() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");
        FaultProxy.Injection shorter = route.impose(new Delay(Way.TO_TARGET, Duration.ofMillis(100)));
        FaultProxy.Injection longer = route.impose(new Delay(Way.TO_TARGET, Duration.ofMillis(600)));

        assertThat(durationOf(client)).isGreaterThanOrEqualTo(Duration.ofMillis(600));
        longer.heal();
        assertThat(durationOf(client)).isBetween(Duration.ofMillis(100), Duration.ofMillis(599));
        shorter.heal();
        shorter.heal();
        assertThat(durationOf(client)).isLessThan(Duration.ofMillis(100));
    }

    private static Duration durationOf(Socket client) throws IOException {
        long start = System.nanoTime();
        exchange(client, "hello");
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Test
    void newConnectionsGoToANewTarget() throws Exception {
        Socket old = connect(route);
        exchange(old, "hello");

        route.target(sink.address());
        Socket moved = connect(route);
        send(moved, "moved");

        await().until(() ->
                sink.lines().size() == 1 && sink.lines().get(0).received().equals("moved"));
        assertThat(exchange(old, "alive")).isEqualTo("alive");
    }

    @Test
    void aTargetThatIsDownResetsTheClientAndMayComeBack() throws Exception {
        try (ServerSocket reserved = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            route.target((InetSocketAddress) reserved.getLocalSocketAddress());
        }
        // As early as the connect, or at the first read.
        assertThatThrownBy(() -> connect(route).getInputStream().read()).isInstanceOf(SocketException.class);

        route.target(echo.address());
        assertThat(exchange(connect(route), "again")).isEqualTo("again");
        await().until(() -> route.connections() == 1);
    }

    @Test
    void thousandsOfConnectionsAreCutAtOnceAndComeBack() throws Exception {
        int count = 2_000;
        for (int round = 0; round < 2; round++) {
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                clients.add(connect(toSink));
            }
            await().until(() -> toSink.connections() == count);

            assertThat(toSink.cut(1)).isEqualTo(count);

            for (Socket client : clients) {
                assertReset(client);
                client.close();
            }
            open.removeAll(clients);
        }
        assertThat(toSink.traffic().accepted()).isEqualTo(2L * count);
    }

    @Test
    void aClosedProxyLeavesNothing() throws Exception {
        Socket client = connect(route);
        exchange(client, "hello");

        proxy.close();
        proxy.close();

        assertReset(client);
        assertThatThrownBy(() -> connect(route)).isInstanceOf(ConnectException.class);
        assertThatThrownBy(() -> route.cut(1)).isInstanceOf(IllegalStateException.class);
    }
}
