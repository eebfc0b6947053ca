package dev.bellhop.api.outbox;

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
        tx.execute("select pg_advisory_xact_lock(7301)");
        return tx.createQuery("""
                        with b as materialized (
                                 select id, org_id from outbox
                                 where org_seq is null and <more>
                                   and id > (select coalesce(max(id), 0) from outbox where org_seq is not null)
                                 order by id limit 500),
                             n as (select org_id, count(*) as c from b group by org_id),
                             s as (insert into outbox_stream (org_id, last_seq) select org_id, c from n
                                   on conflict (org_id)
                                   do update set last_seq = outbox_stream.last_seq + excluded.last_seq
                                   returning org_id, last_seq),
                             r as (select b.id,
                                          s.last_seq - n.c
                                              + row_number() over (partition by b.org_id order by b.id) as seq
                                   from b join n using (org_id) join s using (org_id))
                        update outbox o set org_seq = r.seq from r where o.id = r.id returning o.org_id""").define("more", more).mapTo(UUID.class).list();
    }
}
