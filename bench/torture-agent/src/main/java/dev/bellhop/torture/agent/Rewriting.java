package dev.bellhop.torture.agent;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.bytebuddy.ByteBuddy;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.description.method.MethodDescription;
import net.bytebuddy.description.type.TypeDescription;
import net.bytebuddy.dynamic.ClassFileLocator;
import net.bytebuddy.dynamic.DynamicType;
import net.bytebuddy.dynamic.scaffold.TypeValidation;
import net.bytebuddy.matcher.ElementMatchers;
import net.bytebuddy.pool.TypePool;

/** Makes new class files of the services' own, without loading any of their classes. */
final class Rewriting {
    static final String API = "dev.bellhop.api.ApiService";
    static final String REALTIME = "dev.bellhop.realtime.RealtimeService";

    private final ClassFileLocator files;
    private final TypePool types;
    /** By name of the class. */
    private final Map<String, DynamicType.Builder<?>> rewritten = new LinkedHashMap<>();

    /** @param classes where the class files of the services and of the advice are found */
    Rewriting(ClassLoader classes) {
        files = ClassFileLocator.ForClassLoader.of(classes);
        types = TypePool.Default.of(files);
    }

    /**
     * Puts a point or a defect into every method that it has to be in.
     *
     * @throws IllegalArgumentException when there is none of that name
     * @throws IllegalStateException when the service has no such class or method
     */
    void plant(String name) {
        List<Target> targets = Stream.concat(
                        Arrays.stream(Point.values())
                                .filter(point -> point.wireName().equals(name))
                                .map(Point::targets),
                        Arrays.stream(Defect.values())
                                .filter(defect -> defect.wireName().equals(name))
                                .map(Defect::targets))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no point \"" + name + "\"; there are "
                        + Point.wireNames() + " and the defects " + Defect.wireNames()));
        targets.stream().filter(this::isHere).forEach(target -> plant(name, target));
    }

    /** Both services may be given the same orders: each passes over what is for the other one. */
    private boolean isHere(Target target) {
        boolean onlyTheOtherIs = target.isOfApi() ? has(REALTIME) && !has(API) : has(API) && !has(REALTIME);
        return !onlyTheOtherIs;
    }

    private boolean has(String type) {
        return types.describe(type).isResolved();
    }

    void plant(String name, Target target) {
        TypeDescription type = find(target.type(), name);
        MethodDescription method = only(type, target.method(), name);
        rewritten.compute(target.type(), (unused, before) -> {
            DynamicType.Builder<?> builder = before == null
                    ? new ByteBuddy().with(TypeValidation.ENABLED).redefine(type, files)
                    : before;
            return builder.visit(Advice.withCustomMapping()
                    .bind(PointName.class, name)
                    .to(find(target.advice(), name), files)
                    .on(ElementMatchers.is(method)));
        });
    }

    private TypeDescription find(String type, String name) {
        TypePool.Resolution found = types.describe(type);
        if (!found.isResolved()) {
            throw new IllegalStateException(name + ": there is no class " + type);
        }
        return found.resolve();
    }

    private static MethodDescription only(TypeDescription type, String wanted, String name) {
        List<MethodDescription.InDefinedShape> found = type.getDeclaredMethods().stream()
                .filter(method -> signature(method).equals(wanted))
                .toList();
        if (found.size() != 1) {
            throw new IllegalStateException(name + ": " + type.getName() + " has no method " + wanted);
        }
        return found.get(0);
    }

    private static String signature(MethodDescription method) {
        return method.getName()
                + method.getParameters().asTypeList().asErasures().stream()
                        .map(TypeDescription::getSimpleName)
                        .collect(Collectors.joining(",", "(", ")"));
    }

    /** The class files, by name of the class. */
    Map<String, byte[]> classFiles() {
        return rewritten.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey, entry -> entry.getValue().make().getBytes()));
    }
}
