package dev.bellhop.quickstart;

import dev.bellhop.model.config.Env;
import java.net.URI;
import java.util.Map;

/** Where the two services answer, as a client on this machine writes it. */
public record Addresses(URI api, URI realtime) {
    static URI of(String host, int port) {
        boolean everywhere = host.equals("0.0.0.0") || host.equals("::");
        String reachable = everywhere ? "127.0.0.1" : host;
        return URI.create("http://" + (reachable.contains(":") ? "[" + reachable + "]" : reachable) + ":" + port);
    }

    /**
     * Where the service of an installation on this machine is expected.
     *
     * @throws StartFailure when the setting is no port, or 0, which says that only {@code up} knows it
     */
    static URI local(Map<String, String> variables, String setting, int fallback) throws StartFailure {
        try {
            Env env = new Env(variables);
            int port = env.integer(setting, fallback, 1, 65_535);
            env.rejectFaults();
            return of("127.0.0.1", port);
        } catch (Env.Faults e) {
            throw new StartFailure(e.getMessage(), e);
        }
    }

    URI webSocket(String pathAndQuery) {
        return URI.create("ws" + realtime.toString().substring("http".length()) + pathAndQuery);
    }
}
