package dev.bellhop.api.auth;

import dev.bellhop.api.http.Actor;
import dev.bellhop.api.http.Answer.Precondition;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Batching;
import dev.bellhop.api.store.Columns;
import dev.bellhop.api.store.Direct;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Query;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.ControlEvent;
import dev.bellhop.model.events.MemberEvent;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Array;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.statement.StatementContext;

/** Logins and what became of them, in PostgreSQL. Thread-safe. */
public final class SessionStore {
    /** How long a session can be refreshed after its login. */
    static final Duration LIFE = Duration.ofDays(30);

    private static final int TOKEN_BYTES = 32;
    private static final SecureRandom RANDOM = new SecureRandom();

    /**
     * What a login needs to know.
     *
     * @param active whether the member and their organisation are
     * @param ver of the membership, for the tokens
     * @param version of the record, for its ETag
     */
    record Credentials(Account account, String passwordHash, boolean active, long ver, long version) {}

    /** A new password, and the hash against which the old one was checked. */
    record NewPassword(String oldHash, String hash) {}

    /**
     * A session that was started or refreshed.
     *
     * @param refreshToken goes to the caller and is kept nowhere
     */
    record Started(Account account, UUID sessionId, String refreshToken, long ver) {}

    private final Jdbi jdbi;
    private final Outbox outbox;
    private final Batching<Claim, Optional<Standing>> standings = new Batching<>(this::standings);

    public SessionStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    Optional<Credentials> credentials(String email) {
        return jdbi.withHandle(handle -> handle.createQuery("""
                        select m.org_id, m.id, m.email, m.name, m.role, m.department_id, m.password_hash, m.ver,
                               m.version, m.status = 'active' and o.status = 'active' as active,
                               array(select p.property_id from member_property p
                                     where p.org_id = m.org_id and p.member_id = m.id order by 1) as property_ids
                        from member m join organization o on o.id = m.org_id
                        where lower(m.email) = lower(:email) and m.status <> 'removed'""")
                .bind("email", email)
                .map(SessionStore::credentials)
                .findOne());
    }

    Started start(Account account, long ver) {
        return jdbi.inTransaction(tx -> {
            UUID sessionId = Ids.next();
            tx.createUpdate("""
                            insert into session (org_id, id, member_id, expires_at)
                            values (:orgId, :id, :memberId, now() + :life)""")
                    .bind("orgId", account.orgId())
                    .bind("id", sessionId)
                    .bind("memberId", account.id())
                    .bind("life", LIFE)
                    .execute();
            Actor.identify(account.id().toString(), account.name());
            outbox.record(tx, account.orgId(), "session.started", new Subject("member", account.id()));
            return new Started(account, sessionId, newToken(tx, account.orgId(), sessionId), ver);
        });
    }

    /**
     * Trades a refresh token for the next one. A token that was traded before is in two hands: its session ends.
     *
     * @return empty for a token that is unknown, used, or of a session, member or organisation that is no longer active
     */
    Optional<Started> refresh(String refreshToken) {
        return jdbi.inTransaction(tx -> {
            Optional<Held> held = lock(tx, refreshToken);
            if (held.isEmpty() || !held.get().sessionActive()) {
                return Optional.empty();
            }
            Held token = held.get();
            if (token.used()) {
                revoke(tx, token);
                return Optional.empty();
            }
            Optional<Credentials> credentials = member(tx, token.orgId(), token.memberId());
            if (credentials.isEmpty() || !credentials.get().active()) {
                return Optional.empty();
            }
            tx.createUpdate("update refresh_token set used_at = now() where hash = :hash")
                    .bind("hash", sha256(refreshToken))
                    .execute();
            return Optional.of(new Started(
                    credentials.get().account(),
                    token.sessionId(),
                    newToken(tx, token.orgId(), token.sessionId()),
                    credentials.get().ver()));
        });
    }

    /** Ends the session of a refresh token, and with it the sockets that it opened; nothing for an unknown token. */
    void end(String refreshToken) {
        jdbi.useTransaction(
                tx -> lock(tx, refreshToken).filter(Held::sessionActive).ifPresent(token -> revoke(tx, token)));
    }

    Optional<Credentials> credentials(Principal caller) {
        return jdbi.withHandle(handle -> member(handle, caller.org(), UUID.fromString(caller.userId())));
    }

    /**
     * Changes what members change of themselves. A new password ends all their sessions but the caller's.
     *
     * @throws Problem 404, 409 when the password has changed since the old one was checked, or 412 when the precondition
     *     does not hold
     */
    Credentials change(
            Principal caller, Change<String> name, Optional<NewPassword> password, Precondition precondition) {
        UUID orgId = caller.org();
        UUID userId = UUID.fromString(caller.userId());
        return jdbi.inTransaction(tx -> {
            Credentials current = lock(tx, orgId, userId);
            if (!precondition.holds(current.version())) {
                throw Problem.preconditionFailed("You are at version " + current.version() + " by now.");
            }
            if (password.isPresent() && !password.get().oldHash().equals(current.passwordHash())) {
                throw Problem.conflict("password-changed", "The password has just been changed.");
            }
            tx.createUpdate("""
                            update member
                            set name = :name, password_hash = :hash, ver = ver + :verStep, updated_at = now(),
                                version = version + 1
                            where org_id = :orgId and id = :id""")
                    .bind("name", name.over(current.account().name()))
                    .bind("hash", password.map(NewPassword::hash).orElse(current.passwordHash()))
                    .bind("verStep", password.isPresent() ? 1 : 0)
                    .bind("orgId", orgId)
                    .bind("id", userId)
                    .execute();
            Credentials changed = member(tx, orgId, userId).orElseThrow(Problem::notFound);
            if (name.mentioned()) {
                outbox.append(tx, orgId, new MemberEvent.Updated(payload(changed)));
            }
            if (password.isPresent()) {
                outbox.record(tx, orgId, "member.password_changed", new Subject("member", userId));
                endOthers(tx, caller, changed.ver());
            }
            return changed;
        });
    }

    private static Credentials lock(Handle tx, UUID orgId, UUID userId) {
        tx.createQuery("select id from member where org_id = :orgId and id = :id for update")
                .bind("orgId", orgId)
                .bind("id", userId)
                .mapTo(UUID.class)
                .findOne();
        return member(tx, orgId, userId).filter(Credentials::active).orElseThrow(Problem::notFound);
    }

    private static MemberEvent.Payload payload(Credentials member) {
        Account account = member.account();
        return new MemberEvent.Payload(
                account.id(),
                account.name(),
                account.role(),
                account.propertyIds(),
                account.departmentId(),
                "active",
                member.ver(),
                member.version());
    }

    private void endOthers(Handle tx, Principal caller, long ver) {
        UUID userId = UUID.fromString(caller.userId());
        tx.createUpdate("""
                        update session set revoked_at = now()
                        where org_id = :orgId and member_id = :memberId and revoked_at is null
                          and id is distinct from :own::uuid""")
                .bind("orgId", caller.org())
                .bind("memberId", userId)
                .bind("own", caller.sessionId())
                .execute();
        outbox.append(
                tx,
                caller.org(),
                new ControlEvent.Revoked(new ControlEvent.SessionRevoked(
                        userId, null, caller.sessionId().orElse(null), ver)));
    }

    /** @return the bearer with the rights of now, empty when member, organisation or session is no longer active */
    Optional<Principal> activePrincipal(Claimed caller) {
        return standings.call(caller.org(), Claim.of(caller)).map(standing -> standing.over(caller.token()));
    }

    /** A bearer with the rights of now, and what was read together with them. */
    record Admitted<T>(Principal principal, T rows) {}

    /** As {@link #activePrincipal(Claimed)}, with a query that goes to the database in the same round trip. */
    <T> Optional<Admitted<T>> activePrincipal(Claimed caller, Query<T> ahead) {
        Claim claim = Claim.of(caller);
        Standings check = new Standings(caller.org(), List.of(claim));
        Query.Both<Map<Claim, Standing>, T> both =
                jdbi.withHandle(handle -> Direct.with(handle, connection -> Query.on(connection, check, ahead)));
        return Optional.ofNullable(both.first().get(claim))
                .map(standing -> new Admitted<>(standing.over(caller.token()), both.second()));
    }

    /** As {@link #activePrincipal(Claimed)} for callers of one organisation, in their order, as a transaction sees them. */
    public static List<Optional<Principal>> activePrincipals(Handle tx, UUID orgId, List<Claimed> callers) {
        List<Claim> claims = callers.stream().map(Claim::of).distinct().toList();
        Map<Claim, Standing> active = Direct.with(tx, new Standings(orgId, claims)::on);
        return callers.stream()
                .map(caller -> Optional.ofNullable(active.get(Claim.of(caller)))
                        .map(standing -> standing.over(caller.token())))
                .toList();
    }

    /**
     * What a token claims.
     *
     * @param sessionId null for a token that belongs to none
     */
    private record Claim(UUID userId, UUID sessionId, long ver) {
        static Claim of(Claimed caller) {
            return new Claim(
                    caller.userId(),
                    caller.sessionId().orElse(null),
                    caller.token().version());
        }
    }

    /** What the bearer of a token may do now. */
    private record Standing(Role role, String name, List<String> properties, List<String> departments, long ver) {
        Principal over(Principal token) {
            return new Principal(
                    token.userId(),
                    token.orgId(),
                    role,
                    name,
                    properties,
                    departments,
                    token.sessionId(),
                    ver,
                    token.tokenId(),
                    token.issuedAt(),
                    token.expiresAt());
        }
    }

    private List<Optional<Standing>> standings(UUID orgId, List<Claim> claims) {
        List<Claim> distinct = claims.stream().distinct().toList();
        Map<Claim, Standing> active =
                jdbi.withHandle(handle -> Direct.with(handle, new Standings(orgId, distinct)::on));
        return claims.stream()
                .map(claim -> Optional.ofNullable(active.get(claim)))
                .toList();
    }

    /**
     * Which of the claims hold. The arrays stand in queries of their own, where the planner does not count them: so it makes
     * one plan for any number.
     */
    private record Standings(UUID orgId, List<Claim> claims) implements Query<Map<Claim, Standing>> {
        @Override
        public String sql() {
            return """
                    select c.place, m.role, m.name, m.department_id, m.ver,
                           array(select p.property_id from member_property p
                                 where p.org_id = m.org_id and p.member_id = m.id order by 1) as property_ids
                    from unnest((select cast(? as uuid[])), (select cast(? as uuid[])), (select cast(? as bigint[])))
                         with ordinality as c (user_id, session_id, ver, place)
                    join member m on m.org_id = ? and m.id = c.user_id and m.status = 'active'
                    join organization o on o.id = m.org_id and o.status = 'active'
                    left join session s on s.org_id = m.org_id and s.id = c.session_id and s.member_id = m.id
                         and s.revoked_at is null and s.expires_at > now()
                    where s.id is not null or (c.session_id is null and m.ver <= c.ver)""";
        }

        @Override
        public int parameters() {
            return 4;
        }

        @Override
        public void bind(PreparedStatement statement, int before) throws SQLException {
            Columns<Claim> columns = new Columns<>(statement.getConnection(), claims);
            statement.setArray(before + 1, columns.ids(Claim::userId));
            statement.setArray(before + 2, columns.ids(Claim::sessionId));
            statement.setArray(before + 3, columns.numbers(Claim::ver));
            statement.setObject(before + 4, orgId);
        }

        @Override
        public Map<Claim, Standing> read(ResultSet rows) throws SQLException {
            Map<Claim, Standing> active = new HashMap<>();
            while (rows.next()) {
                active.put(claims.get(rows.getInt("place") - 1), standing(new Row(rows)));
            }
            return active;
        }
    }

    private static Standing standing(Row row) throws SQLException {
        UUID departmentId = row.id("department_id");
        return new Standing(
                Role.valueOf(row.text("role")),
                row.text("name"),
                ids(row.result().getArray("property_ids")).stream()
                        .map(UUID::toString)
                        .toList(),
                departmentId == null ? List.of() : List.of(departmentId.toString()),
                row.number("ver"));
    }

    /** Forgets at most {@code limit} sessions that ran out, with their tokens. */
    public int deleteExpired(int limit) {
        return jdbi.withHandle(
                handle -> handle.createUpdate("""
                        delete from session where (org_id, id) in (
                            select org_id, id from session where expires_at < now() order by expires_at limit :limit)""").bind("limit", limit).execute());
    }

    private record Held(UUID orgId, UUID sessionId, UUID memberId, boolean used, boolean sessionActive) {}

    private static Optional<Held> lock(Handle tx, String refreshToken) {
        return tx.createQuery("""
                        select t.org_id, t.session_id, s.member_id, t.used_at is not null as used,
                               s.revoked_at is null and s.expires_at > now() as active
                        from refresh_token t join session s on s.org_id = t.org_id and s.id = t.session_id
                        where t.hash = :hash for update""")
                .bind("hash", sha256(refreshToken))
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new Held(
                            row.id("org_id"),
                            row.id("session_id"),
                            row.id("member_id"),
                            rs.getBoolean("used"),
                            rs.getBoolean("active"));
                })
                .findOne();
    }

    private void revoke(Handle tx, Held token) {
        tx.createUpdate("update session set revoked_at = now() where org_id = :orgId and id = :id")
                .bind("orgId", token.orgId())
                .bind("id", token.sessionId())
                .execute();
        outbox.append(
                tx,
                token.orgId(),
                new ControlEvent.Revoked(new ControlEvent.SessionRevoked(
                        token.memberId(), token.sessionId().toString(), null, null)));
    }

    private static Optional<Credentials> member(Handle handle, UUID orgId, UUID memberId) {
        return handle.createQuery("""
                        select m.org_id, m.id, m.email, m.name, m.role, m.department_id, m.password_hash, m.ver,
                               m.version, m.status = 'active' and o.status = 'active' as active,
                               array(select p.property_id from member_property p
                                     where p.org_id = m.org_id and p.member_id = m.id order by 1) as property_ids
                        from member m join organization o on o.id = m.org_id
                        where m.org_id = :orgId and m.id = :memberId""")
                .bind("orgId", orgId)
                .bind("memberId", memberId)
                .map(SessionStore::credentials)
                .findOne();
    }

    private static Credentials credentials(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Credentials(
                account(row),
                row.text("password_hash"),
                result.getBoolean("active"),
                row.number("ver"),
                row.number("version"));
    }

    private static Account account(Row row) throws SQLException {
        return new Account(
                row.id("id"),
                row.text("email"),
                row.text("name"),
                Role.valueOf(row.text("role")),
                row.id("org_id"),
                ids(row.result().getArray("property_ids")),
                row.id("department_id"));
    }

    private static List<UUID> ids(Array array) throws SQLException {
        return Arrays.asList((UUID[]) array.getArray());
    }

    private static String newToken(Handle tx, UUID orgId, UUID sessionId) {
        byte[] random = new byte[TOKEN_BYTES];
        RANDOM.nextBytes(random);
        String token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        tx.createUpdate("insert into refresh_token (hash, org_id, session_id) values (:hash, :orgId, :sessionId)")
                .bind("hash", sha256(token))
                .bind("orgId", orgId)
                .bind("sessionId", sessionId)
                .execute();
        return token;
    }

    private static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
