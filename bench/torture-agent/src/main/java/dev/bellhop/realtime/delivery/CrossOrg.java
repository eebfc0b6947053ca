package dev.bellhop.realtime.delivery;

import dev.bellhop.torture.agent.Plan;
import java.lang.ref.WeakReference;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import net.bytebuddy.asm.Advice;

final class CrossOrg {
    /** A connection of each organisation. */
    private static final Map<OrgStream, WeakReference<Subscriber>> SEEN =
            Collections.synchronizedMap(new WeakHashMap<>());

    private CrossOrg() {}

    @Advice.OnMethodEnter
    static void enter(
            @Advice.This OrgStream stream,
            @Advice.Argument(0) Collection<Subscriber> members,
            @Advice.Argument(1) Bundle bundle) {
        leak(stream, members, bundle);
    }

    static void leak(OrgStream stream, Collection<Subscriber> members, Bundle bundle) {
        for (Subscriber member : members) {
            SEEN.put(stream, new WeakReference<>(member));
            if (Plan.isDue("cross-org")) {
                ofAnother(stream).ifPresent(stranger -> {
                    stranger.offer(bundle);
                    stranger.queue.flush();
                });
            }
        }
    }

    private static Optional<Subscriber> ofAnother(OrgStream stream) {
        return Map.copyOf(SEEN).entrySet().stream()
                .filter(seen -> seen.getKey() != stream)
                .map(seen -> seen.getValue().get())
                .filter(subscriber -> subscriber != null && !subscriber.gone)
                .findAny();
    }
}
