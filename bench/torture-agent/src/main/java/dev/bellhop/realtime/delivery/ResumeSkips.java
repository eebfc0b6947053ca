package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import net.bytebuddy.asm.Advice;

final class ResumeSkips {
    private ResumeSkips() {}

    @Advice.OnMethodEnter
    static void enter(@Advice.Argument(0) Subscriber subscriber, @Advice.FieldValue("view") LogView view) {
        stepForward(subscriber, view);
    }

    static void stepForward(Subscriber subscriber, LogView view) {
        long next = subscriber.position + 1;
        if (view.tail().holds(next) && Plan.isDue("resume-skips")) {
            subscriber.position = next;
            subscriber.fingerprint = view.tail().at(next).fingerprint();
        }
    }
}
