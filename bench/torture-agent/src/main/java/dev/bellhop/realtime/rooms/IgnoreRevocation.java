package dev.bellhop.realtime.rooms;

import dev.bellhop.torture.agent.Plan;
import java.util.Optional;
import net.bytebuddy.asm.Advice;

final class IgnoreRevocation {
    private IgnoreRevocation() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static boolean enter() {
        return Plan.isDue("revocation-ignored");
    }

    @Advice.OnMethodExit
    static void exit(@Advice.Enter boolean ignored, @Advice.Return(readOnly = false) Optional<String> user) {
        if (ignored) {
            user = Optional.of("");
        }
    }
}
