package dev.bellhop.api.outbox;

import dev.bellhop.torture.agent.Plan;
import net.bytebuddy.asm.Advice;
import org.jdbi.v3.core.Handle;

final class XminCursor {
    private static final String IS_BEFORE_ALL_UNDER_WAY =
            "outbox.xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private XminCursor() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static Sequencer.Run enter(@Advice.Argument(0) Handle handle, @Advice.Argument(1) Sequencer.Claimant claimant) {
        return Plan.isDue("xmin-cursor")
                ? NaiveCursor.numberBehindCursor(handle, claimant, IS_BEFORE_ALL_UNDER_WAY)
                : null;
    }

    @Advice.OnMethodExit
    static void exit(@Advice.Enter Sequencer.Run wrong, @Advice.Return(readOnly = false) Sequencer.Run run) {
        if (wrong != null) {
            run = wrong;
        }
    }
}
