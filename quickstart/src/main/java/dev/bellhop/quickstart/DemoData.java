package dev.bellhop.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/**
 * Two organisations to look at, put into an empty database once. Organisations, properties, departments and members are one
 * SQL transaction; the records are made through the REST API, as users make them, so that their events flow. A seeding
 * that was cut off is completed by the next start; one that was completed is never repeated.
 */
public final class DemoData {
    /** Of every demo user; published, so never for anything that other people can reach. */
    public static final String PASSWORD = "bellhop-demo";

    /** @param property the one that a MANAGER manages, or empty */
    record Member(String email, String name, Role role, String property, String department) {
        String description() {
            return property.isEmpty() ? role.name() : role + " of " + property;
        }
    }

    record Organization(
            String name,
            List<String> properties,
            List<String> departments,
            List<Member> members,
            List<Entity> entities,
            List<Application> applications) {
        /** Whose the records are. */
        String hr() {
            return members.stream()
                    .filter(member -> member.role() == Role.HR)
                    .findFirst()
                    .orElseThrow()
                    .email();
        }
    }

    record Entity(String type, String name, String status, String email, String department) {}

    /** What becomes of an application. */
    enum Outcome {
        OPEN,
        APPROVED,
        REJECTED
    }

    record Application(String property, String name, String position, Outcome outcome) {
        String email() {
            return name.toLowerCase(Locale.ROOT).replace(' ', '.') + "@people.example";
        }
    }

    static final List<Organization> ORGANIZATIONS = List.of(
            new Organization(
                    "Harbor Hotels",
                    List.of("Harbor Downtown", "Harbor Airport"),
                    List.of("Front Office", "Housekeeping"),
                    List.of(
                            new Member("admin@harbor.example", "Alma Reyes", Role.ADMIN, "", ""),
                            new Member("hr@harbor.example", "Henrik Olsen", Role.HR, "", ""),
                            new Member("downtown@harbor.example", "Dana Weiss", Role.MANAGER, "Harbor Downtown", ""),
                            new Member("airport@harbor.example", "Amir Haddad", Role.MANAGER, "Harbor Airport", ""),
                            new Member("member@harbor.example", "Mila Novak", Role.MEMBER, "", "Front Office")),
                    List.of(
                            new Entity("candidate", "Priya Raman", "interview", "priya@people.example", "Front Office"),
                            new Entity("candidate", "Tomas Lind", "screening", "tomas@people.example", "Housekeeping"),
                            new Entity("contractor", "Quay Laundry", "new", "office@quay-laundry.example", ""),
                            new Entity("client", "Northwind Travel", "new", "desk@northwind.example", "")),
                    List.of(
                            new Application("Harbor Downtown", "Mila Novak", "Receptionist", Outcome.APPROVED),
                            new Application("Harbor Downtown", "Jonas Berg", "Concierge", Outcome.OPEN),
                            new Application("Harbor Downtown", "Lucia Moretti", "Night auditor", Outcome.REJECTED),
                            new Application("Harbor Airport", "Kwame Mensah", "Shuttle driver", Outcome.OPEN))),
            new Organization(
                    "Summit Stays",
                    List.of("Summit Lodge"),
                    List.of(),
                    List.of(
                            new Member("admin@summit.example", "Sofia Keller", Role.ADMIN, "", ""),
                            new Member("hr@summit.example", "Hugo Martin", Role.HR, "", ""),
                            new Member("lodge@summit.example", "Lena Frey", Role.MANAGER, "Summit Lodge", ""),
                            new Member("member@summit.example", "Marc Dubois", Role.MEMBER, "", "")),
                    List.of(
                            new Entity("candidate", "Elif Demir", "offer", "elif@people.example", ""),
                            new Entity("partner", "Ridge Guides", "new", "hello@ridge-guides.example", "")),
                    List.of(
                            new Application("Summit Lodge", "Marc Dubois", "Cook", Outcome.APPROVED),
                            new Application("Summit Lodge", "Anja Vogel", "Ski instructor", Outcome.OPEN))));

    private final Jdbi jdbi;
    private final Http api;

    /**
     * @param databaseUrl of the API service, which has migrated it
     * @param api where that service answers
     */
    public DemoData(String databaseUrl, URI api) {
        this.jdbi = Jdbi.create(databaseUrl);
        this.api = new Http(api);
    }

    /**
     * Seeds an empty database, or completes a seeding that was cut off. Leaves a database alone that holds other organisations.
     *
     * @throws StartFailure when the API refuses one of the records
     */
    public void seed() throws StartFailure {
        try (Handle lock = jdbi.open()) {
            // Two starts on one database of their own take turns.
            lock.execute("select pg_advisory_lock(7302)");
            if (!lock.inTransaction(DemoData::insertOrganizations)) {
                return;
            }
            if (!isDone(lock, "records")) {
                for (Organization organization : ORGANIZATIONS) {
                    createRecords(lock, organization);
                }
                done(lock, "records");
            }
        }
    }

    /** Whether the demo's users are in this database. */
    boolean isPresent() {
        return exists("select 1 from api.member where email = '"
                + ORGANIZATIONS.get(0).hr() + "' and status = 'active'");
    }

    /** Whether there is no organisation at all, so that nobody can log in. */
    boolean nobodyIsThere() {
        return !exists("select 1 from api.organization");
    }

    private boolean exists(String query) {
        return jdbi.withHandle(handle -> handle.createQuery("select exists (" + query + ")")
                .mapTo(Boolean.class)
                .one());
    }

    /** @return whether these organisations are there, from now or from before */
    private static boolean insertOrganizations(Handle tx) {
        tx.execute("create schema if not exists quickstart");
        tx.execute("create table if not exists quickstart.demo_step (name text primary key)");
        if (isDone(tx, "organizations")) {
            return true;
        }
        boolean empty = tx.createQuery("select not exists (select 1 from api.organization)")
                .mapTo(Boolean.class)
                .one();
        if (empty) {
            String hash = Passwords.hash(PASSWORD);
            ORGANIZATIONS.forEach(organization -> insert(tx, organization, hash));
            done(tx, "organizations");
        }
        return empty;
    }

    private static boolean isDone(Handle handle, String step) {
        return handle.createQuery("select exists (select 1 from quickstart.demo_step where name = :step)")
                .bind("step", step)
                .mapTo(Boolean.class)
                .one();
    }

    private static void done(Handle handle, String step) {
        handle.execute("insert into quickstart.demo_step (name) values (?)", step);
    }

    private static void insert(Handle tx, Organization organization, String passwordHash) {
        UUID org = Ids.next();
        tx.execute("insert into api.organization (id, name) values (?, ?)", org, organization.name());
        Map<String, UUID> places = new HashMap<>();
        for (String property : organization.properties()) {
            places.put(property, Ids.next());
            tx.execute(
                    "insert into api.property (org_id, id, name) values (?, ?, ?)",
                    org,
                    places.get(property),
                    property);
        }
        for (String department : organization.departments()) {
            places.put(department, Ids.next());
            tx.execute(
                    "insert into api.department (org_id, id, name) values (?, ?, ?)",
                    org,
                    places.get(department),
                    department);
        }
        for (Member member : organization.members()) {
            UUID id = Ids.next();
            tx.execute(
                    "insert into api.member (org_id, id, email, name, role, department_id, password_hash)"
                            + " values (?, ?, ?, ?, ?, ?, ?)",
                    org,
                    id,
                    member.email(),
                    member.name(),
                    member.role().name(),
                    places.get(member.department()),
                    passwordHash);
            if (!member.property().isEmpty()) {
                tx.execute(
                        "insert into api.member_property (org_id, member_id, property_id) values (?, ?, ?)",
                        org,
                        id,
                        places.get(member.property()));
            }
        }
    }

    /** Makes what is not there yet: an earlier start may have been cut off anywhere in here. */
    private void createRecords(Handle handle, Organization organization) throws StartFailure {
        String token = api.login(organization.hr(), PASSWORD);
        Names ids = new Names(handle, organization.name());
        Map<String, JsonNode> entities = existing("/api/v1/entities", "name", token);
        for (Entity entity : organization.entities()) {
            if (!entities.containsKey(entity.name())) {
                api.post("/api/v1/entities", Optional.of(token), draft(entity, ids));
            }
        }
        Map<String, JsonNode> applications = existing("/api/v1/applications", "applicant_name", token);
        for (Application application : organization.applications()) {
            JsonNode record = applications.containsKey(application.name())
                    ? applications.get(application.name())
                    : submit(application, ids);
            if (record.path("status").asText().equals("submitted")) {
                decide(application, record.path("id").asText(), ids, token);
            }
        }
    }

    private Map<String, JsonNode> existing(String path, String nameField, String token) throws StartFailure {
        Map<String, JsonNode> byName = new HashMap<>();
        for (JsonNode item : api.get(path + "?limit=200", token).path("items")) {
            byName.put(item.path(nameField).asText(), item);
        }
        return byName;
    }

    private static Map<String, Object> draft(Entity entity, Names ids) {
        Map<String, Object> draft = new LinkedHashMap<>();
        draft.put("type", entity.type());
        draft.put("name", entity.name());
        draft.put("status", entity.status());
        draft.put("contact", Map.of("email", entity.email()));
        ids.find("department", entity.department()).ifPresent(id -> draft.put("department_id", id));
        return draft;
    }

    private JsonNode submit(Application application, Names ids) throws StartFailure {
        String property = ids.find("property", application.property()).orElseThrow();
        return api.post(
                "/api/v1/properties/" + property + "/applications",
                Optional.empty(),
                Map.of(
                        "applicant_name", application.name(),
                        "email", application.email(),
                        "position", application.position()));
    }

    private void decide(Application application, String id, Names ids, String token) throws StartFailure {
        String path = "/api/v1/applications/" + id;
        switch (application.outcome()) {
            case APPROVED -> {
                // The employee, where there is a member for them, sees the onboarding.
                Optional<String> employee = ids.find("member", application.name());
                Map<String, Object> body = employee.<Map<String, Object>>map(user -> Map.of("user_id", user))
                        .orElse(Map.of());
                api.post(path + "/approve", Optional.of(token), body);
            }
            case REJECTED ->
                api.post(path + "/reject", Optional.of(token), Map.of("reason", "The position is filled."));
            case OPEN -> {}
        }
    }

    /** The ids behind the names of one organisation. */
    private record Names(Handle handle, String organization) {
        Optional<String> find(String table, String name) {
            return handle.createQuery("select record.id from api.<table> record"
                            + " join api.organization on organization.id = record.org_id"
                            + " where organization.name = :organization and record.name = :name")
                    .define("table", table)
                    .bind("organization", organization)
                    .bind("name", name)
                    .mapTo(String.class)
                    .findFirst();
        }
    }
}
