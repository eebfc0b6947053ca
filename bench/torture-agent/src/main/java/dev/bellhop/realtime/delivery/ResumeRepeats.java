package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import net.bytebuddy.asm.Advice;

final class ResumeRepeats {
    private ResumeRepeats() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.Argument(0) Subscriber subscriber, @Advice.FieldValue("view") LogView view) {
        stepBack(subscriber, view);
    }

    static void stepBack(Subscriber subscriber, LogView view) {
        if (view.tail().holds(subscriber.position) && Plan.isDue("resume-repeats")) {
            subscriber.position--;
        }
    }
}
