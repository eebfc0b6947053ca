package dev.bellhop.realtime.ingest;

import dev.bellhop.realtime.log.Append;
import dev.bellhop.realtime.log.LogWriter;
import dev.bellhop.realtime.log.NewEvent;
import dev.bellhop.torture.agent.Plan;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import net.bytebuddy.asm.Advice;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

final class AppendDuplicates {
    private static final Logger log = LoggerFactory.getLogger(AppendDuplicates.class);

    private AppendDuplicates() {}

    @Advice.OnMethodEnter
    static void enter(
            @Advice.FieldValue("writer") LogWriter writer,
            @Advice.Argument(0) Append append,
            @Advice.Argument(1) Append.Outcome outcome,
            @Advice.Argument(2) UUID orgId) {
        appendAgain(writer, append, outcome, orgId);
    }

    /** Under new ids, since the store itself does not take an id twice. */
    static void appendAgain(LogWriter writer, Append append, Append.Outcome outcome, UUID orgId) {
        if (!(outcome instanceof Append.Outcome.Appended appended)
                || appended.duplicates() == 0
                || !Plan.isDue("dup-after-ack-loss")) {
            return;
        }
        Set<UUID> added =
                appended.added().stream().map(logged -> logged.event().id()).collect(Collectors.toSet());
        List<NewEvent> again = append.events().stream()
                .filter(event -> !added.contains(event.id()))
                .map(event -> new NewEvent(
                        UUID.randomUUID(),
                        event.type(),
                        event.rooms(),
                        event.payload(),
                        event.occurredAt(),
                        event.traceparent()))
                .toList();
        writer.append(orgId, new Append(Optional.empty(), again)).exceptionally(failure -> {
            log.warn("duplicates were not appended org={}", orgId, failure);
            return null;
        });
    }
}
