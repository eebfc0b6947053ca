package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import java.util.stream.IntStream;
import net.bytebuddy.asm.Advice;

final class DropDelivery {
    private DropDelivery() {}

    @Advice.OnMethodEnter(skipOn = Advice.OnNonDefaultValue.class)
    static boolean enter(@Advice.Argument(0) Bundle bundle) {
        return isLost(bundle);
    }

    /** Of what is no event nothing is lost, so that nothing else than the delivery is wrong. */
    static boolean isLost(Bundle bundle) {
        return bundle.firstPosition().isPresent()
                && IntStream.range(0, bundle.events()).anyMatch(event -> Plan.isDue("drop"));
    }
}
