package dev.bellhop.api.outbox;

import dev.bellhop.api.store.Direct;
import dev.bellhop.torture.agent.Plan;
import net.bytebuddy.asm.Advice;
import org.jdbi.v3.core.Handle;

final class NaiveCursor {
    private NaiveCursor() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static Sequencer.Run enter(@Advice.Argument(0) Handle handle, @Advice.Argument(1) Sequencer.Claimant claimant) {
        return Plan.isDue("naive-cursor") ? numberBehindCursor(handle, claimant, "true") : null;
    }

    @Advice.OnMethodExit
    static void exit(@Advice.Enter Sequencer.Run wrong, @Advice.Return(readOnly = false) Sequencer.Run run) {
        if (wrong != null) {
            run = wrong;
        }
    }

    /**
     * As the sequencer does it, but only what lies behind the highest row that has a number.
     *
     * @param more what a row has to fulfil besides
     */
    static Sequencer.Run numberBehindCursor(Handle handle, Sequencer.Claimant claimant, String more) {
        String unnumbered = "where org_seq is null";
        if (!Sequencer.STATEMENT.contains(unnumbered)) {
            throw new IllegalStateException("the sequencer chooses its rows in another way: " + Sequencer.STATEMENT);
        }
        String behind = unnumbered + " and " + more
                + " and id > (select coalesce(max(id), 0) from outbox where org_seq is not null)";
        String statement = Sequencer.STATEMENT.replace(unnumbered, behind);
        return Direct.with(handle, connection -> Sequencer.number(connection, claimant, 0, statement));
    }
}
