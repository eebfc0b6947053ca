package dev.bellhop.realtime.delivery;

import dev.bellhop.realtime.log.EventLog;
import dev.bellhop.torture.agent.Plan;
import java.util.List;
import net.bytebuddy.asm.Advice;

final class TailById {
    private TailById() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.FieldValue("view") LogView view, @Advice.Argument(0) List<Frame> frames) {
        goOnFromHighest(view, frames);
    }

    static void goOnFromHighest(LogView view, List<Frame> frames) {
        if (!frames.isEmpty() && frames.get(0).position() > view.position() + 1 && Plan.isDue("tail-by-id")) {
            long before = frames.get(0).position() - 1;
            view.restart(new EventLog.State(view.epoch(), before, 0, 0, 0), List.of());
        }
    }
}
