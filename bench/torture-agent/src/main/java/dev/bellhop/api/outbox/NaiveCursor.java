package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import dev.bellhop.torture.agent.Plan;
import java.util.List;
import java.util.UUID;
import net.bytebuddy.asm.Advice;
import org.jdbi.v3.core.Handle;

final class NaiveCursor {
    private NaiveCursor() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static List<UUID> enter(@Advice.Argument(0) Handle tx) {
        return Plan.isDue("naive-cursor") ? numberBehindCursor(tx, "true") : null;
    }

    @Advice.OnMethodExit
    static void exit(@Advice.Enter List<UUID> wrong, @Advice.Return(readOnly = false) List<UUID> numbered) {
        if (wrong != null) {
            numbered = wrong;
        }
    }

    /**
     * As the sequencer does it, but only what lies behind the highest row that has a number.
     *
     * @param more what a row has to fulfil besides
     */
    static List<UUID> numberBehindCursor(Handle tx, String more) {
        String unnumbered = "where org_seq is null";
        if (!Sequencer.STATEMENTS.contains(unnumbered)) {
            throw new IllegalStateException("the sequencer chooses its rows in another way: " + Sequencer.STATEMENTS);
        }
        String behind = unnumbered + " and " + more
                + " and id > (select coalesce(max(id), 0) from outbox where org_seq is not null)";
        String statements = Sequencer.STATEMENTS.replace(unnumbered, behind);
        return Direct.with(tx, connection -> Sequencer.number(connection, statements));
    }
}
