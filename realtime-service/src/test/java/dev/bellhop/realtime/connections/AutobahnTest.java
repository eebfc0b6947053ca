package dev.bellhop.realtime.connections;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Autobahn's fuzzing client against the transport, where somebody has it: {@code -Dwstest=} names the program. It needs Python
 * 2.7 ({@code pip install autobahntestsuite==25.10.1}). Without compression (12, 13) and the long runs of section 9.
 */
@EnabledIfSystemProperty(named = "wstest", matches = ".+")
class AutobahnTest {
    @TempDir
    Path folder;

    @Test
    @DisplayName("RFC 6455 by Autobahn: no case fails")
    void cases() throws Exception {
        Server server = EchoServer.start();
        try {
            int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();
            Path settings = folder.resolve("fuzzingclient.json");
            Files.write(
                    settings,
                    Json.bytes(Map.of(
                            "outdir", folder.resolve("report").toString(),
                            "servers", List.of(Map.of("agent", "bellhop", "url", "ws://127.0.0.1:" + port + "/")),
                            "cases", List.of("*"),
                            "exclude-cases", List.of("9.*", "12.*", "13.*"),
                            "exclude-agent-cases", Map.of())));
            Process client = new ProcessBuilder(
                            System.getProperty("wstest"), "-m", "fuzzingclient", "-s", settings.toString())
                    .redirectErrorStream(true)
                    .redirectOutput(folder.resolve("output").toFile())
                    .start();
            assertThat(client.waitFor(5, TimeUnit.MINUTES)).isTrue();
            assertThat(client.exitValue()).isZero();
        } finally {
            server.stop();
        }
        JsonNode report = Json.mapper()
                .readTree(Files.readAllBytes(folder.resolve("report").resolve("index.json")))
                .path("bellhop");
        List<String> failed = new ArrayList<>();
        report.properties().forEach(result -> {
            boolean good = List.of("OK", "NON-STRICT", "INFORMATIONAL")
                            .contains(result.getValue().path("behavior").textValue())
                    && List.of("OK", "INFORMATIONAL")
                            .contains(result.getValue().path("behaviorClose").textValue());
            if (!good) {
                failed.add(result.getKey() + " " + result.getValue());
            }
        });
        assertThat(failed).isEmpty();
        assertThat(report.size()).isGreaterThan(200);
    }
}
