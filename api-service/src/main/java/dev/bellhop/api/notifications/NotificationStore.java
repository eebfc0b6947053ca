package dev.bellhop.api.notifications;

import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.events.NotificationEvent;
import dev.bellhop.model.events.NotificationEvent.Severity;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
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

/** Notifications in PostgreSQL, kept for 90 days. A notification and its event commit together or not at all. Thread-safe. */
public final class NotificationStore {
    /** What was sent to the caller, by name, by role or with everybody else, since they came. */
    private static final String RECEIVED = """
            select n.id, n.user_id, n.target_role, n.title, n.message, n.severity, n.kind, n.sender_id, n.created_at,
                   r.read_at
            from notification n
            join member m on m.org_id = n.org_id and m.id = :userId
            left join notification_read r
                on r.org_id = n.org_id and r.notification_id = n.id and r.user_id = :userId
            where n.org_id = :orgId and n.created_at >= m.created_at
              and (n.user_id = :userId or (n.user_id is null and (n.target_role is null or n.target_role = :role)))
            """;

    private static final String UNREAD = RECEIVED + """
              and r.read_at is null and (n.created_at, n.id) < (:key::timestamptz, :id)
            order by n.created_at desc, n.id desc limit :rows""";
    private static final String ONE_RECEIVED = RECEIVED + "and n.id = :id";
    private static final String ONE_SENT = """
            select n.id, n.user_id, n.target_role, n.title, n.message, n.severity, n.kind, n.sender_id, n.created_at,
                   null::timestamptz as read_at
            from notification n where n.org_id = :orgId and n.sender_id = :userId and n.id = :id""";

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    record NewNotification(
            Optional<UUID> userId,
            Optional<Role> targetRole,
            Optional<String> title,
            String message,
            String severity,
            Optional<String> kind) {}

    private final Jdbi jdbi;
    private final Outbox outbox;

    public NotificationStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** Newest first; one more than the limit where there are more. */
    List<Notification> unread(Principal caller, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(UNREAD)
                .bind("orgId", caller.org())
                .bind("userId", UUID.fromString(caller.userId()))
                .bind("role", caller.role().name())
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(NotificationStore::notification)
                .list());
    }

    /** @throws Problem 404 for a user that is no active member */
    Notification send(Principal sender, NewNotification draft) {
        UUID orgId = sender.org();
        Notification notification = new Notification(
                Ids.next(),
                draft.userId().orElse(null),
                draft.targetRole().orElse(null),
                draft.title().orElse(null),
                draft.message(),
                draft.severity(),
                draft.kind().orElse(null),
                UUID.fromString(sender.userId()),
                Instant.now().truncatedTo(ChronoUnit.MICROS),
                null);
        jdbi.useTransaction(tx -> {
            draft.userId().ifPresent(id -> requireActiveMember(tx, orgId, id));
            insert(tx, orgId, notification);
            outbox.append(tx, orgId, event(notification));
        });
        return notification;
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

    private static void insert(Handle tx, UUID orgId, Notification notification) {
        tx.createUpdate("""
                        insert into notification (org_id, id, user_id, target_role, title, message, severity, kind,
                                                  sender_id, created_at)
                        values (:orgId, :id, :userId, :targetRole, :title, :message, :severity, :kind, :senderId,
                                :createdAt)""")
                .bind("orgId", orgId)
                .bind("id", notification.id())
                .bindByType("userId", notification.userId(), UUID.class)
                .bindByType("targetRole", notification.targetRole(), Role.class)
                .bind("title", notification.title())
                .bind("message", notification.message())
                .bind("severity", notification.severity())
                .bind("kind", notification.kind())
                .bind("senderId", notification.senderId())
                .bind("createdAt", notification.createdAt())
                .execute();
    }

    private static Event event(Notification notification) {
        Severity severity = Severity.parse(notification.severity()).orElseThrow();
        return notification.userId() == null
                ? new NotificationEvent.Announced(new NotificationEvent.ToAll(
                        notification.id(),
                        notification.message(),
                        severity,
                        notification.targetRole(),
                        notification.kind()))
                : new NotificationEvent.Notified(
                        notification.userId().toString(),
                        new NotificationEvent.ToUser(
                                notification.id(), notification.title(), notification.message(), severity, null));
    }

    /** @return empty for one that the caller neither received nor sent */
    Optional<Notification> find(Principal caller, UUID id) {
        return jdbi.withHandle(
                handle -> one(handle, ONE_RECEIVED, caller, id).or(() -> one(handle, ONE_SENT, caller, id)));
    }

    /** @throws Problem 404 for one that the caller did not receive */
    Notification read(Principal caller, UUID id) {
        return jdbi.inTransaction(tx -> {
            Notification notification = one(tx, ONE_RECEIVED, caller, id).orElseThrow(Problem::notFound);
            if (notification.readAt() != null) {
                return notification;
            }
            tx.createUpdate("""
                            insert into notification_read (org_id, notification_id, user_id, read_at)
                            values (:orgId, :id, :userId, :now) on conflict do nothing""")
                    .bind("orgId", caller.org())
                    .bind("id", id)
                    .bind("userId", UUID.fromString(caller.userId()))
                    .bind("now", Instant.now().truncatedTo(ChronoUnit.MICROS))
                    .execute();
            outbox.record(tx, caller.org(), "notification.read", new Subject("notification", id));
            return one(tx, ONE_RECEIVED, caller, id).orElseThrow(Problem::notFound);
        });
    }

    private static Optional<Notification> one(Handle handle, String sql, Principal caller, UUID id) {
        return handle.createQuery(sql)
                .bind("orgId", caller.org())
                .bind("userId", UUID.fromString(caller.userId()))
                .bind("role", caller.role().name())
                .bind("id", id)
                .map(NotificationStore::notification)
                .findOne();
    }

    /** Forgets what is older than 90 days, {@code chunk} rows in a transaction, until nothing is left. */
    public void deleteExpired(int chunk) {
        int deleted;
        do {
            deleted = jdbi.withHandle(
                    handle -> handle.createUpdate("""
                            delete from notification where (org_id, id) in (
                                select org_id, id from notification
                                where created_at < now() - interval '90 days' order by created_at limit :chunk)""").bind("chunk", chunk).execute());
        } while (deleted == chunk);
    }

    private static Notification notification(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Notification(
                row.id("id"),
                row.id("user_id"),
                Role.parse(row.text("target_role")).orElse(null),
                row.text("title"),
                row.text("message"),
                row.text("severity"),
                row.text("kind"),
                row.id("sender_id"),
                row.time("created_at"),
                row.time("read_at"));
    }
}
