package dev.bellhop.api.notifications;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.notifications.NotificationStore.NewNotification;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/notifications}: ADMIN and HR send, everybody reads their own. */
public final class NotificationResource {
    private static final Set<String> SEVERITIES = Set.of("info", "warning", "critical");
    private static final Set<String> KINDS = Set.of("maintenance", "alert");
    private static final Set<String> ROLES = Set.of("ADMIN", "HR", "MANAGER", "MEMBER");

    private final NotificationStore notifications;
    private final Cursors cursors;

    public NotificationResource(NotificationStore notifications, Cursors cursors) {
        this.notifications = notifications;
        this.cursors = cursors;
    }

    /** The caller's own that they have not read. */
    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of());
        query.answer(
                notifications.unread(caller, query.position(), query.limit()),
                notification -> new Position(Timestamps.format(notification.createdAt()), notification.id()));
    }

    /** To one user with {@code user_id}; otherwise to a role or to everybody. */
    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String message = body.prose("message", Fields.PROSE);
        String severity = body.choice("severity", SEVERITIES);
        Optional<UUID> userId = body.optionalId("user_id");
        Optional<String> title = userId.isPresent() ? body.optionalLine("title", Fields.NAME) : Optional.empty();
        Optional<String> kind = userId.isPresent() ? Optional.empty() : body.optionalChoice("kind", KINDS);
        Optional<Role> targetRole = userId.isPresent()
                ? Optional.empty()
                : body.optionalChoice("target_role", ROLES).flatMap(Role::parse);
        body.rejectFaults();
        Notification sent = notifications.send(
                Authentication.caller(ctx), new NewNotification(userId, targetRole, title, message, severity, kind));
        Answer.created(ctx, "/api/v1/notifications/" + sent.id(), sent, sent.version());
    }

    public void get(Context ctx) {
        Notification notification =
                notifications.find(Authentication.caller(ctx), id(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, notification, notification.version());
    }

    /** Reading twice is reading once. */
    public void read(Context ctx) {
        Fields.ofOptional(ctx).rejectFaults();
        Notification notification = notifications.read(Authentication.caller(ctx), id(ctx));
        Answer.record(ctx, notification, notification.version());
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
