package dev.bellhop.torture.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every point and defect against the classes of the services as they are now: a renamed method disarms nothing in silence. */
class RewritingTest {
    private static final ClassLoader SERVICES = RewritingTest.class.getClassLoader();

    static Stream<String> names() {
        return Stream.concat(Point.wireNames().stream(), Defect.wireNames().stream());
    }

    private static List<Target> targets(String name) {
        return Stream.concat(
                        Arrays.stream(Point.values())
                                .filter(point -> point.wireName().equals(name))
                                .flatMap(point -> point.targets().stream()),
                        Arrays.stream(Defect.values())
                                .filter(defect -> defect.wireName().equals(name))
                                .flatMap(defect -> defect.targets().stream()))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("names")
    void isPutIntoItsMethods(String name) throws Exception {
        Rewriting rewriting = new Rewriting(SERVICES);
        rewriting.plant(name);
        Map<String, byte[]> classFiles = rewriting.classFiles();

        for (Target target : targets(name)) {
            // What is put in calls its own class or the plan, which the services' class files never name.
            String called =
                    target.advice().startsWith("dev.bellhop.torture.agent.") ? Plan.class.getName() : target.advice();
            byte[] rewritten = classFiles.get(target.type());
            assertThat(names(original(target.type()), called)).isFalse();
            assertThat(names(rewritten, called) || names(rewritten, Plan.class.getName()))
                    .as(name + " in " + target.type())
                    .isTrue();
        }
        new Verifying(classFiles).verify();
    }

    @Test
    void allTogetherStillVerify() throws Exception {
        Rewriting rewriting = new Rewriting(SERVICES);
        names().forEach(rewriting::plant);
        new Verifying(rewriting.classFiles()).verify();
    }

    private static byte[] original(String type) throws IOException {
        try (InputStream file = SERVICES.getResourceAsStream(type.replace('.', '/') + ".class")) {
            return file.readAllBytes();
        }
    }

    private static boolean names(byte[] classFile, String type) {
        return new String(classFile, StandardCharsets.ISO_8859_1).contains(type.replace('.', '/'));
    }

    /** Loads the rewritten classes beside the originals of the rest, and has the JVM verify them. */
    private static final class Verifying extends ClassLoader {
        private final Map<String, byte[]> rewritten;

        Verifying(Map<String, byte[]> rewritten) {
            super(SERVICES);
            this.rewritten = new HashMap<>(rewritten);
        }

        void verify() throws ClassNotFoundException {
            for (String type : rewritten.keySet()) {
                assertThat(Class.forName(type, true, this).getClassLoader()).isSameAs(this);
            }
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("dev.bellhop.") || name.startsWith("dev.bellhop.torture.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? define(name) : loaded;
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try {
                byte[] classFile = rewritten.containsKey(name) ? rewritten.get(name) : original(name);
                return defineClass(name, classFile, 0, classFile.length);
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    /** As a service's own jar has it: nothing of the other service is there. */
    private static ClassLoader without(String packages) {
        return new ClassLoader(SERVICES) {
            @Override
            public URL getResource(String name) {
                return name.startsWith(packages) ? null : super.getResource(name);
            }

            @Override
            public InputStream getResourceAsStream(String name) {
                return name.startsWith(packages) ? null : super.getResourceAsStream(name);
            }
        };
    }

    @Test
    void eachServiceTakesWhatIsForIt() {
        Rewriting api = new Rewriting(without("dev/bellhop/realtime/"));
        names().forEach(api::plant);
        assertThat(api.classFiles().keySet()).isNotEmpty().allMatch(type -> type.startsWith("dev.bellhop.api."));

        Rewriting realtime = new Rewriting(without("dev/bellhop/api/"));
        names().forEach(realtime::plant);
        assertThat(realtime.classFiles().keySet())
                .isNotEmpty()
                .allMatch(type -> type.startsWith("dev.bellhop.realtime."));

        assertThat(SERVICES.getResource(Rewriting.API.replace('.', '/') + ".class"))
                .isNotNull();
        assertThat(SERVICES.getResource(Rewriting.REALTIME.replace('.', '/') + ".class"))
                .isNotNull();
        assertThatThrownBy(() -> new Rewriting(without("dev/bellhop/api/outbox/")).plant("relay.afterPost"))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whatIsNotThereIsAnError() {
        assertThatThrownBy(() -> new Rewriting(SERVICES).plant("relay.afterLunch"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("relay.afterLunch")
                .hasMessageContaining("relay.afterPost")
                .hasMessageContaining("silent-gap");
        ClassLoader noServices = new ClassLoader(null) {};
        assertThatThrownBy(() -> new Rewriting(noServices).plant("relay.afterPost"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("relay.afterPost: there is no class dev.bellhop.api.outbox.EventPoster");
    }
}
