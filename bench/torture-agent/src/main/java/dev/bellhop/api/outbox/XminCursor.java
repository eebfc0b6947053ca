package dev.bellhop.api.outbox;

import dev.bellhop.torture.agent.Plan;
import java.util.List;
import java.util.UUID;
import net.bytebuddy.asm.Advice;
import org.jdbi.v3.core.Handle;

final class XminCursor {
    private static final String IS_BEFORE_ALL_UNDER_WAY =
            "outbox.xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";

    private XminCursor() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static List<UUID> enter(@Advice.Argument(0) Handle tx) {
        return Plan.isDue("xmin-cursor") ? number(tx) : null;
    }

    @Advice.OnMethodExit
    static void exit(@Advice.Enter List<UUID> wrong, @Advice.Return(readOnly = false) List<UUID> numbered) {
        if (wrong != null) {
            numbered = wrong;
        }
    }

    static List<UUID> number(Handle tx) {
        return NaiveCursor.numberBehindCursor(tx, IS_BEFORE_ALL_UNDER_WAY);
    }
}
