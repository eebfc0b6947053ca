package dev.bellhop.api.dashboard;

import dev.bellhop.api.store.Row;
import dev.bellhop.model.security.Principal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** The figures of the dashboard, counted when they are asked for. Thread-safe. */
public final class DashboardStore {
    private static final List<String> APPLICATION_STATUSES = List.of("submitted", "approved", "rejected");
    private static final List<String> ENTITY_STATUSES =
            List.of("new", "screening", "interview", "offer", "hired", "rejected", "archived");

    private record Counts(Map<String, Long> byStatus, Instant lastActivityAt) {}

    private record OnboardingCounts(Dashboard.Onboardings figures, Instant lastActivityAt) {}

    private final Jdbi jdbi;

    public DashboardStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    Dashboard of(Principal caller) {
        return jdbi.withHandle(handle -> {
            Counts applications = applications(handle, caller);
            OnboardingCounts onboardings = onboardings(handle, caller);
            Counts entities = entities(handle, caller);
            Instant lastActivityAt = Stream.of(
                            applications.lastActivityAt(), onboardings.lastActivityAt(), entities.lastActivityAt())
                    .filter(time -> time != null)
                    .max(Instant::compareTo)
                    .orElse(null);
            return new Dashboard(applications.byStatus(), onboardings.figures(), entities.byStatus(), lastActivityAt);
        });
    }

    private static Counts applications(Handle handle, Principal caller) {
        return counts(handle, """
                select status, count(*) as count, max(updated_at) as last from application
                where org_id = :orgId and (:properties::uuid[] is null or property_id = any(:properties))
                group by status""", caller, APPLICATION_STATUSES);
    }

    private static Counts entities(Handle handle, Principal caller) {
        return counts(handle, """
                select status, count(*) as count, max(updated_at) as last from entity
                where org_id = :orgId
                group by status""", caller, ENTITY_STATUSES);
    }

    private static Counts counts(Handle handle, String sql, Principal caller, List<String> statuses) {
        Map<String, Long> byStatus = new TreeMap<>();
        statuses.forEach(status -> byStatus.put(status, 0L));
        Instant last = handle
                .createQuery(sql)
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .map((rs, ctx) -> {
                    byStatus.put(rs.getString("status"), rs.getLong("count"));
                    return new Row(rs).time("last");
                })
                .stream()
                .max(Instant::compareTo)
                .orElse(null);
        return new Counts(byStatus, last);
    }

    /** Managers see the onboardings of their properties, everybody their own. */
    private static OnboardingCounts onboardings(Handle handle, Principal caller) {
        return handle.createQuery("""
                        with visible as (
                            select id, status, updated_at from onboarding
                            where org_id = :orgId
                              and (:properties::uuid[] is null or property_id = any(:properties) or user_id = :userId))
                        select (select count(*) from visible where status = 'in_progress') as in_progress,
                               (select count(*) from visible where status = 'completed') as completed,
                               (select max(updated_at) from visible) as last,
                               count(s.submitted_at) as done, count(s.step) as total
                        from onboarding_step s
                        where s.org_id = :orgId
                          and s.onboarding_id in (select id from visible where status = 'in_progress')""")
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .bind("userId", UUID.fromString(caller.userId()))
                .map((rs, ctx) -> new OnboardingCounts(
                        new Dashboard.Onboardings(
                                rs.getLong("in_progress"),
                                rs.getLong("completed"),
                                rs.getLong("done"),
                                rs.getLong("total")),
                        new Row(rs).time("last")))
                .one();
    }

    /** @return null for a caller who sees all */
    private static UUID[] visibleProperties(Principal caller) {
        return caller.role().seesAllProperties()
                ? null
                : caller.properties().stream().map(UUID::fromString).toArray(UUID[]::new);
    }
}
