package dev.bellhop.realtime.connections;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.Config;
import dev.bellhop.realtime.http.TokenChecks;
import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.realtime.log.LogStore;
import dev.bellhop.realtime.rooms.Standing;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.function.Function;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.eclipse.jetty.util.thread.Scheduler;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.WebSocketConstants;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeRequest;
import org.eclipse.jetty.websocket.core.server.ServerUpgradeResponse;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;
import org.eclipse.jetty.websocket.core.server.WebSocketUpgradeHandler;

/**
 * The door for clients, in front of everything that speaks plain HTTP: WebSocket upgrades of {@code /ws} and
 * {@code /ws/dashboard}, and the event stream {@code GET /events}. What is wrong with the request itself is refused with a
 * status; what is wrong with the token ends an accepted connection with a close code.
 */
public final class RealtimeHandler extends Handler.Wrapper {
    private static final Set<String> SOCKET_PATHS = Set.of("/ws", "/ws/dashboard");
    private static final String STREAM_PATH = "/events";

    /** Connections that may wait to be taken: everybody comes back at once after a restart. */
    private static final int ACCEPT_QUEUE = 4096;

    /** Calls that may wait for the log at once. */
    private static final int WAITING_CALLS = 64;

    private final Connections connections;
    private final Handshake handshake;
    private final Origins origins;
    private final ConnectRate rate;
    private final HistoryStart history;
    private final Function<UUID, Standing> standings;
    /** For calls that read the log. The server's own threads are few, and are there for those who connect and publish. */
    private final QueuedThreadPool reading = new QueuedThreadPool(WAITING_CALLS, 1);

    /**
     * @param standings of an organisation; may block
     * @param next serves everything else
     */
    public RealtimeHandler(
            Connections connections,
            TokenChecks tokens,
            EventLog log,
            Function<UUID, Standing> standings,
            Config config,
            Handler next) {
        this.connections = connections;
        this.handshake = new Handshake(tokens);
        this.origins = new Origins(config.allowedOrigins());
        this.rate = new ConnectRate(config.limits().connectsPerSecond());
        this.standings = standings;
        this.history = new HistoryStart(log, standings, config.limits().roomsPerConnection());
        WebSocketUpgradeHandler upgrades = new WebSocketUpgradeHandler(new WebSocketComponents());
        upgrades.setHandler(next);
        for (String path : SOCKET_PATHS) {
            upgrades.addMapping(path, new Negotiator(config.limits().messageBytes()));
        }
        setHandler(upgrades);
        reading.setName("reading");
        installBean(reading);
    }

    /** Listens on the configured address with sockets that this handler's WebSockets can be written to. */
    public static ServerConnector connector(Server server, HttpConfiguration http, Config config) {
        int selectors = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        ServerConnector connector = new ServerConnector(server, 1, selectors, new HttpConnectionFactory(http)) {
            @Override
            protected SocketChannelEndPoint newEndPoint(
                    SocketChannel channel, ManagedSelector selector, SelectionKey key) {
                SocketChannelEndPoint line = new InterleavingEndPoint(channel, selector, key, getScheduler());
                line.setIdleTimeout(getIdleTimeout());
                return line;
            }

            @Override
            protected SelectorManager newSelectorManager(Executor executor, Scheduler scheduler, int count) {
                return new ServerConnectorManager(executor, scheduler, count) {
                    /** A new socket waits for nothing; a thread of its own would cost more than all that it needs. */
                    @Override
                    protected void execute(Runnable task) {
                        if (task instanceof ManagedSelector.SelectorUpdate) {
                            task.run();
                        } else {
                            super.execute(task);
                        }
                    }
                };
            }
        };
        connector.setHost(config.host());
        connector.setPort(config.port());
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        return connector;
    }

    /** A handshake waits for nothing and is done where it was read; what may wait does so on another thread. */
    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        String path = Request.getPathInContext(request);
        boolean isGet = HttpMethod.GET.is(request.getMethod());
        boolean connects = isGet && (SOCKET_PATHS.contains(path) || path.equals(STREAM_PATH));
        if (connects && !rate.allows(address(request))) {
            connections.refusedHandshake(CloseCode.OVERLOADED, "rate", address(request));
            refuse(
                    Problem.tooManyRequests("Too many attempts from this address.", Duration.ofSeconds(1)),
                    request,
                    response,
                    callback);
            return true;
        }
        if (connects && connections.isDraining()) { // a little later Jetty would say Connection: Upgrade,close
            connections.refusedHandshake(CloseCode.RESTARTING, "draining", address(request));
            refuse(Problem.unavailable("The service is stopping.", Duration.ofSeconds(1)), request, response, callback);
            return true;
        }
        if (isGet && SOCKET_PATHS.contains(path)) {
            Optional<Problem> fault = upgradeFault(request);
            if (fault.isPresent()) {
                refuse(fault.get(), request, response, callback);
                return true;
            }
            return super.handle(new ReadUpgrade(request, handshake.read(request)), response, callback);
        } else if (isGet && path.equals(STREAM_PATH)) {
            onAnotherThread(reading, request, response, callback, () -> {
                stream(request, response, callback);
                return true;
            });
            return true;
        } else if (HttpMethod.OPTIONS.is(request.getMethod()) && path.equals(STREAM_PATH)) {
            preflight(request, response, callback);
            return true;
        } else if (path.equals(STREAM_PATH) && !HttpMethod.POST.is(request.getMethod())) {
            Problem problem =
                    Problem.of(405, "method-not-allowed", "Method not allowed", "This address takes other methods.");
            refuse(problem.header("Allow", "GET, POST, OPTIONS"), request, response, callback);
            return true;
        }
        boolean publishes = HttpMethod.POST.is(request.getMethod());
        Executor threads = publishes ? request.getComponents().getExecutor() : reading;
        onAnotherThread(threads, request, response, callback, () -> super.handle(request, response, callback));
        return true;
    }

    /** As {@link #handle}, and may block. */
    private interface Answering {
        boolean handle() throws Exception;
    }

    private static void onAnotherThread(
            Executor threads, Request request, Response response, Callback callback, Answering answering) {
        threads.execute(() -> {
            try {
                if (!answering.handle()) {
                    Response.writeError(request, response, callback, HttpStatus.NOT_FOUND_404);
                }
            } catch (Throwable failure) {
                Response.writeError(request, response, callback, failure);
            }
        });
    }

    // ---- WebSocket ----

    /** RFC 6455 section 4.2.1, and the origin. */
    private Optional<Problem> upgradeFault(Request request) {
        HttpFields headers = request.getHeaders();
        if (!headers.contains(HttpHeader.UPGRADE, "websocket")
                || request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_1_1) {
            return Optional.of(Problem.of(426, "upgrade-required", "Upgrade required", "This address speaks WebSocket.")
                    .header("Upgrade", "websocket")
                    .header("Connection", "Upgrade"));
        }
        if (!WebSocketConstants.SPEC_VERSION_STRING.equals(headers.get(HttpHeader.SEC_WEBSOCKET_VERSION))) {
            return Optional.of(
                    Problem.of(426, "websocket-version", "Upgrade required", "WebSocket version 13 is spoken.")
                            .header("Sec-WebSocket-Version", WebSocketConstants.SPEC_VERSION_STRING));
        }
        if (!headers.contains(HttpHeader.CONNECTION, "upgrade") || !isKey(headers)) {
            return Optional.of(Problem.badRequest("handshake", "The WebSocket handshake is malformed."));
        }
        return origins.allows(request)
                ? Optional.empty()
                : Optional.of(Problem.of(403, "origin", "Forbidden", "Pages of this origin may not connect."));
    }

    private static boolean isKey(HttpFields headers) {
        List<String> keys = headers.getValuesList(HttpHeader.SEC_WEBSOCKET_KEY);
        try {
            return keys.size() == 1 && Base64.getDecoder().decode(keys.get(0)).length == 16;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** An upgrade of which everything was read that is of use. Jetty keeps its address, so that one has no token in it. */
    private static final class ReadUpgrade extends Request.Wrapper {
        private final Handshake.Outcome handshake;
        private final HttpURI address;

        ReadUpgrade(Request request, Handshake.Outcome handshake) {
            super(request);
            this.handshake = handshake;
            this.address = HttpURI.build(request.getHttpURI()).query(null).asImmutable();
        }

        Handshake.Outcome handshake() {
            return handshake;
        }

        @Override
        public HttpURI getHttpURI() {
            return address;
        }
    }

    private final class Negotiator implements WebSocketNegotiator {
        private final int messageBytes;

        Negotiator(int messageBytes) {
            this.messageBytes = messageBytes;
        }

        @Override
        public FrameHandler negotiate(ServerUpgradeRequest request, ServerUpgradeResponse response, Callback callback) {
            if (request.hasSubProtocol(Handshake.SUBPROTOCOL)) {
                response.setAcceptedSubProtocol(Handshake.SUBPROTOCOL);
            }
            response.setExtensions(List.of()); // no compression: it costs memory for each connection and invites bombs
            return new WebSocketEndpoint(
                    connections, Request.as(request, ReadUpgrade.class).handshake());
        }

        @Override
        public void customize(Configuration configuration) {
            configuration.setMaxTextMessageSize(messageBytes);
            // Frames come in as they arrive and are counted when put together. A limit here would hold for our own
            // frames too, which may be larger than what a client may say.
            configuration.setMaxFrameSize(0);
            configuration.setAutoFragment(true);
            configuration.setIdleTimeout(Duration.ZERO); // pings and their answers decide who is alive
        }
    }

    // ---- server-sent events ----

    private void stream(Request request, Response response, Callback callback) {
        allowOrigin(request, response);
        Handshake.Outcome outcome = handshake.read(request);
        if (!origins.allows(request)) {
            refuse(
                    Problem.of(403, "origin", "Forbidden", "Pages of this origin may not connect."),
                    request,
                    response,
                    callback);
        } else if (outcome instanceof Handshake.Outcome.Refused refused) {
            connections.refusedHandshake(refused.code(), refused.detail(), address(request));
            refuse(unauthorized(refused.code()), request, response, callback);
        } else {
            Handshake.Outcome.Accepted accepted = (Handshake.Outcome.Accepted) outcome;
            Optional<CloseCode> revoked = revoked(accepted.principal());
            if (revoked.isPresent()) {
                connections.refusedHandshake(revoked.get(), "standing", address(request));
                refuse(Problem.unauthorized("token-revoked", "The token was revoked."), request, response, callback);
                return;
            }
            try {
                accepted = withHistory(request, withLastEventId(request, accepted));
            } catch (Problem problem) {
                refuse(problem, request, response, callback);
                return;
            }
            stream(accepted, request, response, callback);
        }
    }

    /** Why the bearer may not be here any more. May block; while the log is away nothing is known, and the stream says so. */
    private Optional<CloseCode> revoked(Principal token) {
        try {
            return standings.apply(token.org()).judge(token) instanceof Standing.Verdict.Refused refused
                    ? Optional.of(refused.reason())
                    : Optional.empty();
        } catch (RuntimeException failure) {
            if (LogStore.isAway(failure)) {
                return Optional.empty();
            }
            throw failure;
        }
    }

    private void stream(Handshake.Outcome.Accepted accepted, Request request, Response response, Callback callback) {
        SseEndpoint endpoint = new SseEndpoint(request, response, callback);
        Connections.Admission admission = connections.admit(endpoint, accepted, address(request));
        if (admission.connection().isEmpty()) {
            connections.refusedHandshake(admission.refusal(), "limit", address(request));
            refuse(Problem.unavailable("No more connections now.", Duration.ofSeconds(2)), request, response, callback);
            return;
        }
        response.setStatus(200);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "text/event-stream");
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        response.getHeaders().put("X-Accel-Buffering", "no");
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        request.addIdleTimeoutListener(
                timeout -> false); // comments keep the line busy; a reader that stalls is too slow
        admission.connection().get().open();
    }

    /** The header of a browser that reconnects by itself wins over the address, which it cannot change. */
    private static Handshake.Outcome.Accepted withLastEventId(Request request, Handshake.Outcome.Accepted accepted) {
        String lastEventId = request.getHeaders().get("Last-Event-ID");
        return lastEventId == null || lastEventId.isEmpty()
                ? accepted
                : new Handshake.Outcome.Accepted(accepted.principal(), lastEventId, accepted.wantedRooms(), false);
    }

    /** A cursor says where to start, so with one a history is asked for in vain. */
    private Handshake.Outcome.Accepted withHistory(Request request, Handshake.Outcome.Accepted accepted) {
        String text = Query.parameters(request).getValue("history");
        if (text == null) {
            return accepted;
        }
        int count = HistoryStart.count(text);
        if (accepted.cursor() != null) {
            return accepted;
        }
        try {
            return history.cursor(accepted.principal(), accepted.wantedRooms(), count)
                    .map(cursor ->
                            new Handshake.Outcome.Accepted(accepted.principal(), cursor, accepted.wantedRooms(), true))
                    .orElse(accepted);
        } catch (RuntimeException failure) {
            if (LogStore.isAway(failure)) {
                throw Problem.unavailable("The event log cannot be reached.", Duration.ofSeconds(1));
            }
            throw failure;
        }
    }

    private static Problem unauthorized(CloseCode code) {
        return switch (code) {
            case TOKEN_MISSING -> Problem.unauthorized("token-missing", "A token is needed.");
            case TOKEN_EXPIRED -> Problem.unauthorized("token-expired", "The token has expired.");
            default -> Problem.unauthorized("invalid-token", "The token is not valid.");
        };
    }

    private void allowOrigin(Request request, Response response) {
        String origin = request.getHeaders().get(HttpHeader.ORIGIN);
        if (origin != null && origins.allows(request)) {
            response.getHeaders().put(HttpHeader.ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.getHeaders().add(HttpHeader.VARY, "Origin");
        }
    }

    private void preflight(Request request, Response response, Callback callback) {
        allowOrigin(request, response);
        response.setStatus(204);
        response.getHeaders().put("Access-Control-Allow-Methods", "GET");
        response.getHeaders().put("Access-Control-Allow-Headers", "Authorization, Last-Event-ID, Cache-Control");
        response.getHeaders().put("Access-Control-Max-Age", "600");
        response.write(true, null, callback);
    }

    // ---- refusals ----

    private static void refuse(Problem problem, Request request, Response response, Callback callback) {
        byte[] body = Json.bytes(problem.body(Request.getPathInContext(request), Optional.empty()));
        response.setStatus(problem.status());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
        problem.headers().forEach((name, value) -> response.getHeaders().put(name, value));
        response.write(true, ByteBuffer.wrap(body), callback);
    }

    private static String address(Request request) {
        SocketAddress peer = request.getConnectionMetaData().getRemoteSocketAddress();
        return peer instanceof InetSocketAddress inet ? inet.getAddress().getHostAddress() : String.valueOf(peer);
    }
}
