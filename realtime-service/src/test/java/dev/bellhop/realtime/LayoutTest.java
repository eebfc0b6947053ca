package dev.bellhop.realtime;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The order of the packages: log, rooms, delivery, connections, ingest, admin. Each imports only what stands before it. */
class LayoutTest {
    private static final String ROOT = "dev.bellhop.realtime";

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    @DisplayName("a package imports only what stands to its left")
    void packageOrder() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("log")
                .definedBy(ROOT + ".log..")
                .layer("rooms")
                .definedBy(ROOT + ".rooms..")
                .layer("delivery")
                .definedBy(ROOT + ".delivery..")
                .layer("connections")
                .definedBy(ROOT + ".connections..")
                .layer("ingest")
                .definedBy(ROOT + ".ingest..")
                .layer("admin")
                .definedBy(ROOT + ".admin..")
                .whereLayer("admin")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("ingest")
                .mayOnlyBeAccessedByLayers("admin")
                .whereLayer("connections")
                .mayOnlyBeAccessedByLayers("ingest", "admin")
                .whereLayer("delivery")
                .mayOnlyBeAccessedByLayers("connections", "ingest", "admin")
                .whereLayer("rooms")
                .mayOnlyBeAccessedByLayers("log", "delivery", "connections", "ingest", "admin")
                .whereLayer("log")
                .mayOnlyBeAccessedByLayers("rooms", "delivery", "connections", "ingest", "admin")
                .check(classes);
    }

    @Test
    @DisplayName("log, rooms and delivery know nothing of HTTP; nothing knows the main class and the routes")
    void edges() {
        noClasses()
                .that()
                .resideInAnyPackage(ROOT + ".log..", ROOT + ".rooms..", ROOT + ".delivery..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(ROOT + ".http..", ROOT + ".health..", "io.javalin..", "jakarta.servlet..")
                .check(classes);
        noClasses()
                .that()
                .resideInAPackage(ROOT + ".*..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName(RealtimeService.class.getName())
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName(Routes.class.getName())
                .check(classes);
    }

    @Test
    @DisplayName("timers do not read the wall clock, and the sockets are not Javalin's")
    void forbiddenCalls() {
        noClasses()
                .should()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .dependOnClassesThat()
                .resideInAnyPackage("io.javalin.websocket..", "io.javalin.http.sse..")
                .check(classes);
    }
}
