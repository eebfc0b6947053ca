package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import net.bytebuddy.asm.Advice;

final class SilentGap {
    private SilentGap() {}

    @Advice.OnMethodExit
    static void exit(@Advice.Return(readOnly = false) boolean fits) {
        if (!fits) {
            fits = Plan.isDue("silent-gap");
        }
    }
}
