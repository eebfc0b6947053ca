package dev.bellhop.torture;

import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The organisations of a run. Every tenant, property and user has a canary: a word that stands in the texts that only its
 * people may see, so that a leak shows in the raw bytes.
 */
final class World {
    private static final int ORGS = 8;
    private static final int PROPERTIES = 5;
    private static final int DEPARTMENTS = 2;
    private static final int CHATS = 3;
    /** ADMIN and the first HR are never changed: they do the work. */
    private static final List<Role> ROLES = List.of(
            Role.ADMIN,
            Role.HR,
            Role.HR,
            Role.MANAGER,
            Role.MANAGER,
            Role.MANAGER,
            Role.MANAGER,
            Role.MEMBER,
            Role.MEMBER,
            Role.MEMBER,
            Role.MEMBER,
            Role.MEMBER);

    private static final int STABLE = 2;

    record Property(UUID id, String canary) {}

    /** @param hot half of all operations are its */
    record Org(
            int index,
            UUID id,
            String canary,
            boolean hot,
            List<Property> properties,
            List<UUID> departments,
            List<UUID> chats,
            List<User> users) {
        User admin() {
            return users.get(0);
        }

        User hr() {
            return users.get(1);
        }

        /** Whose rights may change. */
        List<User> changeable() {
            return users.subList(STABLE, users.size());
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Org org && org.id.equals(id);
        }

        @Override
        public int hashCode() {
            return id.hashCode();
        }

        @Override
        public String toString() {
            return "org " + index;
        }
    }

    /** A member; what is mutable is what the generator last asked for. Thread-safe. */
    static final class User {
        private final UUID id;
        private final Org org;
        private final String canary;
        /** Guarded by this, as are the following ones. */
        private Role role;

        private List<Property> properties;
        private UUID department;
        private boolean changing;
        /** Grows only: what was allowed at any time of the run is no leak; the order of revocations is checked in the log. */
        private final Set<Property> everSeen = new HashSet<>();

        private boolean everSawAll;

        User(UUID id, Org org, String canary, Role role, List<Property> properties, UUID department) {
            this.id = id;
            this.org = org;
            this.canary = canary;
            assign(role, properties, department);
        }

        UUID id() {
            return id;
        }

        Org org() {
            return org;
        }

        String canary() {
            return canary;
        }

        synchronized Role role() {
            return role;
        }

        synchronized List<Property> properties() {
            return properties;
        }

        synchronized UUID department() {
            return department;
        }

        /** Said before the change is asked for. */
        synchronized void assign(Role newRole, List<Property> newProperties, UUID newDepartment) {
            role = newRole;
            properties = List.copyOf(newProperties);
            department = newDepartment;
            everSeen.addAll(properties);
            everSawAll |= newRole.seesAllProperties();
        }

        synchronized boolean mayEverSee(Property property) {
            return everSawAll || everSeen.contains(property);
        }

        /** @return false when somebody changes this user already */
        synchronized boolean beginChange() {
            boolean free = !changing;
            changing = true;
            return free;
        }

        synchronized boolean isChanging() {
            return changing;
        }

        synchronized void endChange() {
            changing = false;
        }
    }

    private final List<Org> orgs = new ArrayList<>();
    /** By canary; the owner is an {@link Org}, a {@link Property} or a {@link User}. */
    private final Map<String, Object> canaries = new HashMap<>();

    private final Map<Property, Org> ownerOf = new HashMap<>();

    World(Chance chance) {
        for (int i = 0; i < ORGS; i++) {
            orgs.add(org(i, chance));
        }
    }

    private Org org(int index, Chance chance) {
        Org org = new Org(
                index,
                Ids.next(),
                canary(chance),
                index == 0,
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>(),
                new ArrayList<>());
        canaries.put(org.canary(), org);
        for (int i = 0; i < PROPERTIES; i++) {
            Property property = new Property(Ids.next(), canary(chance));
            org.properties().add(property);
            canaries.put(property.canary(), property);
            ownerOf.put(property, org);
        }
        for (int i = 0; i < DEPARTMENTS; i++) {
            org.departments().add(Ids.next());
        }
        for (int i = 0; i < CHATS; i++) {
            org.chats().add(Ids.next());
        }
        for (int i = 0; i < ROLES.size(); i++) {
            Role role = ROLES.get(i);
            List<Property> managed =
                    role == Role.MANAGER ? List.of(org.properties().get(i % PROPERTIES)) : List.of();
            UUID department = role == Role.MEMBER ? org.departments().get(i % DEPARTMENTS) : null;
            User user = new User(Ids.next(), org, canary(chance), role, managed, department);
            org.users().add(user);
            canaries.put(user.canary(), user);
        }
        return org;
    }

    private static String canary(Chance chance) {
        return "cn" + chance.hex();
    }

    List<Org> orgs() {
        return orgs;
    }

    Org hot() {
        return orgs.get(0);
    }

    /** Whether a text that this user gets may hold that canary. An unknown one belongs to nobody. */
    boolean mayEverSee(User reader, String canary) {
        Object owner = canaries.get(canary);
        if (owner instanceof Org org) {
            return org.equals(reader.org());
        } else if (owner instanceof Property property) {
            return reader.org().equals(ownerOf.get(property)) && reader.mayEverSee(property);
        }
        return owner == null || owner.equals(reader);
    }

    /** Whether that canary is of the organisation, of one of its houses or people, or of nobody. */
    boolean belongsTo(Org org, String canary) {
        Object owner = canaries.get(canary);
        if (owner instanceof User user) {
            return user.org().equals(org);
        }
        if (owner instanceof Property property) {
            return org.equals(ownerOf.get(property));
        }
        return owner == null || owner.equals(org);
    }

    /** How many canaries there are that this user may not see. */
    int foreignCanaries(User reader) {
        return (int) canaries.keySet().stream()
                .filter(canary -> !mayEverSee(reader, canary))
                .count();
    }

    /** In one transaction, beside the API: nobody is connected yet. */
    void insert(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        for (Org org : orgs) {
            insert(connection, org);
        }
        connection.commit();
    }

    private static void insert(Connection connection, Org org) throws SQLException {
        run(connection, "insert into api.organization (id, name) values (?, ?)", org.id(), "Hotels " + org.canary());
        for (Property property : org.properties()) {
            run(
                    connection,
                    "insert into api.property (org_id, id, name) values (?, ?, ?)",
                    org.id(),
                    property.id(),
                    "House " + property.canary());
        }
        for (UUID department : org.departments()) {
            run(
                    connection,
                    "insert into api.department (org_id, id, name) values (?, ?, ?)",
                    org.id(),
                    department,
                    "Department");
        }
        for (User user : org.users()) {
            run(
                    connection,
                    "insert into api.member (org_id, id, email, name, role, department_id, password_hash)"
                            + " values (?, ?, ?, ?, ?, ?, 'nobody logs in')",
                    org.id(),
                    user.id(),
                    user.id() + "@torture.example",
                    "User " + org.canary(),
                    user.role().name(),
                    user.department());
            for (Property property : user.properties()) {
                run(
                        connection,
                        "insert into api.member_property (org_id, member_id, property_id) values (?, ?, ?)",
                        org.id(),
                        user.id(),
                        property.id());
            }
        }
        for (UUID chat : org.chats()) {
            run(
                    connection,
                    "insert into api.chat (org_id, id, title, owner_id, created_at, updated_at)"
                            + " values (?, ?, 'Chat', ?, now(), now())",
                    org.id(),
                    chat,
                    org.admin().id());
        }
    }

    private static void run(Connection connection, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                statement.setObject(i + 1, values[i]);
            }
            statement.execute();
        }
    }
}
