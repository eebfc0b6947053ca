package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import net.bytebuddy.asm.Advice;

final class SwapTwo {
    /** What waits for the next event of its organisation. */
    private static final Map<OrgStream, Frame> HELD = Collections.synchronizedMap(new WeakHashMap<>());

    private SwapTwo() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.This OrgStream stream, @Advice.Argument(value = 0, readOnly = false) List<Frame> frames) {
        frames = swapped(stream, frames);
    }

    static List<Frame> swapped(OrgStream stream, List<Frame> frames) {
        if (frames.isEmpty()) {
            return frames;
        }
        List<Frame> wrong = new ArrayList<>(frames);
        Frame held = HELD.remove(stream);
        if (held != null) {
            wrong.add(1, held);
        } else if (Plan.isDue("swap")) {
            HELD.put(stream, wrong.remove(wrong.size() - 1));
        }
        return wrong;
    }
}
