package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.events.ChatEvent;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static UUID orgId;
    private static User hr;
    private static User member;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        member = api.user(orgId, Role.MEMBER);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static UUID chat(User owner) {
        return api.post(owner, "/api/v1/chats", "{\"title\":\"Night shift\"}").id();
    }

    private static Answer say(User user, UUID chat, String text, String... headers) {
        return api.post(user, "/api/v1/chats/" + chat + "/messages", Json.text(Map.of("text", text)), headers);
    }

    private static List<Logged> messagesOf(UUID chat, int count) {
        return api.eventsOf(orgId, "chat_id", chat, count);
    }

    @Test
    @DisplayName("S2-060 S2-069 a chat is begun, its messages are events for the organisation and stand in its list")
    void lifeOfAChat() {
        UUID entity = api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"Zoë\"}")
                .id();
        Answer created =
                api.post(member, "/api/v1/chats", "{\"title\":\"About Zoë\",\"entity_id\":\"" + entity + "\"}");
        assertThat(created.status()).isEqualTo(201);
        assertThat(created.header("ETag")).isEqualTo("\"1\"");
        assertThat(api.get(hr, created.header("Location")).json()).isEqualTo(created.json());
        assertThat(api.get(hr, "/api/v1/chats").json().path("items").findValuesAsText("id"))
                .contains(created.id().toString());

        Answer said = say(hr, created.id(), "a < b && c > d, O'Brien\u2028next", "traceparent", TRACE);
        assertThat(said.status()).isEqualTo(201);
        assertThat(said.json().path("author_name").textValue()).isEqualTo("Some HR");
        assertThat(api.get(member, said.header("Location")).json()).isEqualTo(said.json());
        Logged event = messagesOf(created.id(), 1).get(0);
        assertThat(event.type()).isEqualTo("chat.message");
        assertThat(event.rooms()).containsExactly("org");
        assertThat(event.payload()).isEqualTo(said.json());
        assertThat(event.traceparent()).isEqualTo(TRACE);
    }

    @Test
    @DisplayName("the trigger writes the bytes that the service would write, inert inside HTML")
    void sameBytes() {
        UUID chat = chat(hr);
        String text = "<script>'\"&\\\u2028\u2029\t\n\u00e9\ud83d\ude00 \u0085";
        UUID id = say(hr, chat, text).id();
        String stored = api.jdbi()
                .withHandle(h -> h.createQuery("select payload from outbox where payload like :id")
                        .bind("id", "{\"id\":\"" + id + "%")
                        .mapTo(String.class)
                        .one());
        Instant createdAt = Instant.parse(
                messagesOf(chat, 1).get(0).payload().path("created_at").textValue());
        assertThat(stored)
                .isEqualTo(Json.text(new ChatEvent.Message(id, chat, hr.id(), "Some HR", text, createdAt)))
                .doesNotContain("<", ">", "&", "'", "\u2028", "\u2029");
    }

    @Test
    @DisplayName(
            "S2-024 S2-065 a row that another program writes, with rights on that table alone, is an event like any other")
    void otherWriters() {
        UUID chat = chat(hr);
        Jdbi owner = api.jdbi();
        owner.useHandle(h -> {
            h.execute("create role telegram_bot");
            h.execute("grant usage on schema api to telegram_bot");
            h.execute("grant insert on chat_message to telegram_bot");
        });
        // Neither in the service's schema nor with a right on the outbox.
        owner.useTransaction(h -> {
            h.execute("set local search_path = public");
            h.execute("set local role telegram_bot");
            h.execute("insert into api.chat_message (chat_id, author_name, text) values (?, 'Telegram', 'hi')", chat);
            h.execute(
                    "insert into api.chat_message (org_id, chat_id, author_id, text) values (?, ?, ?, 'from psql')",
                    orgId,
                    chat,
                    member.id());
        });
        owner.useHandle(h -> {
            h.execute("revoke insert on chat_message from telegram_bot");
            h.execute("revoke usage on schema api from telegram_bot");
            h.execute("drop role telegram_bot");
        });
        List<Logged> events = messagesOf(chat, 2);
        assertThat(events)
                .extracting(event -> event.payload().path("text").textValue())
                .containsExactly("hi", "from psql");
        assertThat(events.get(0).payload().path("author_id").isNull()).isTrue();
        assertThat(events.get(1).payload().path("author_name").textValue()).isEqualTo("Some MEMBER");
        List<String> shown =
                api.get(hr, "/api/v1/chats/" + chat + "/messages").json().findValuesAsText("id");
        assertThat(events)
                .extracting(event -> event.payload().path("id").textValue())
                .containsExactly(shown.get(1), shown.get(0));
        assertThat(events).extracting(event -> event.id().version()).containsOnly(7);
    }

    @Test
    @DisplayName("S2-065 a message that is rolled back was never said")
    void rolledBack() {
        UUID chat = chat(hr);
        api.jdbi().useHandle(h -> {
            h.begin();
            h.execute("insert into chat_message (chat_id, author_name, text) values (?, 'Bot', 'never')", chat);
            h.rollback();
        });
        say(hr, chat, "fence");
        assertThat(messagesOf(chat, 1)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"''", "' '", "repeat('x', 8001)", "E'a\\x01b'", "E'a\\x7f'"})
    @DisplayName("F10 what the service refuses as text, the table refuses too")
    void refusedTexts(String sql) {
        UUID chat = chat(hr);
        assertThatThrownBy(() -> api.jdbi()
                        .useHandle(h -> h.execute(
                                "insert into chat_message (chat_id, author_name, text) select ?, 'Bot', " + sql, chat)))
                .hasMessageContaining("violates check constraint");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{}|text|required",
                "{\"text\":\" \"}|text|required",
                "{\"text\":\"\\u0085\"}|text|required",
                "{\"text\":7}|text|wrong_type",
                "{\"text\":\"x\",\"author_id\":\"x\"}|author_id|unknown_field",
                "{\"text\":\"a\\u0000\"}|text|control_character"
            })
    @DisplayName("F2 F10 what cannot be meant is 422 and names the field")
    void badFields(String body, String field, String code) {
        Answer answer = api.post(hr, "/api/v1/chats/" + chat(hr) + "/messages", body);
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.json().path("errors").path(0).path("field").textValue())
                .isEqualTo(field);
        assertThat(answer.json().path("errors").path(0).path("code").textValue())
                .isEqualTo(code);
    }

    @Test
    @DisplayName("a text has 8,000 characters, whatever their bytes, and no more")
    void length() {
        UUID chat = chat(hr);
        assertThat(say(hr, chat, "\ud83d\ude00".repeat(8_000)).status()).isEqualTo(201);
        assertThat(say(hr, chat, "'".repeat(8_000)).status()).isEqualTo(201);
        assertThat(say(hr, chat, "x".repeat(8_001)).status()).isEqualTo(422);
        assertThat(messagesOf(chat, 2)).extracting(Logged::type).containsOnly("chat.message");
    }

    @Test
    @DisplayName("F5 messages come newest first, page by page and from a given message back")
    void pages() {
        UUID chat = chat(hr);
        List<String> said = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            said.add(0, say(hr, chat, "message " + i).id().toString());
        }
        String path = "/api/v1/chats/" + chat + "/messages";
        Answer first = api.get(member, path + "?limit=2");
        assertThat(first.json().path("items").findValuesAsText("id")).isEqualTo(said.subList(0, 2));
        String cursor = first.json().path("next_cursor").textValue();
        assertThat(api.get(member, path + "?limit=2&cursor=" + cursor)
                        .json()
                        .path("items")
                        .findValuesAsText("id"))
                .isEqualTo(said.subList(2, 4));
        assertThat(api.get(member, path + "?before=" + said.get(2))
                        .json()
                        .path("items")
                        .findValuesAsText("id"))
                .isEqualTo(said.subList(3, 5));
        Answer page = api.get(member, path + "?limit=1&before=" + said.get(1));
        assertThat(api.get(member, page.header("Link").replaceAll("<(.*)>.*", "$1"))
                        .json()
                        .path("items")
                        .findValuesAsText("id"))
                .isEqualTo(said.subList(3, 4));
        assertThat(api.get(member, path + "?before=x").status()).isEqualTo(400);
        assertThat(api.get(member, path + "?before=" + Ids.next()).status()).isEqualTo(404);
    }

    @Test
    @DisplayName("F1 chats, their messages and entities of another organisation do not exist")
    void tenancy() {
        UUID chat = chat(hr);
        Answer said = say(hr, chat, "x");
        String entity = api.post(stranger, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"x\"}")
                .id()
                .toString();
        assertThat(api.get(stranger, "/api/v1/chats/" + chat).status()).isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/chats/" + chat + "/messages").status())
                .isEqualTo(404);
        assertThat(api.get(stranger, said.header("Location")).status()).isEqualTo(404);
        assertThat(say(stranger, chat, "x").status()).isEqualTo(404);
        assertThat(api.post(hr, "/api/v1/chats", "{\"title\":\"x\",\"entity_id\":\"" + entity + "\"}")
                        .status())
                .isEqualTo(404);
        assertThatThrownBy(() -> api.jdbi()
                        .useHandle(h -> h.execute(
                                "insert into chat_message (org_id, chat_id, author_name, text) values (?, ?, 'Bot', 'x')",
                                stranger.orgId(),
                                chat)))
                .hasMessageContaining("foreign key");
    }

    @Test
    @DisplayName("S2-025 a chat is shared under its title, and stays when its entity goes")
    void sharedAndLeft() {
        UUID entity = api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"Gone\"}")
                .id();
        UUID chat = api.post(hr, "/api/v1/chats", "{\"title\":\"About\",\"entity_id\":\"" + entity + "\"}")
                .id();
        Answer share = api.post(
                hr,
                "/api/v1/shares",
                "{\"resource_type\":\"chat\",\"resource_id\":\"" + chat + "\",\"user_id\":\"" + member.id()
                        + "\",\"access_level\":\"view\"}");
        assertThat(share.status()).isEqualTo(201);
        assertThat(share.json().path("resource_name").textValue()).isEqualTo("About");
        assertThat(api.delete(hr, "/api/v1/entities/" + entity).status()).isEqualTo(204);
        Answer left = api.get(hr, "/api/v1/chats/" + chat);
        assertThat(left.json().path("entity_id").isNull()).isTrue();
        assertThat(left.header("ETag")).isEqualTo("\"2\"");
    }

    @Test
    @DisplayName("a message sent twice with one key is said once")
    void once() {
        UUID chat = chat(hr);
        Answer first = say(hr, chat, "once", "Idempotency-Key", "message-1");
        Answer second = say(hr, chat, "once", "Idempotency-Key", "message-1");
        assertThat(second.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(second.json()).isEqualTo(first.json());
        await().atMost(Duration.ofSeconds(5)).until(() -> messagesOf(chat, 1).size() == 1);
        assertThat(api.get(hr, "/api/v1/chats/" + chat + "/messages").json().path("items"))
                .hasSize(1);
    }
}
