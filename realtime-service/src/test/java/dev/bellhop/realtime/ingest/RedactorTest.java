package dev.bellhop.realtime.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.uuid.Generators;
import dev.bellhop.model.events.EventType;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.Timestamps;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
    private final Redactor redactor = new Redactor();

    private JsonNode redact(String json) throws IOException {
        return redactor.apply(Json.tree(json));
    }

    private String text(String text) {
        return redactor.apply(Json.mapper().valueToTree(Map.of("note", text)))
                .path("note")
                .textValue();
    }

    private JsonNode field(String name, Object value) {
        return redactor.apply(Json.mapper().valueToTree(Map.of(name, value))).path(name);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "password",
                "passwd",
                "pwd",
                "password_hash",
                "secret",
                "client_secret",
                "token",
                "access_token",
                "refresh_token",
                "id_token",
                "authorization",
                "cookie",
                "set_cookie",
                "api_key",
                "private_key",
                "signing_key",
                "session",
                "session_id",
                "otp",
                "mfa",
                "pin",
                "cvv",
                "cvc",
                "security_answer"
            })
    @DisplayName("S1-074 a credential is dropped, however its field is spelt and whatever it holds")
    void credentials(String name) throws IOException {
        for (String spelling : spellings(name)) {
            assertThat(field(spelling, "canary-4711").textValue()).as(spelling).isEqualTo("[REDACTED]");
            assertThat(field(spelling, 4711).textValue()).isEqualTo("[REDACTED]");
            assertThat(field(spelling, List.of("canary")).textValue()).isEqualTo("[REDACTED]");
            assertThat(field(spelling, Map.of("x", "canary")).textValue()).isEqualTo("[REDACTED]");
        }
        assertThat(redact("{\"" + name + "\":null}").path(name).isNull()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ssn",
                "social_security_number",
                "tax_id",
                "itin",
                "ein",
                "passport",
                "drivers_license",
                "bank_account",
                "account_number",
                "routing_number",
                "iban",
                "credit_card",
                "card_number",
                "pan",
                "alien_registration_number",
                "i94_number"
            })
    @DisplayName("S1-074 an identity or account number keeps its last four")
    void numbers(String name) throws IOException {
        for (String spelling : spellings(name)) {
            assertThat(field(spelling, "AB-9988 7766.1234").textValue())
                    .as(spelling)
                    .isEqualTo("****1234");
            assertThat(field(spelling, 998877661234L).textValue()).isEqualTo("****1234");
            assertThat(field(spelling, "1234567").textValue()).isEqualTo("****");
            assertThat(field(spelling, List.of("998877661234", Map.of("value", "998877665678"))))
                    .hasToString("[\"****1234\",{\"value\":\"****5678\"}]");
            for (String masked : List.of("****1234", "***-**-6789", "XXX-XX-6789", "•••• 1234", "****", "")) {
                assertThat(field(spelling, masked).textValue()).isEqualTo(masked);
            }
        }
        assertThat(redact("{\"" + name + "\":null}").path(name).isNull()).isTrue();
    }

    private static List<String> spellings(String name) {
        String upper = name.toUpperCase(Locale.ROOT);
        return List.of(name, upper, name.replace("_", ""), name.replace('_', '-'), upper.replace('_', '.'), name + "_");
    }

    @ParameterizedTest
    @CsvSource({
        "1980-05-17, 1980",
        "17.05.1980, 1980",
        "5/17/2001, 2001",
        "1980-05-17T00:00:00Z, 1980",
        "1980, 1980",
        "19800517, [REDACTED]",
        "17 May 80, [REDACTED]"
    })
    @DisplayName("S1-074 a date of birth keeps its year")
    void dateOfBirth(String date, String rest) {
        for (String name : List.of("dob", "DOB", "date_of_birth", "dateOfBirth", "Date-Of-Birth")) {
            assertThat(field(name, date).textValue()).isEqualTo(rest);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "her number is 123-45-6789.            | her number is ***-**-6789.",
                "社保123-45-6789号                      | 社保***-**-6789号",
                "4111111111111111                      | ****1111",
                "card 4111 1111 1111 1111 exp 12/28    | card ****1111 exp 12/28",
                "2026 4111-1111-1111-1111              | 2026 ****1111",
                "1 4111 1111 1111 1111                 | 1 ****1111",
                "Amex 3782 822463 10005, MC 5555555555554444! | Amex ****0005, MC ****4444!",
                "5105.1051.0510.5100/6011111111111117  | ****5100/****1117",
                "3530111333300000 30569309025904       | ****0000 ****5904",
                "4222222222222 6759649826438453        | ****2222 ****8453",
                "at=4111111111111111&x=1,4012888888881881 | at=****1111&x=1,****1881",
                "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-bmF0_dXJl. | jwt [REDACTED].",
                "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.  | [REDACTED]",
                "key whsec_AAECAwQFBgcICQoLDA0ODw== end | key [REDACTED] end",
                "Authorization: Bearer abc.def-123     | Authorization: Bearer [REDACTED]",
                "bearer 0123456789abcdef0123           | bearer [REDACTED]",
                "see postgresql://app:s3cr3t@db/x now  | see postgresql://[REDACTED]@db/x now",
                "redis://:s3@cr3t@cache:6379           | redis://[REDACTED]@cache:6379",
                "https://a:b@c/d and https://e:f@g     | https://[REDACTED]@c/d and https://[REDACTED]@g",
            })
    @DisplayName("S1-074 what looks sensitive is caught in any text, and a second time changes nothing")
    void values(String given, String rest) {
        assertThat(text(given)).isEqualTo(rest);
        assertThat(text(rest)).isEqualTo(rest);
        assertThat(redactor.apply(Json.mapper().valueToTree(Map.of(given, 1)))
                        .fieldNames()
                        .next())
                .isEqualTo(rest);
    }

    @Test
    @DisplayName("S1-074 a card number may come as a JSON number")
    void numericCards() {
        assertThat(field("x", 4111111111111111L).textValue()).isEqualTo("****1111");
        assertThat(field("x", 378282246310005L).textValue()).isEqualTo("****0005");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "order 2026-11-22-000017",
                "ORD-20261122-4711-0815",
                "INV2026112200001",
                "4111111111111112",
                "1234567890123456",
                "id 4111111111111111a",
                "a4111111111111111",
                "0.4111111111111111",
                "+4915112345678 +14155550123",
                "(415) 555-2671",
                "030 1234 5678 9012",
                "1763845200000",
                "1763845200000000",
                "1763845200000000000",
                "20261122205456",
                "2026-11-22T20:54:56.123456Z",
                "192.168.100.200:8081",
                "978-3-16-148410-0",
                "9783161484100",
                "490154203237518",
                "12-345-6789",
                "1234-56-7890",
                "123-456-7890",
                "the bearer of this letter",
                "eyJ is how it begins",
                "eyJhbGci.x",
                "https://example.com/a:b@c",
                "https://example.com:8080/?at=x@y.z",
                "mailto:ann@example.com",
                "ann@example.com",
                "whsec is a prefix",
                "GB29 NWBK 6016",
                "v1.2.3-4",
                "O'Brien & Sons",
                ""
            })
    @DisplayName("S1-074 what only resembles it stays")
    void falsePositives(String text) {
        JsonNode payload = Json.mapper().valueToTree(Map.of("note", text, "list", List.of(text)));
        assertThat(redactor.apply(payload)).isSameAs(payload);
    }

    @Test
    @DisplayName("S1-074 ids, telephone numbers and times by chance never look sensitive")
    void chance() {
        Random random = new Random(74);
        for (int i = 0; i < 50_000; i++) {
            UUID uuid = new UUID(random.nextLong(), random.nextLong());
            Instant time = Instant.ofEpochMilli(1_000_000_000_000L + (long) (random.nextDouble() * 2_000_000_000_000L));
            String phone = "+" + (1 + random.nextInt(998)) + String.format("%010d", random.nextLong(10_000_000_000L));
            JsonNode payload = Json.mapper()
                    .valueToTree(Map.of(
                            "id", uuid,
                            "bare", uuid.toString().replace("-", ""),
                            "event", Generators.timeBasedEpochGenerator().generate(),
                            "at", Timestamps.format(time),
                            "ms", time.toEpochMilli() < 2_000_000_000_000L ? time.toEpochMilli() : 0L,
                            "us", Long.toString(Math.min(time.toEpochMilli(), 1_999_999_999_999L) * 1000),
                            "phone", phone,
                            "national", "0" + phone.substring(3, 6) + " " + phone.substring(6),
                            "cursor",
                                    new Cursor("e" + i, random.nextInt(Integer.MAX_VALUE), random.nextInt()).toString(),
                            "n", random.nextDouble()));
            assertThat(redactor.apply(payload)).isSameAs(payload);
        }
    }

    @Test
    @DisplayName("S1-074 of random 16-digit ids only one in ten within the issuers' ranges can be taken for a card")
    void luhnDecides() {
        Random random = new Random(16);
        for (int i = 0; i < 20_000; i++) {
            String digits = "4" + String.format("%015d", random.nextLong(1_000_000_000_000_000L));
            boolean card = luhn(digits);
            assertThat(text(digits)).isEqualTo(card ? "****" + digits.substring(12) : digits);
        }
    }

    /** The check as its inventor words it: from the right, every second digit doubled, sum of all digits. */
    private static boolean luhn(String digits) {
        int sum = 0;
        boolean doubled = false;
        for (int i = digits.length() - 1; i >= 0; i--) {
            int value = Character.digit(digits.charAt(i), 10) * (doubled ? 2 : 1);
            sum += value / 10 + value % 10;
            doubled = !doubled;
        }
        return sum % 10 == 0;
    }

    @Test
    @DisplayName("S1-074 no field of our own events is named like something sensitive")
    void ownEvents() {
        PropertyNamingStrategies.SnakeCaseStrategy names = new PropertyNamingStrategies.SnakeCaseStrategy();
        for (EventType type : EventType.values()) {
            assertThat(type.payload().isRecord()).as(type.wireName()).isTrue();
            for (RecordComponent component : type.payload().getRecordComponents()) {
                String name = names.translate(component.getName());
                assertThat(field(name, "value").textValue())
                        .as("%s of %s", name, type.wireName())
                        .isEqualTo("value");
            }
        }
    }

    @Test
    @DisplayName("S1-074 the longest texts take no time that a sender could use")
    void longTexts() {
        // Each takes milliseconds; anything quadratic would take minutes for all of them.
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            for (String part : List.of(
                    "eyJ",
                    "eyJa.",
                    "eyJa.b",
                    "://",
                    "://a:",
                    "://a:b",
                    "whsec_",
                    "Bearer ",
                    "bearer ",
                    "4",
                    "4111 ",
                    "4111 1111 1111 1112 ",
                    "123-45-678",
                    "1-",
                    "x4111111111111112",
                    "4111111111111112 ")) {
                String text = part.repeat(65_536 / part.length());
                assertThat(text(text)).isNotEmpty();
                assertThat(field("ssn", text).textValue()).startsWith("****");
            }
        });
    }
}
