package dev.bellhop.torture.agent;

import java.util.List;
import net.bytebuddy.asm.Advice;

/** Rounds without an event do not count. */
final class AtFanOut {
    private AtFanOut() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.Argument(0) List<?> frames, @PointName String point) {
        if (!frames.isEmpty()) {
            Plan.pass(point);
        }
    }
}
