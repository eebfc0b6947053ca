package dev.bellhop.api;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.bellhop.api.auth.Access;
import io.javalin.router.Endpoint;
import io.javalin.security.Roles;
import io.javalin.security.RouteRole;
import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the code looks like, held by a test. */
class LayoutTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final JavaClasses classes = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.bellhop.api");

    private static final String[] RESOURCES = {
        "..api.organizations..", "..api.members..", "..api.properties..", "..api.departments..", "..api.entities..",
        "..api.applications..", "..api.onboarding..", "..api.shares..", "..api.chat..", "..api.calls..",
        "..api.notifications..", "..api.dashboard..", "..api.audit.."
    };

    @Test
    @DisplayName("no resource package imports another, and nothing they share imports them")
    void resourcePackagesAreIslands() {
        for (String resource : RESOURCES) {
            for (String other : RESOURCES) {
                if (!resource.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage(resource)
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage(other)
                            .allowEmptyShould(true)
                            .check(classes);
                }
            }
        }
        noClasses()
                .that()
                .resideInAnyPackage("..api.auth..", "..api.http..", "..api.outbox..", "..api.store..", "..api.health..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(RESOURCES)
                .check(classes);
        slices().matching("dev.bellhop.api.(*)..").should().beFreeOfCycles().check(classes);
    }

    @Test
    @DisplayName("F4 every statement is a text or a constant, never put together from parts")
    void noSqlIsConcatenated() throws IOException {
        Pattern call = Pattern.compile("\\.(createQuery|createUpdate|prepareBatch|execute)\\((?=\\s*[^)\\s])");
        Pattern constant = Pattern.compile(
                "\\s*(\"\"\"(?s:.*?)\"\"\"|\"(?:[^\"\\\\]|\\\\.)*\"|[A-Z][A-Z_]*|sql|\\(\\) ->)\\s*[,)a-z]");
        int calls = 0;
        for (Path file : sources()) {
            String source = Files.readString(file);
            Matcher matcher = call.matcher(source);
            while (matcher.find()) {
                calls++;
                assertThat(constant.matcher(source)
                                .region(matcher.end(), source.length())
                                .lookingAt())
                        .as(
                                "%s at %s",
                                file, source.substring(matcher.start(), Math.min(matcher.end() + 80, source.length())))
                        .isTrue();
            }
        }
        assertThat(calls).isGreaterThan(30);
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
            return files.filter(file -> file.toString().endsWith("Store.java")
                            || file.toString().endsWith("Sequencer.java"))
                    .toList();
        }
    }

    @Test
    @DisplayName("every route names exactly one group of callers, and asks for a login unless it is one of these")
    void routes() {
        List<String> open = new ArrayList<>();
        for (Endpoint route : api.service().routes()) {
            Set<RouteRole> access = route.metadata(Roles.class).getRoles();
            assertThat(access).as(route.path).hasSize(1);
            String name = route.method.name() + " " + route.path;
            if (access.contains(Access.PUBLIC)) {
                open.add(name);
                continue;
            }
            String path = route.path.replaceAll("\\{[a-z_]+}", "01a2050a-35f3-744a-9bfb-b09ffce1d0ad");
            assertThat(api.send(api.request(null, path).method(route.method.name(), BodyPublishers.noBody()))
                            .status())
                    .as(name)
                    .isEqualTo(401);
        }
        assertThat(open)
                .containsExactlyInAnyOrder(
                        "POST /api/v1/auth/login",
                        "POST /api/v1/auth/refresh",
                        "POST /api/v1/auth/logout",
                        "POST /api/v1/properties/{id}/applications",
                        "GET /health/live",
                        "GET /health/ready",
                        "GET /metrics",
                        "GET /.well-known/jwks.json",
                        "GET /openapi.json",
                        "GET /docs");
    }
}
