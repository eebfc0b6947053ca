package dev.bellhop.api.chat;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.ChatEvent.Message;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/chats} and their messages. */
public final class ChatResource {
    /** A message is written once and never changed. */
    private static final long MESSAGE_VERSION = 1;

    private final ChatStore chats;
    private final Cursors cursors;

    public ChatResource(ChatStore chats, Cursors cursors) {
        this.chats = chats;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of());
        query.answer(
                chats.list(caller.org(), query.position(), query.limit()),
                chat -> new Position(Timestamps.format(chat.createdAt()), chat.id()));
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String title = body.line("title", Fields.NAME);
        Optional<UUID> entityId = body.optionalId("entity_id");
        body.rejectFaults();
        Chat chat = chats.create(Authentication.caller(ctx), title, entityId);
        Answer.created(ctx, "/api/v1/chats/" + chat.id(), chat, chat.version());
    }

    public void get(Context ctx) {
        Chat chat = chats.find(Authentication.caller(ctx).org(), id(ctx, "id")).orElseThrow(Problem::notFound);
        Answer.record(ctx, chat, chat.version());
    }

    /** Newest first; {@code before} names the message at which to begin, without it. */
    public void messages(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("before"));
        query.answer(
                chats.messages(caller.org(), id(ctx, "id"), query.id("before"), query.position(), query.limit()),
                message -> new Position(Timestamps.format(message.createdAt()), message.id()));
    }

    public void post(Context ctx) {
        Fields body = Fields.of(ctx);
        String text = body.prose("text", Fields.CHAT);
        body.rejectFaults();
        UUID chatId = id(ctx, "id");
        Message message = chats.post(Authentication.caller(ctx), chatId, text);
        Answer.created(ctx, "/api/v1/chats/" + chatId + "/messages/" + message.id(), message, MESSAGE_VERSION);
    }

    public void message(Context ctx) {
        Message message = chats.message(Authentication.caller(ctx).org(), id(ctx, "id"), id(ctx, "message_id"))
                .orElseThrow(Problem::notFound);
        Answer.record(ctx, message, MESSAGE_VERSION);
    }

    private static UUID id(Context ctx, String name) {
        return Ids.parse(ctx.pathParam(name)).orElseThrow(Problem::notFound);
    }
}
