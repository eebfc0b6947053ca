package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The contract as a reader and a fuzzer see it; RouteMatrixTest holds the answers of every route against it. */
class ContractTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final int NO_PYTHON = 77;

    @Test
    @DisplayName("the contract is OpenAPI 3.1, and every reference in it leads somewhere")
    void document() {
        Answer answer = api.get(null, "/openapi.json");
        assertThat(answer.header("Content-Type")).startsWith("application/json");
        JsonNode document = answer.json();
        assertThat(document.path("openapi").textValue()).isEqualTo("3.1.0");
        assertThat(document.path("paths")).hasSizeGreaterThan(30);
        List<String> references = document.findValuesAsText("$ref");
        assertThat(references).hasSizeGreaterThan(100);
        assertThat(references)
                .allSatisfy(reference -> assertThat(
                                document.at(reference.substring(1)).isObject())
                        .as(reference)
                        .isTrue());
        assertThat(document.findValuesAsText("operationId")).doesNotHaveDuplicates();
    }

    @Test
    @DisplayName("the page names every operation, and loads and runs nothing")
    void page() {
        Answer page = api.get(null, "/docs");
        assertThat(page.header("Content-Type")).startsWith("text/html");
        assertThat(page.header("Content-Security-Policy"))
                .startsWith("default-src 'none'; style-src 'sha256-")
                .doesNotContain("unsafe");
        assertThat(page.text()).doesNotContain("<script", "<link", "src=", "http:", "style=\"");
        api.get(null, "/openapi.json")
                .json()
                .findValuesAsText("operationId")
                .forEach(id -> assertThat(page.text()).contains("id=\"" + id + "\""));
    }

    /** All phases for all callers take some minutes: {@code -Dfuzz=full}. */
    @ParameterizedTest
    @CsvSource({
        "ADMIN, 'coverage,fuzzing', 3",
        "MANAGER, 'fuzzing,stateful', 3",
        "MEMBER, fuzzing, 3",
        "STRANGER, fuzzing, 3"
    })
    @DisplayName("F1 F7 F9 F10 F11 a fuzzer finds no 5xx, nothing undocumented and nothing foreign")
    void fuzzed(String caller, String phases, String examples) throws IOException, InterruptedException {
        try (World harbor = new World(api, "canaryharbor");
                World summit = new World(api, "canarysummit")) {
            World own = caller.equals("STRANGER") ? summit : harbor;
            World foreign = caller.equals("STRANGER") ? harbor : summit;
            RunningApi.User user = caller.equals("STRANGER") ? summit.hr : harbor.user(caller);
            boolean full = "full".equals(System.getProperty("fuzz"));
            ProcessBuilder fuzzer = new ProcessBuilder(
                    Path.of("contract-test").toAbsolutePath().toString(),
                    "http://127.0.0.1:" + api.port(),
                    user.token());
            fuzzer.environment()
                    .putAll(Map.of(
                            "BELLHOP_RECORDS",
                            Json.text(Map.of("own", records(own), "foreign", records(foreign))),
                            "BELLHOP_CANARY",
                            foreign.canary,
                            "CONTRACT_TEST_PHASES",
                            full ? "examples,coverage,fuzzing,stateful" : phases,
                            "CONTRACT_TEST_EXAMPLES",
                            full ? "50" : examples));
            Process running = fuzzer.redirectErrorStream(true).start();
            running.getOutputStream().close();
            String said = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = running.waitFor();
            assumeTrue(status != NO_PYTHON, said);
            assertThat(status).as(said).isZero();
        }
    }

    private static Map<String, List<UUID>> records(World world) {
        UUID chat = world.chat();
        world.message(chat);
        return Map.of(
                "entities", List.of(world.entity(), world.entity()),
                "properties", List.of(world.property),
                "departments", List.of(world.department()),
                "members", List.of(world.otherMember(), world.member.id()),
                "applications", List.of(world.application(), world.application()),
                "onboardings", List.of(world.onboarding(), world.onboardingWithForms()),
                "shares", List.of(world.share()),
                "chats", List.of(chat),
                "calls", List.of(world.call()),
                "notifications", List.of(world.notification()));
    }
}
