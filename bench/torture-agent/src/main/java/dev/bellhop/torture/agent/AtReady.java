package dev.bellhop.torture.agent;

import java.util.List;
import net.bytebuddy.asm.Advice;

/** When there is something that has just become ready. */
final class AtReady {
    private AtReady() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.Argument(1) List<?> ready, @PointName String point) {
        if (!ready.isEmpty()) {
            Plan.pass(point);
        }
    }
}
