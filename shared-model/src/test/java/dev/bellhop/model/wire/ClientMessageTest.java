package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.model.wire.ClientMessage.Faulty;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientMessageTest {
    @Test
    @DisplayName("S1-020 S1-021 S1-022 S1-023 every message of the protocol is understood, its ref included")
    void messages() {
        assertThat(parsed("{'type':'heartbeat'}")).isEqualTo(new ClientMessage.Heartbeat(null));
        assertThat(parsed("{'type':'heartbeat','ref':'7'}")).isEqualTo(new ClientMessage.Heartbeat("7"));
        assertThat(parsed("{'type':'pong'}")).isEqualTo(new ClientMessage.Pong(null));
        assertThat(parsed("{'type':'subscribe','room':'property-12'}"))
                .isEqualTo(new ClientMessage.Subscribe("property-12", null, null));
        assertThat(parsed("{'type':'subscribe','room':'property-12','since':'1.e.2.00000000','ref':'a'}"))
                .isEqualTo(new ClientMessage.Subscribe("property-12", "1.e.2.00000000", "a"));
        assertThat(parsed("{'type':'unsubscribe','room':'org'}")).isEqualTo(new ClientMessage.Unsubscribe("org", null));
        assertThat(parsed("{'type':'presence','room':'org'}")).isEqualTo(new ClientMessage.Presence("org", null));
        assertThat(parsed("{'type':'refresh','token':'t'}")).isEqualTo(new ClientMessage.Refresh("t", null));
        assertThat(parsed("{'type':'get_stats'}")).isEqualTo(new ClientMessage.GetStats(null, null));
        assertThat(parsed("{'type':'get_stats','every_ms':1000}")).isEqualTo(new ClientMessage.GetStats(1000L, null));
        assertThat(parsed("{'type':'get_stats','every_ms':0}")).isEqualTo(new ClientMessage.GetStats(0L, null));
    }

    @Test
    @DisplayName("room, token and the like are also found inside payload; the message's own come first")
    void insidePayload() {
        assertThat(parsed("{'type':'subscribe','payload':{'room':'org','since':'c'}}"))
                .isEqualTo(new ClientMessage.Subscribe("org", "c", null));
        assertThat(parsed("{'type':'refresh','payload':{'token':'t'}}"))
                .isEqualTo(new ClientMessage.Refresh("t", null));
        assertThat(parsed("{'type':'subscribe','room':'org','payload':{'room':'global'}}"))
                .isEqualTo(new ClientMessage.Subscribe("org", null, null));
        assertThat(parsed("{'type':'get_stats','payload':{'every_ms':2000}}"))
                .isEqualTo(new ClientMessage.GetStats(2000L, null));
    }

    @Test
    @DisplayName("fields that nobody knows do not matter: newer clients may say more")
    void unknownFields() {
        assertThat(parsed("{'type':'heartbeat','client':{'name':'x'},'t':[1,2]}"))
                .isEqualTo(new ClientMessage.Heartbeat(null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "hello",
                "{",
                "}",
                "[]",
                "[{'type':'heartbeat'}]",
                "null",
                "7",
                "'heartbeat'",
                "true",
                "{'type':'heartbeat'} x",
                "{'type':'heartbeat'}{'type':'heartbeat'}",
                "{'type':'heartbeat',}",
                "{type:'heartbeat'}",
                "{'type':null}",
                "{'type':7}",
                "{'type':['heartbeat']}",
                "{}",
                "{'type':'subscribe','type':'heartbeat'}",
                "{'type':'subscribe'}",
                "{'type':'subscribe','room':7}",
                "{'type':'subscribe','room':null}",
                "{'type':'subscribe','room':'org','since':7}",
                "{'type':'subscribe','room':'org','since':{}}",
                "{'type':'unsubscribe'}",
                "{'type':'presence'}",
                "{'type':'refresh'}",
                "{'type':'refresh','token':{}}",
                "{'type':'get_stats','every_ms':999}",
                "{'type':'get_stats','every_ms':-1}",
                "{'type':'get_stats','every_ms':'1000'}",
                "{'type':'get_stats','every_ms':1000.5}",
                "{'type':'get_stats','every_ms':99999999999999999999}",
                "{'type':'heartbeat','ref':7}",
                "{'type':'heartbeat','ref':{}}",
                "\u0000",
                "{'type':'\u0007heartbeat'}",
                "\uD800"
            })
    @DisplayName("C11 S1-024 what is not a message is answered as invalid, and nothing is thrown")
    void invalid(String text) {
        assertThat(parsed(text))
                .isInstanceOfSatisfying(
                        Faulty.class, faulty -> assertThat(faulty.code()).isEqualTo(ErrorCode.INVALID_MESSAGE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"shout", "Heartbeat", "HEARTBEAT", "entity.created", "connected", "", "heartbeat "})
    @DisplayName("C11 a type that does not exist is said to be unknown, with the ref, and is not repeated")
    void unknown(String type) {
        assertThat(parsed("{'type':'" + type + "','ref':'r'}")).isInstanceOfSatisfying(Faulty.class, faulty -> {
            assertThat(faulty.code()).isEqualTo(ErrorCode.UNKNOWN_TYPE);
            assertThat(faulty.ref()).isEqualTo("r");
            assertThat(faulty.message()).isEqualTo("no such message type");
        });
    }

    @Test
    @DisplayName("a ref is at most 64 characters")
    void refLength() {
        assertThat(parsed("{'type':'heartbeat','ref':'" + "r".repeat(64) + "'}"))
                .isEqualTo(new ClientMessage.Heartbeat("r".repeat(64)));
        assertThat(parsed("{'type':'heartbeat','ref':'" + "r".repeat(65) + "'}"))
                .isInstanceOf(Faulty.class);
    }

    @Test
    @DisplayName("C11 sixteen levels are read, more are not, however many there are")
    void depth() {
        assertThat(parsed("{'type':'heartbeat','x':" + "[".repeat(15) + "]".repeat(15) + "}"))
                .isInstanceOf(ClientMessage.Heartbeat.class);
        assertThat(parsed("{'type':'heartbeat','x':" + "[".repeat(16) + "]".repeat(16) + "}"))
                .isInstanceOf(Faulty.class);
        assertThat(ClientMessage.parse("[".repeat(60_000))).isInstanceOf(Faulty.class);
        assertThat(ClientMessage.parse("{\"a\":".repeat(10_000))).isInstanceOf(Faulty.class);
    }

    /** Written with single quotes, which JSON does not have, to be readable here. */
    private static ClientMessage parsed(String text) {
        return ClientMessage.parse(text.replace('\'', '"'));
    }
}
