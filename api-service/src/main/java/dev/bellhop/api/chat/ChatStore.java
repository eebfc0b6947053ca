package dev.bellhop.api.chat;

import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.outbox.Outbox;
import dev.bellhop.api.store.Ids;
import dev.bellhop.api.store.Row;
import dev.bellhop.model.events.ChatEvent.Message;
import dev.bellhop.model.events.Subject;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.wire.Timestamps;
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

/**
 * Chats in PostgreSQL. The event of a message is written by the trigger on {@code chat_message}, for this program's messages
 * and for those of any other. Thread-safe.
 */
public final class ChatStore {
    private static final String SELECT =
            "select id, title, entity_id, owner_id, created_at, updated_at, version from chat where org_id = :orgId ";
    private static final String LIST = SELECT + """
              and (created_at, id) < (:key::timestamptz, :id)
            order by created_at desc, id desc limit :rows""";
    private static final String ONE = SELECT + "and id = :id";

    private static final String SELECT_MESSAGE = """
            select id, chat_id, author_id, author_name, text, created_at from chat_message
            where org_id = :orgId and chat_id = :chatId
            """;
    private static final String MESSAGES = SELECT_MESSAGE + """
              and (created_at, id) < (:key::timestamptz, :id)
            order by created_at desc, id desc limit :rows""";
    private static final String ONE_MESSAGE = SELECT_MESSAGE + "and id = :id";

    private static final Position START = new Position("infinity", new UUID(-1, -1));

    private final Jdbi jdbi;
    private final Outbox outbox;

    public ChatStore(Jdbi jdbi, Outbox outbox) {
        this.jdbi = jdbi;
        this.outbox = outbox;
    }

    /** Newest first; one more than the limit where there are more. */
    List<Chat> list(UUID orgId, Optional<Position> after, int limit) {
        Position position = after.orElse(START);
        return jdbi.withHandle(handle -> handle.createQuery(LIST)
                .bind("orgId", orgId)
                .bind("key", position.key())
                .bind("id", position.id())
                .bind("rows", limit + 1)
                .map(ChatStore::chat)
                .list());
    }

    /** @throws Problem 404 for an entity that is not there */
    Chat create(Principal owner, String title, Optional<UUID> entityId) {
        UUID orgId = owner.org();
        Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
        Chat chat = new Chat(Ids.next(), title, entityId.orElse(null), UUID.fromString(owner.userId()), now, now, 1);
        jdbi.useTransaction(tx -> {
            entityId.ifPresent(id -> requireEntity(tx, orgId, id));
            tx.createUpdate("""
                            insert into chat (org_id, id, title, entity_id, owner_id, created_at, updated_at)
                            values (:orgId, :id, :title, :entityId, :ownerId, :now, :now)""")
                    .bind("orgId", orgId)
                    .bind("id", chat.id())
                    .bind("title", title)
                    .bindByType("entityId", chat.entityId(), UUID.class)
                    .bind("ownerId", chat.ownerId())
                    .bind("now", now)
                    .execute();
            outbox.record(tx, orgId, "chat.created", new Subject("chat", chat.id()));
        });
        return chat;
    }

    private static void requireEntity(Handle tx, UUID orgId, UUID id) {
        Optional<UUID> entity = tx.createQuery("select id from entity where org_id = :orgId and id = :id for key share")
                .bind("orgId", orgId)
                .bind("id", id)
                .mapTo(UUID.class)
                .findOne();
        if (entity.isEmpty()) {
            throw Problem.notFound();
        }
    }

    Optional<Chat> find(UUID orgId, UUID id) {
        return jdbi.withHandle(handle -> find(handle, orgId, id));
    }

    private static Optional<Chat> find(Handle handle, UUID orgId, UUID id) {
        return handle.createQuery(ONE)
                .bind("orgId", orgId)
                .bind("id", id)
                .map(ChatStore::chat)
                .findOne();
    }

    /**
     * Newest first; one more than the limit where there are more.
     *
     * @param before a message after which, going back in time, the list begins; a position goes before it
     * @throws Problem 404 for a chat or a message of it that is not there
     */
    List<Message> messages(UUID orgId, UUID chatId, Optional<UUID> before, Optional<Position> after, int limit) {
        return jdbi.withHandle(handle -> {
            requireChat(handle, orgId, chatId);
            Position position = after.or(() -> before.map(id -> position(handle, orgId, chatId, id)))
                    .orElse(START);
            return handle.createQuery(MESSAGES)
                    .bind("orgId", orgId)
                    .bind("chatId", chatId)
                    .bind("key", position.key())
                    .bind("id", position.id())
                    .bind("rows", limit + 1)
                    .map(ChatStore::message)
                    .list();
        });
    }

    private static void requireChat(Handle handle, UUID orgId, UUID id) {
        if (find(handle, orgId, id).isEmpty()) {
            throw Problem.notFound();
        }
    }

    private static Position position(Handle handle, UUID orgId, UUID chatId, UUID id) {
        Message message = message(handle, orgId, chatId, id).orElseThrow(Problem::notFound);
        return new Position(Timestamps.format(message.createdAt()), id);
    }

    /** @throws Problem 404 for a chat that is not there */
    Message post(Principal author, UUID chatId, String text) {
        UUID orgId = author.org();
        return jdbi.inTransaction(tx -> {
            requireChat(tx, orgId, chatId);
            outbox.expectFromTrigger(tx);
            return tx.createQuery("""
                            insert into chat_message (org_id, id, chat_id, author_id, author_name, text)
                            values (:orgId, :id, :chatId, :authorId, :authorName, :text)
                            returning id, chat_id, author_id, author_name, text, created_at""")
                    .bind("orgId", orgId)
                    .bind("id", Ids.next())
                    .bind("chatId", chatId)
                    .bind("authorId", UUID.fromString(author.userId()))
                    .bind("authorName", author.name())
                    .bind("text", text)
                    .map(ChatStore::message)
                    .one();
        });
    }

    Optional<Message> message(UUID orgId, UUID chatId, UUID id) {
        return jdbi.withHandle(handle -> message(handle, orgId, chatId, id));
    }

    private static Optional<Message> message(Handle handle, UUID orgId, UUID chatId, UUID id) {
        return handle.createQuery(ONE_MESSAGE)
                .bind("orgId", orgId)
                .bind("chatId", chatId)
                .bind("id", id)
                .map(ChatStore::message)
                .findOne();
    }

    private static Chat chat(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Chat(
                row.id("id"),
                row.text("title"),
                row.id("entity_id"),
                row.id("owner_id"),
                row.time("created_at"),
                row.time("updated_at"),
                row.number("version"));
    }

    private static Message message(ResultSet result, StatementContext ctx) throws SQLException {
        Row row = new Row(result);
        return new Message(
                row.id("id"),
                row.id("chat_id"),
                row.id("author_id"),
                row.text("author_name"),
                row.text("text"),
                row.time("created_at"));
    }
}
