package dev.bellhop.api.applications;

import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.ApplicationEvent;
import dev.bellhop.model.events.OnboardingEvent;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Applications in PostgreSQL, and the onboardings that approvals start. Thread-safe. */
public final class ApplicationStore {
    /** The steps of every onboarding, in their order. */
    private static final List<String> STEPS =
            List.of("personal_info", "tax_form", "direct_deposit", "health_insurance", "policies");

    private static final String SELECT = """
            select a.id, a.property_id, a.applicant_name, a.email, a.phone, a.position, a.message, a.status, a.reason,
                   a.decided_by, a.decided_at, a.created_at, a.updated_at, a.version, o.id as onboarding_id
            from application a left join onboarding o on o.org_id = a.org_id and o.application_id = a.id
            """;
    /** A manager sees the properties of the list, everybody else (:properties is null) all of them. */
    private static final String VISIBLE = """
            where a.org_id = :orgId and (:properties::uuid[] is null or a.property_id = any(:properties))
            """;

    private static final String LIST = SELECT + VISIBLE + """
              and (:propertyId::uuid is null or a.property_id = :propertyId)
              and (:status::text is null or a.status = :status)
              and (:search::text is null or a.applicant_name ilike :search or a.email ilike :search
                   or a.position ilike :search)
              and (a.created_at, a.id) < (:key::timestamptz, :id)
            order by a.created_at desc, a.id desc limit :rows""";
    private static final String ONE = SELECT + VISIBLE + "and a.id = :id";
    private static final String ONE_LOCKED = ONE + " for update of a";

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    /** What an applicant sends; phone and message may be null. */
    record Form(String applicantName, String email, String phone, String position, String message) {}

    record Filter(
            Optional<UUID> propertyId,
            Optional<String> status,
            Optional<String> search,
            Optional<Position> after,
            int limit) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public ApplicationStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** @throws Problem 404 when there is no such property in an active organisation */
    Application submit(UUID propertyId, Form form) {
        return jdbi.inTransaction(tx -> {
            UUID orgId = tx.createQuery("""
                            select p.org_id from property p join organization o on o.id = p.org_id
                            where p.id = :propertyId and o.status = 'active'""")
                    .bind("propertyId", propertyId)
                    .mapTo(UUID.class)
                    .findOne()
                    .orElseThrow(Problem::notFound);
            Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
            Application application = new Application(
                    Ids.next(),
                    propertyId,
                    form.applicantName(),
                    form.email(),
                    form.phone(),
                    form.position(),
                    form.message(),
                    "submitted",
                    null,
                    null,
                    null,
                    null,
                    now,
                    now,
                    1);
            tx.createUpdate("""
                            insert into application (org_id, id, property_id, applicant_name, email, phone, position,
                                                     message, created_at, updated_at)
                            values (:orgId, :id, :propertyId, :applicantName, :email, :phone, :position, :message,
                                    :now, :now)""")
                    .bind("orgId", orgId)
                    .bind("id", application.id())
                    .bind("propertyId", propertyId)
                    .bind("applicantName", form.applicantName())
                    .bind("email", form.email())
                    .bind("phone", form.phone())
                    .bind("position", form.position())
                    .bind("message", form.message())
                    .bind("now", now)
                    .execute();
            outbox.append(tx, orgId, new ApplicationEvent.Submitted(application.payload()));
            return application;
        });
    }

    /**
     * Newest first.
     *
     * @return one more than the filter's limit where there are more
     * @throws Problem 404 for a property that the caller does not see
     */
    List<Application> list(Principal caller, Filter filter) {
        return jdbi.withHandle(handle -> {
            filter.propertyId().ifPresent(id -> requireProperty(handle, caller, id));
            Position after = filter.after().orElse(START);
            return handle.createQuery(LIST)
                    .bind("orgId", caller.org())
                    .bindByType("properties", visibleProperties(caller), UUID[].class)
                    .bindByType("propertyId", filter.propertyId().orElse(null), UUID.class)
                    .bind("status", filter.status())
                    .bind("search", filter.search())
                    .bind("key", after.key())
                    .bind("id", after.id())
                    .bind("rows", filter.limit() + 1)
                    .map(ApplicationStore::application)
                    .list();
        });
    }

    private static void requireProperty(Handle handle, Principal caller, UUID propertyId) {
        boolean known = handle.createQuery("select exists (select 1 from property where org_id = :orgId and id = :id)")
                .bind("orgId", caller.org())
                .bind("id", propertyId)
                .mapTo(Boolean.class)
                .one();
        if (!known || !caller.managesProperty(propertyId.toString())) {
            throw Problem.notFound();
        }
    }

    Optional<Application> find(Principal caller, UUID id) {
        return jdbi.withHandle(handle -> handle.createQuery(ONE)
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .bind("id", id)
                .map(ApplicationStore::application)
                .findOne());
    }

    /**
     * Approves, and starts the onboarding.
     *
     * @param employee the applicant as a member, where they are one
     * @throws Problem 404, 409 unless it is still submitted, or 412 when the precondition does not hold
     */
    Application approve(Principal caller, UUID id, Optional<UUID> employee, Precondition precondition) {
        UUID orgId = caller.org();
        return jdbi.inTransaction(tx -> {
            Application submitted = lockSubmitted(tx, caller, id, precondition);
            employee.ifPresent(userId -> requireActiveMember(tx, orgId, userId));
            decide(tx, caller, id, "approved", Optional.empty());
            OnboardingEvent.Payload onboarding = startOnboarding(tx, orgId, submitted, employee);
            Application approved = one(tx, caller, id);
            outbox.append(
                    tx,
                    orgId,
                    List.of(
                            new ApplicationEvent.Approved(approved.payload()),
                            new OnboardingEvent.Started(onboarding)));
            return approved;
        });
    }

    private static void requireActiveMember(Handle tx, UUID orgId, UUID userId) {
        Optional<UUID> member = tx.createQuery("""
                        select id from member where org_id = :orgId and id = :userId and status = 'active'
                        for key share""")
                .bind("orgId", orgId)
                .bind("userId", userId)
                .mapTo(UUID.class)
                .findOne();
        if (member.isEmpty()) {
            throw Problem.notFound();
        }
    }

    private static OnboardingEvent.Payload startOnboarding(
            Handle tx, UUID orgId, Application application, Optional<UUID> employee) {
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        UUID id = Ids.next();
        tx.createUpdate("""
                        insert into onboarding (org_id, id, application_id, property_id, user_id, employee_name,
                                                created_at, updated_at)
                        values (:orgId, :id, :applicationId, :propertyId, :userId, :employeeName, :now, :now)""")
                .bind("orgId", orgId)
                .bind("id", id)
                .bind("applicationId", application.id())
                .bind("propertyId", application.propertyId())
                .bindByType("userId", employee.orElse(null), UUID.class)
                .bind("employeeName", application.applicantName())
                .bind("now", now)
                .execute();
        tx.createUpdate("""
                        insert into onboarding_step (org_id, onboarding_id, step)
                        select :orgId, :id, unnest(:steps)""")
                .bind("orgId", orgId)
                .bind("id", id)
                .bindArray("steps", String.class, STEPS)
                .execute();
        return new OnboardingEvent.Payload(
                id,
                application.id(),
                application.propertyId(),
                employee.orElse(null),
                application.applicantName(),
                "in_progress",
                null,
                new OnboardingEvent.Progress(0, STEPS.size()),
                now,
                now,
                1);
    }

    /** @throws Problem as {@link #approve} */
    Application reject(Principal caller, UUID id, String reason, Precondition precondition) {
        return jdbi.inTransaction(tx -> {
            lockSubmitted(tx, caller, id, precondition);
            decide(tx, caller, id, "rejected", Optional.of(reason));
            Application rejected = one(tx, caller, id);
            outbox.append(tx, caller.org(), new ApplicationEvent.Rejected(rejected.payload()));
            return rejected;
        });
    }

    private static Application lockSubmitted(Handle tx, Principal caller, UUID id, Precondition precondition) {
        Application application = tx.createQuery(ONE_LOCKED)
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .bind("id", id)
                .map(ApplicationStore::application)
                .findOne()
                .orElseThrow(Problem::notFound);
        if (!precondition.holds(application.version())) {
            throw Problem.preconditionFailed("The application is at version " + application.version() + " by now.");
        }
        if (!application.status().equals("submitted")) {
            throw Problem.conflict("invalid_transition", "The application is " + application.status() + " already.")
                    .with("current_status", application.status());
        }
        return application;
    }

    private static void decide(Handle tx, Principal caller, UUID id, String status, Optional<String> reason) {
        tx.createUpdate("""
                        update application
                        set status = :status, reason = :reason, decided_by = :decidedBy, decided_at = :now,
                            updated_at = :now, version = version + 1
                        where org_id = :orgId and id = :id""")
                .bind("status", status)
                .bind("reason", reason)
                .bind("decidedBy", UUID.fromString(caller.userId()))
                .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                .bind("orgId", caller.org())
                .bind("id", id)
                .execute();
    }

    private static Application one(Handle tx, Principal caller, UUID id) {
        return tx.createQuery(ONE)
                .bind("orgId", caller.org())
                .bindByType("properties", visibleProperties(caller), UUID[].class)
                .bind("id", id)
                .map(ApplicationStore::application)
                .one();
    }

    /** @return null for a caller who sees all */
    private static UUID[] visibleProperties(Principal caller) {
        return caller.role().seesAllProperties()
                ? null
                : caller.properties().stream().map(UUID::fromString).toArray(UUID[]::new);
    }

    private static Application application(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Application(
                row.id("id"),
                row.id("property_id"),
                row.text("applicant_name"),
                row.text("email"),
                row.text("phone"),
                row.text("position"),
                row.text("message"),
                row.text("status"),
                row.text("reason"),
                row.id("decided_by"),
                row.time("decided_at"),
                row.id("onboarding_id"),
                row.time("created_at"),
                row.time("updated_at"),
                row.number("version"));
    }
}
