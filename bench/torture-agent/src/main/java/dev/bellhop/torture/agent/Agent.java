package dev.bellhop.torture.agent;

import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.security.ProtectionDomain;
import java.util.Map;

/**
 * {@code -javaagent:torture-agent.jar=ORDER;ORDER…} puts failpoints and defects into a service while its classes are loaded,
 * so that the service itself holds none. An order is
 *
 * <ul>
 *   <li>{@code POINT=halt}, {@code POINT=throw} or {@code POINT=delay:MILLISECONDS}, for the points of {@link Point},
 *   <li>{@code defect=NAME}, for those of {@link Defect},
 *   <li>{@code clock=ahead:MILLISECONDS@AFTER+FOR} or {@code behind}: what java.time takes for now is off by that much from so many
 *       seconds after the start on, for so many ({@link ClockShift}),
 *   <li>{@code seed=NUMBER}, for the dice.
 * </ul>
 *
 * Behind the first two, {@code @0.02}, {@code @2%} or {@code @1/50} is a probability and {@code @3} the third time only. The JVM
 * does not start when an order is not understood, or when the service has no such class or method any more; what is for the other
 * service is passed over. Not together with {@code -XX:SharedArchiveFile}: JDK 17 crashes where an agent is shown classes of an
 * archive.
 */
public final class Agent {
    private Agent() {}

    public static void premain(String orders, Instrumentation instrumentation) {
        try {
            install(orders, instrumentation);
        } catch (RuntimeException e) {
            // What leaves this method makes the JVM abort with a core dump.
            System.err.println("torture-agent: " + e);
            Runtime.getRuntime().halt(1);
        }
    }

    private static void install(String orders, Instrumentation instrumentation) {
        Rewriting rewriting = new Rewriting(ClassLoader.getSystemClassLoader());
        Plan.take(orders == null ? "" : orders).forEach(rewriting::plant);
        Plan.clock().ifPresent(clock -> clock.arm(instrumentation));
        Map<String, byte[]> classFiles = rewriting.classFiles();
        for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
            if (classFiles.containsKey(loaded.getName())) {
                throw new IllegalStateException(loaded.getName() + " was loaded before it could be rewritten");
            }
        }
        instrumentation.addTransformer(new ClassFileTransformer() {
            @Override
            public byte[] transform(
                    ClassLoader loader, String name, Class<?> redefined, ProtectionDomain domain, byte[] classFile) {
                return name == null ? null : classFiles.get(name.replace('/', '.'));
            }
        });
    }
}
