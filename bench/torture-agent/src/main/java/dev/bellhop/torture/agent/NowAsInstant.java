package dev.bellhop.torture.agent;

import java.time.Instant;
import net.bytebuddy.asm.Advice;

/** What Instant.now() and every clock of the system come through. */
final class NowAsInstant {
    private NowAsInstant() {}

    @Advice.OnMethodExit
    static void exit(@Advice.Return(readOnly = false) Instant now) {
        now = now.plusMillis(Long.getLong("torture.clock", 0L));
    }
}
