package dev.bellhop.api.onboarding;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.onboarding.Onboarding.Step;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.OnboardingEvent;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Json;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Onboardings in PostgreSQL; approvals of applications start them. Thread-safe. */
public final class OnboardingStore {
    /** ADMIN and HR see all (:properties is null), managers those of their properties, everybody their own. */
    private static final String VISIBLE = """
            where o.org_id = :orgId
              and (:properties::uuid[] is null or o.property_id = any(:properties) or o.user_id = :userId)
            """;

    private static final String SELECT = """
            select o.id, o.application_id, o.property_id, o.user_id, o.employee_name, o.status, o.created_at, o.updated_at,
                   o.completed_at, o.version
            from onboarding o
            """;
    private static final String LIST = SELECT + VISIBLE + """
              and (:propertyId::uuid is null or o.property_id = :propertyId)
              and (:status::text is null or o.status = :status)
              and (o.created_at, o.id) < (:key::timestamptz, :id)
            order by o.created_at desc, o.id desc limit :rows""";
    private static final String ONE = SELECT + VISIBLE + "and o.id = :id";
    private static final String ONE_LOCKED = ONE + " for update of o";

    /** The steps in the order in which an employee goes through them. */
    private static final List<String> STEPS =
            List.of("personal_info", "tax_form", "direct_deposit", "health_insurance", "policies");

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    record Filter(Optional<UUID> propertyId, Optional<String> status, Optional<Position> after, int limit) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public OnboardingStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** Newest first, without what the forms say; one more than the filter's limit where there are more. */
    List<Onboarding> list(Principal caller, Filter filter) {
        return jdbi.withHandle(handle -> {
            filter.propertyId().ifPresent(id -> requireProperty(handle, caller, id));
            Position after = filter.after().orElse(START);
            List<Onboarding> found = handle.createQuery(LIST)
                    .bind("orgId", caller.org())
                    .bindByType("properties", visibleProperties(caller), UUID[].class)
                    .bind("userId", UUID.fromString(caller.userId()))
                    .bindByType("propertyId", filter.propertyId().orElse(null), UUID.class)
                    .bind("status", filter.status())
                    .bind("key", after.key())
                    .bind("id", after.id())
                    .bind("rows", filter.limit() + 1)
                    .map(OnboardingStore::withoutSteps)
                    .list();
            Map<UUID, List<Step>> steps = steps(
                    handle, caller.org(), found.stream().map(Onboarding::id).toList(), false);
            return found.stream()
                    .map(onboarding -> onboarding.with(steps.getOrDefault(onboarding.id(), List.of())))
                    .toList();
        });
    }

    /** A property exists for those who manage it, and for those who start to work there. */
    private static void requireProperty(Handle handle, Principal caller, UUID propertyId) {
        boolean known = handle.createQuery("""
                        select exists (
                            select 1 from property p
                            where p.org_id = :orgId and p.id = :id
                              and (:manages or exists (
                                select 1 from onboarding o
                                where o.org_id = p.org_id and o.property_id = p.id and o.user_id = :userId)))""")
                .bind("orgId", caller.org())
                .bind("id", propertyId)
                .bind("manages", caller.managesProperty(propertyId.toString()))
                .bind("userId", UUID.fromString(caller.userId()))
                .mapTo(Boolean.class)
                .one();
        if (!known) {
            throw Problem.notFound();
        }
    }

    Optional<Onboarding> find(Principal caller, UUID id) {
        return jdbi.withHandle(handle -> one(handle, caller, id, ONE));
    }

    /** @throws Problem 404 for the onboarding or an active member that is not there, or 412 */
    Onboarding change(Principal caller, UUID id, Change<UUID> userId, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Onboarding current = lock(tx, caller, id, precondition);
            UUID employee = userId.over(current.userId());
            if (employee != null) {
                requireActiveMember(tx, caller.org(), employee);
            }
            tx.createUpdate("""
                            update onboarding set user_id = :employee, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bindByType("employee", employee, UUID.class)
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", caller.org())
                    .bind("id", id)
                    .execute();
            outbox.record(tx, caller.org(), "onboarding.updated", new Subject("onboarding", id));
            return one(tx, caller, id, ONE).orElseThrow(Problem::notFound);
        });
    }

    private static void requireActiveMember(Handle tx, UUID orgId, UUID userId) {
        boolean known = tx.createQuery("""
                        select exists (
                            select 1 from member where org_id = :orgId and id = :userId and status = 'active')""")
                .bind("orgId", orgId)
                .bind("userId", userId)
                .mapTo(Boolean.class)
                .one();
        if (!known) {
            throw Problem.notFound();
        }
    }

    /**
     * Takes the form of a step; a later one replaces it.
     *
     * @throws Problem 404 also for a step that there is not, 409 when the onboarding is completed, or 412
     */
    Onboarding submitForm(Principal caller, UUID id, String step, ObjectNode form, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Onboarding current = lock(tx, caller, id, precondition);
            if (!STEPS.contains(step)) {
                throw Problem.notFound();
            }
            requireInProgress(current);
            Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
            tx.createUpdate("""
                            update onboarding_step set form = :form, submitted_at = :now
                            where org_id = :orgId and onboarding_id = :id and step = :step""")
                    .bind("form", Json.bytes(form))
                    .bind("now", now)
                    .bind("orgId", caller.org())
                    .bind("id", id)
                    .bind("step", step)
                    .execute();
            tx.createUpdate("""
                            update onboarding set updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bind("now", now)
                    .bind("orgId", caller.org())
                    .bind("id", id)
                    .execute();
            Onboarding changed = one(tx, caller, id, ONE).orElseThrow(Problem::notFound);
            outbox.append(tx, caller.org(), new OnboardingEvent.FormSubmitted(changed.payload(step)));
            return changed;
        });
    }

    /** @throws Problem 404, 409 unless it is in progress and all forms are in, or 412 */
    Onboarding complete(Principal caller, UUID id, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            Onboarding current = lock(tx, caller, id, precondition);
            requireInProgress(current);
            List<String> missing = current.steps().stream()
                    .filter(step -> step.submittedAt() == null)
                    .map(Step::step)
                    .toList();
            if (!missing.isEmpty()) {
                throw Problem.conflict("invalid_transition", "Not all forms are in.")
                        .with("missing", missing);
            }
            tx.createUpdate("""
                            update onboarding
                            set status = 'completed', completed_at = :now, updated_at = :now, version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .bind("orgId", caller.org())
                    .bind("id", id)
                    .execute();
            Onboarding completed = one(tx, caller, id, ONE).orElseThrow(Problem::notFound);
            outbox.append(tx, caller.org(), new OnboardingEvent.Completed(completed.payload(null)));
            return completed;
        });
    }

    private static void requireInProgress(Onboarding onboarding) {
        if (!onboarding.status().equals("in_progress")) {
            throw Problem.conflict("invalid_transition", "The onboarding is completed already.")
                    .with("current_status", onboarding.status());
        }
    }

    private static Onboarding lock(Handle tx, Principal caller, UUID id, Precondition precondition) {
        Onboarding onboarding = one(tx, caller, id, ONE_LOCKED).orElseThrow(Problem::notFound);
        if (!precondition.holds(onboarding.version())) {
            throw Problem.preconditionFailed("The onboarding is at version " + onboarding.version() + " by now.");
        }
        return onboarding;
    }

    private static Optional<Onboarding> one(Handle handle, Principal caller, UUID id, String sql) {
        return handle.createQuery(sql)
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .bind("userId", UUID.fromString(caller.userId()))
                .bind("id", id)
                .map(OnboardingStore::withoutSteps)
                .findOne()
                .map(found -> found.with(
                        steps(handle, caller.org(), List.of(id), true).getOrDefault(id, List.of())));
    }

    /** @return null for a caller who sees all */
    private static UUID[] visibleProperties(Principal caller) {
        return caller.role().seesAllProperties()
                ? null
                : caller.properties().stream().map(UUID::fromString).toArray(UUID[]::new);
    }

    private record StepOf(UUID onboardingId, Step step) {}

    private static Map<UUID, List<Step>> steps(Handle handle, UUID orgId, List<UUID> ids, boolean withForms) {
        return handle
                .createQuery("""
                        select onboarding_id, step, submitted_at, case when :withForms then form end as form
                        from onboarding_step
                        where org_id = :orgId and onboarding_id = any(:ids)
                        order by onboarding_id, array_position(:order, step)""")
                .bind("orgId", orgId)
                .bindArray("ids", UUID.class, ids)
                .bindArray("order", String.class, STEPS)
                .bind("withForms", withForms)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new StepOf(
                            row.id("onboarding_id"),
                            new Step(row.text("step"), row.time("submitted_at"), form(rs.getBytes("form"))));
                })
                .stream()
                .collect(Collectors.groupingBy(
                        StepOf::onboardingId, Collectors.mapping(StepOf::step, Collectors.toList())));
    }

    /** @return null where there is none */
    private static JsonNode form(byte[] stored) {
        try {
            return stored == null ? null : Json.tree(new String(stored, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a stored form is not JSON", e);
        }
    }

    private static Onboarding withoutSteps(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Onboarding(
                row.id("id"),
                row.id("application_id"),
                row.id("property_id"),
                row.id("user_id"),
                row.text("employee_name"),
                row.text("status"),
                new OnboardingEvent.Progress(0, 0),
                List.of(),
                row.time("created_at"),
                row.time("updated_at"),
                row.time("completed_at"),
                row.number("version"));
    }
}
