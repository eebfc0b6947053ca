package dev.bellhop.quickstart;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Three checks of a realtime service that is running: a valid token connects, a missing and an invalid one are refused. */
@Command(
        name = "try",
        description = "Check a running realtime service: a valid, a missing and an invalid token.",
        mixinStandardHelpOptions = true)
final class TryCommand implements Callable<Integer> {
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration TOKEN_LIFE = Duration.ofMinutes(1);

    /** What came first over a socket. */
    private sealed interface Outcome {
        record Text(String frame) implements Outcome {}

        record Closed(int code, String reason) implements Outcome {}
    }

    @Option(
            names = "--realtime",
            paramLabel = "URL",
            description = "Where the realtime service is; http://127.0.0.1 and BELLHOP_REALTIME_PORT by default.")
    private URI realtime;

    @Option(
            names = "--token",
            paramLabel = "TOKEN",
            description = "The valid token; made with the installation's own secret or key by default.")
    private String token;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws StartFailure {
        URI base = realtime == null ? Addresses.local(System.getenv(), "BELLHOP_REALTIME_PORT", 8081) : realtime;
        Addresses addresses = new Addresses(base, base);
        String valid = token == null ? Keys.from(System.getenv()).stranger(TOKEN_LIFE) : token;
        String invalid = valid.substring(0, valid.lastIndexOf('.') + 1) + "AAAA";
        boolean connects = check("a valid token connects", addresses.webSocket("/ws?token=" + valid), this::connected);
        boolean needed =
                check("no token is refused", addresses.webSocket("/ws"), outcome -> refused(outcome, "token_missing"));
        boolean judged = check(
                "an invalid token is refused",
                addresses.webSocket("/ws?token=" + invalid),
                outcome -> refused(outcome, "token_invalid"));
        return connects && needed && judged ? 0 : 1;
    }

    /** What a check says of an outcome: empty when it is right, else what is wrong with it. */
    private interface Judge {
        Optional<String> fault(Outcome outcome);
    }

    private boolean check(String name, URI address, Judge judge) throws StartFailure {
        PrintWriter out = spec.commandLine().getOut();
        Optional<String> fault;
        try {
            fault = judge.fault(first(address));
        } catch (ExecutionException e) {
            fault = Optional.of(
                    e.getCause() instanceof ConnectException
                            ? "nothing answers at " + address.getAuthority() + "; is ./bellhop up running?"
                            : String.valueOf(e.getCause().getMessage()));
        } catch (TimeoutException e) {
            fault = Optional.of("no answer within " + PATIENCE.toSeconds() + " s");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StartFailure("Interrupted.", e);
        }
        out.println(fault.map(why -> "FAIL  " + name + ": " + why).orElse("PASS  " + name));
        return fault.isEmpty();
    }

    private Outcome first(URI address) throws ExecutionException, TimeoutException, InterruptedException {
        HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        First first = new First();
        WebSocket socket =
                client.newWebSocketBuilder().buildAsync(address, first).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        try {
            return first.outcome.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            socket.abort();
        }
    }

    private Optional<String> connected(Outcome outcome) {
        if (!(outcome instanceof Outcome.Text text)) {
            return Optional.of("expected the frame \"connected\", got " + outcome);
        }
        try {
            JsonNode frame = Json.tree(text.frame());
            return "connected".equals(frame.path("type").asText())
                    ? Optional.empty()
                    : Optional.of("expected the frame \"connected\", got " + text.frame());
        } catch (JsonProcessingException e) {
            return Optional.of("expected a frame of JSON, got " + text.frame());
        }
    }

    private Optional<String> refused(Outcome outcome, String reason) {
        boolean right = outcome instanceof Outcome.Closed closed
                && closed.code() == 1008
                && closed.reason().equals(reason);
        return right ? Optional.empty() : Optional.of("expected close 1008 " + reason + ", got " + outcome);
    }

    /** Waits for the first frame that is not the announcement of a close, or for the close. */
    private static final class First implements WebSocket.Listener {
        private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        private final StringBuilder frame = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            frame.append(part);
            if (last) {
                String text = frame.toString();
                frame.setLength(0);
                if (!text.contains("\"type\":\"disconnect\"")) {
                    outcome.complete(new Outcome.Text(text));
                }
            }
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            outcome.complete(new Outcome.Closed(code, reason));
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            outcome.completeExceptionally(error);
        }
    }
}
