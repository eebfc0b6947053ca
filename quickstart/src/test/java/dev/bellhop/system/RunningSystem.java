package dev.bellhop.system;

import static org.awaitility.Awaitility.await;

import dev.bellhop.api.ApiService;
import dev.bellhop.db.PostgresExtension;
import dev.bellhop.model.security.Secret;
import dev.bellhop.model.security.Tokens;
import dev.bellhop.quickstart.DemoData;
import dev.bellhop.realtime.RealtimeService;
import dev.bellhop.realtime.testing.TestSocket;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Both real services on free ports, over a real PostgreSQL with the demo organisations, for one test class. Each service
 * can be stopped and started again on its port, as in a deployment; the addresses stay the same. Sockets are closed after
 * each test.
 *
 * <pre>{@code
 * @RegisterExtension
 * static final RunningSystem system = new RunningSystem().with("BELLHOP_PING_INTERVAL_MS", "200");
 * }</pre>
 */
public final class RunningSystem implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    /** Signs access tokens. */
    public static final String JWT_SECRET = "a-secret-of-the-tests-0123456789abcdef";

    /** Signs posts to {@code /events}. */
    public static final String EVENT_SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    private static final String HOST = "127.0.0.1";

    private final PostgresExtension postgres = new PostgresExtension();
    private final Map<String, String> settings = new TreeMap<>();
    private final Map<String, ApiClient> clients = new ConcurrentHashMap<>();
    private final Deque<Runnable> sockets = new ArrayDeque<>();
    private final OkHttpClient okHttp = new OkHttpClient();
    private RealtimeService realtime;
    private ApiService api;

    /** A setting of either service, in place of its default; for a running one it counts from its next start. */
    public RunningSystem with(String setting, String value) {
        settings.put(setting, value);
        return this;
    }

    @Override
    public void beforeAll(ExtensionContext context) throws Exception {
        postgres.create();
        settings.putIfAbsent("BELLHOP_HOST", HOST);
        settings.putIfAbsent("BELLHOP_DATABASE_URL", postgres.url());
        settings.putIfAbsent("BELLHOP_JWT_SECRET", JWT_SECRET);
        settings.putIfAbsent("BELLHOP_EVENT_SECRETS", EVENT_SECRET);
        settings.put("BELLHOP_API_PORT", "0");
        settings.put("BELLHOP_REALTIME_PORT", "0");
        startRealtime();
        settings.put("BELLHOP_REALTIME_PORT", Integer.toString(realtime.port()));
        settings.putIfAbsent("BELLHOP_REALTIME_URL", realtimeUri().toString());
        startApi();
        settings.put("BELLHOP_API_PORT", Integer.toString(api.port()));
        new DemoData(postgres.url(), apiUri()).seed();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        while (!sockets.isEmpty()) {
            sockets.pop().run();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        okHttp.dispatcher().executorService().shutdown();
        okHttp.connectionPool().evictAll();
        stopApi();
        stopRealtime();
        postgres.drop();
    }

    /** Where the API answers, also while it is stopped. */
    public URI apiUri() {
        return URI.create("http://" + HOST + ":" + settings.get("BELLHOP_API_PORT"));
    }

    /** Where the realtime service answers, also while it is stopped. */
    public URI realtimeUri() {
        return URI.create("http://" + HOST + ":" + settings.get("BELLHOP_REALTIME_PORT"));
    }

    /** A socket's address with that token; more parameters may be added behind it. */
    public URI webSocketUri(String token) {
        return URI.create("ws" + realtimeUri().toString().substring("http".length()) + "/ws?token=" + token);
    }

    /** The API as this demo user, logged in. One login for each user of a test class. */
    public ApiClient as(String email) {
        return clients.computeIfAbsent(email, user -> ApiClient.login(apiUri(), user, DemoData.PASSWORD));
    }

    /** The API as somebody who has not logged in. */
    public ApiClient anonymous() {
        return new ApiClient(apiUri(), null);
    }

    /** The access token of this demo user. */
    public String token(String email) {
        return as(email).token();
    }

    /** The id of the organisation of this demo user. */
    UUID orgOf(String email) {
        return UUID.fromString(
                as(email).get("/api/v1/me").expect(200).path("org_id").textValue());
    }

    /** A socket of this demo user by OkHttp, after its {@code connected} frame. */
    TestSocket connect(String email) {
        TestSocket socket = dial(webSocketUri(token(email)));
        socket.next("connected");
        return socket;
    }

    /** A socket by OkHttp, before its first frame. */
    TestSocket dial(URI uri) {
        String http = "http" + uri.toString().substring("ws".length());
        TestSocket socket =
                new TestSocket(okHttp, new Request.Builder().url(http).build());
        sockets.push(socket::cut);
        return socket;
    }

    /** A socket by the JDK's client, before its first frame. */
    JdkSocket dialWithJdk(URI uri) {
        JdkSocket socket = JdkSocket.dial(uri);
        sockets.push(socket::cut);
        return socket;
    }

    /** Every setting of the services, for one that runs as a process of its own. */
    Map<String, String> settings() {
        return Map.copyOf(settings);
    }

    /** Ids of the events in an organisation's log after a position, in order. */
    List<String> loggedIds(UUID orgId, long after) {
        return jdbi().withHandle(handle -> handle.createQuery("""
                        select event_id from realtime.event where org_id = :org and position > :after order by position""")
                .bind("org", orgId)
                .bind("after", after)
                .mapTo(String.class)
                .list());
    }

    /** Ids of the events in an organisation's outbox after a number, in order; the sent ones are still there. */
    List<String> outboxIds(UUID orgId, long after) {
        return jdbi().withHandle(handle -> handle.createQuery("""
                        select event_id from api.outbox where org_id = :org and org_seq > :after order by org_seq""")
                .bind("org", orgId)
                .bind("after", after)
                .mapTo(String.class)
                .list());
    }

    /** Waits until every committed event is acknowledged by the realtime service. */
    void awaitEmptyOutbox() {
        await().atMost(Duration.ofSeconds(30))
                .until(() -> jdbi().withHandle(handle -> handle.createQuery(
                                        "select count(*) from api.outbox where sent_at is null")
                                .mapTo(Long.class)
                                .one())
                        == 0);
    }

    /** The sum over all labels of a counter or gauge of the realtime service; 0 for one that never counted. */
    double realtimeMetric(String name) {
        return realtimeMetric(name, "");
    }

    /** The same over the series that have this label, spelled as {@code /metrics} does. */
    double realtimeMetric(String name, String label) {
        Matcher series = Pattern.compile("(?m)^" + Pattern.quote(name) + "(?:\\{([^}]*)})? (\\S+)$")
                .matcher(new ApiClient(realtimeUri(), null).get("/metrics").body());
        return series.results()
                .filter(match ->
                        label.isEmpty() || String.valueOf(match.group(1)).contains(label))
                .mapToDouble(match -> Double.parseDouble(match.group(2)))
                .sum();
    }

    /** Makes and checks tokens of any kind, as the services do. */
    public Tokens tokens() {
        return Tokens.hs256(Secret.ofText(settings.get("BELLHOP_JWT_SECRET")), Clock.systemUTC());
    }

    /** JDBC address with user and password. */
    public String databaseUrl() {
        return postgres.url();
    }

    /** The database beside the services, as psql would have it. */
    public Jdbi jdbi() {
        return postgres.jdbi();
    }

    public void startRealtime() {
        realtime = RealtimeService.start(dev.bellhop.realtime.Config.from(settings));
    }

    /** As SIGTERM would. Harmless when it is stopped already. */
    public void stopRealtime() {
        if (realtime != null) {
            realtime.close();
            realtime = null;
        }
    }

    public void restartRealtime() {
        stopRealtime();
        startRealtime();
    }

    public void startApi() {
        api = ApiService.start(dev.bellhop.api.Config.from(settings));
    }

    /** As SIGTERM would. Harmless when it is stopped already. */
    public void stopApi() {
        if (api != null) {
            api.close();
            api = null;
        }
    }

    public void restartApi() {
        stopApi();
        startApi();
    }
}
