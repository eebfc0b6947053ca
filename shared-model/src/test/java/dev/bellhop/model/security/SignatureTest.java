package dev.bellhop.model.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import dev.bellhop.model.security.Signature.Verdict;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SignatureTest {
    private static final String CURRENT = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    private static final String PREVIOUS = "whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=";
    private static final String ID = "batch_0197a3c27b207f3e9d5c6a4b8e1f2a3b";
    private static final String SECONDS = "1768473000";
    private static final Instant NOW = Instant.ofEpochSecond(1_768_473_000);
    private static final String BODY =
            "{\"source\":\"api-service\",\"stream\":\"org:6f1c1f0e-3a52-4c7e-9d0b-0c8a5b1d2e3f\",\"from\":41,\"to\":42,"
                    + "\"events\":[{\"id\":\"0197a3c2-7b1e-7c44-9a51-2f6f0c9d1e01\",\"seq\":41,\"type\":\"entity.created\","
                    + "\"timestamp\":\"2026-01-15T10:30:00.123456Z\",\"orgId\":\"6f1c1f0e-3a52-4c7e-9d0b-0c8a5b1d2e3f\","
                    + "\"propertyId\":null,\"userId\":null,\"data\":{\"id\":7,\"name\":\"Zo\\u00eb\"}},"
                    + "{\"id\":\"0197a3c2-7b1f-7d10-8b02-51aa3e7c4f02\",\"seq\":42,\"type\":\"share.created\","
                    + "\"timestamp\":\"2026-01-15T10:30:00.223456Z\",\"orgId\":\"6f1c1f0e-3a52-4c7e-9d0b-0c8a5b1d2e3f\","
                    + "\"propertyId\":null,\"userId\":\"u-9\",\"data\":{\"share_id\":3}}]}";
    private static final String BY_CURRENT = "v1,6KTKpfqp6pDf6JQ8VyB3rED9kyCe7i8yva0VDh6m0Os=";
    private static final String BY_PREVIOUS = "v1,ufhvYNk/Ww/oKhl1WFu6/uvdh0d0j9qveAPvabo5fOs=";

    private final Signature signature = with(CURRENT);

    private static Signature with(String... secrets) {
        return new Signature(Stream.of(secrets).map(Secret::ofWebhook).toList());
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // ---- vectors ----

    record Vector(String secret, String id, long seconds, String body, String signature) {}

    static Stream<Vector> vectors() {
        return Stream.of(
                new Vector(
                        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                        "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        1_614_265_330,
                        "{\"test\": 2432232314}",
                        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
                new Vector(
                        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
                        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
                        1_649_367_553,
                        "{\"email\":\"test@example.com\",\"username\":\"test_user\"}",
                        "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
                new Vector(CURRENT, ID, 1_768_473_000, BODY, BY_CURRENT),
                new Vector(PREVIOUS, ID, 1_768_473_000, BODY, BY_PREVIOUS),
                new Vector(
                        CURRENT,
                        ID,
                        1_768_473_000,
                        "{\"name\":\"Zoë 日本 🏨\"}",
                        "v1,MbWnAzrgGF5mxjfwjwwxchNcGB6fuQqDS+oQuld9DkM="),
                new Vector(CURRENT, ID, 1_768_473_000, "", "v1,0JZf0Wz5i8umHKVwaOH2c6uxMZXyVsKlEfRpc8+d0NM="));
    }

    @ParameterizedTest
    @MethodSource("vectors")
    @DisplayName("the reference vectors are signed and verified to the letter")
    void vectorsHold(Vector vector) {
        Signature signature = with(vector.secret());
        Instant then = Instant.ofEpochSecond(vector.seconds());
        assertThat(signature.sign(vector.id(), then, utf8(vector.body()))).isEqualTo(vector.signature());
        assertThat(signature.verify(
                        vector.id(), Long.toString(vector.seconds()), vector.signature(), utf8(vector.body()), then))
                .isEqualTo(Verdict.VALID);
    }

    @Test
    @DisplayName("the body of our own vector is the 561 bytes that it is said to be")
    void ownVectorBody() throws Exception {
        assertThat(utf8(BODY)).hasSize(561);
        assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(utf8(BODY))))
                .isEqualTo("49cef2d646a5ad1323f57f67d33f6c3e0d69104f48ba654fbe2e7ed6f4fb214b");
    }

    // ---- the official library as an oracle ----

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"name\":\"Zoë 日本 🏨\"}", "\u0000\n\r.\"", "{\"a\":\"v1,abc whsec_\"}"})
    @DisplayName("what we sign the official library verifies, and the other way round")
    void interoperates(String body) throws Exception {
        Webhook official = new Webhook(CURRENT);
        Instant now = Instant.now();
        String seconds = Long.toString(now.getEpochSecond());
        String ours = signature.sign(ID, now, utf8(body));
        assertThat(official.sign(ID, now.getEpochSecond(), body)).isEqualTo(ours);
        assertThatCode(() -> official.verify(body, headers(ID, seconds, ours))).doesNotThrowAnyException();
        assertThat(signature.verify(ID, seconds, official.sign(ID, now.getEpochSecond(), body), utf8(body), now))
                .isEqualTo(Verdict.VALID);
        assertThatThrownBy(() -> official.verify(body + " ", headers(ID, seconds, ours)))
                .isInstanceOf(WebhookVerificationException.class);
    }

    private static Map<String, List<String>> headers(String id, String seconds, String signatures) {
        return Map.of(
                "webhook-id",
                List.of(id),
                "webhook-timestamp",
                List.of(seconds),
                "webhook-signature",
                List.of(signatures));
    }

    // ---- strictness ----

    @Test
    @DisplayName("E1 a missing header, or one sent twice, is refused")
    void missingHeaders() {
        assertThat(signature.verify(null, SECONDS, BY_CURRENT, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_HEADER);
        assertThat(signature.verify(ID, null, BY_CURRENT, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_HEADER);
        assertThat(signature.verify(ID, SECONDS, null, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_HEADER);
        for (String cut : List.of("", "v1,", "v1", BY_CURRENT.substring(0, 30), BY_CURRENT.substring(3))) {
            assertThat(signature.verify(ID, SECONDS, cut, utf8(BODY), NOW))
                    .as(cut)
                    .isEqualTo(Verdict.BAD_MAC);
        }
    }

    @Test
    @DisplayName("E2 a body that differs in one byte is refused, wherever the byte stands")
    void anyByteCounts() {
        for (int at = 0; at < utf8(BODY).length; at += 7) {
            byte[] forged = utf8(BODY);
            forged[at] ^= 1;
            assertThat(signature.verify(ID, SECONDS, BY_CURRENT, forged, NOW)).isEqualTo(Verdict.BAD_MAC);
        }
        byte[] otherCharset = "Zoë".getBytes(StandardCharsets.ISO_8859_1);
        String signed = signature.sign(ID, NOW, utf8("Zoë"));
        assertThat(signature.verify(ID, SECONDS, signed, otherCharset, NOW)).isEqualTo(Verdict.BAD_MAC);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a.b",
                "batch_1.",
                ".batch_1",
                "",
                "a b",
                "ä",
                "a\n",
                "0123456789012345678901234567890123456789012345678901234567890123x"
            })
    @DisplayName("E3 an id with a dot, or outside the grammar, is refused even when it was signed")
    void idGrammar(String id) {
        String signed = signature.sign(id, NOW, utf8(BODY));
        assertThat(signature.verify(id, SECONDS, signed, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_HEADER);
    }

    @Test
    @DisplayName("E3 a dot that moves between id and timestamp does not make another message with the same signature")
    void theDotDoesNotMove() {
        String signed = signature.sign("a.1768473000", NOW, utf8(BODY));
        assertThat(signature.verify("a", "1768473000", signed, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_MAC);
        assertThat(signature.verify(ID + "x", SECONDS, BY_CURRENT, utf8(BODY), NOW))
                .isEqualTo(Verdict.BAD_MAC);
        assertThat(signature.verify(ID, "1768473001", BY_CURRENT, utf8(BODY), NOW))
                .isEqualTo(Verdict.BAD_MAC);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+768473000", "+1768473000", "-768473000", "1.76847e9", "1e9", "01768473000", "17684730000000000000",
                "176847300", "1768473000 ", " 1768473000", "1768473000.0", "１７６８４７３０００", "", "0x69690000"
            })
    @DisplayName("E4 a timestamp that is not exactly ten digits is refused")
    void timestampGrammar(String seconds) {
        assertThat(signature.verify(ID, seconds, BY_CURRENT, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_TIMESTAMP);
    }

    @Test
    @DisplayName("E4 300 seconds of skew are taken either way, 301 are not")
    void tolerance() {
        assertThat(signature.verify(ID, SECONDS, BY_CURRENT, utf8(BODY), NOW.plusSeconds(300)))
                .isEqualTo(Verdict.VALID);
        assertThat(signature.verify(ID, SECONDS, BY_CURRENT, utf8(BODY), NOW.minusSeconds(300)))
                .isEqualTo(Verdict.VALID);
        assertThat(signature.verify(ID, SECONDS, BY_CURRENT, utf8(BODY), NOW.plusSeconds(301)))
                .isEqualTo(Verdict.BAD_TIMESTAMP);
        assertThat(signature.verify(ID, SECONDS, BY_CURRENT, utf8(BODY), NOW.minusSeconds(301)))
                .isEqualTo(Verdict.BAD_TIMESTAMP);
    }

    @Test
    @DisplayName("E5 up to four signatures are looked at, five are refused, and so is a header beyond 1 KiB")
    void signatureCount() {
        String noise = "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        String four = String.join(" ", noise, noise, noise, BY_CURRENT);
        assertThat(signature.verify(ID, SECONDS, four, utf8(BODY), NOW)).isEqualTo(Verdict.VALID);
        assertThat(signature.verify(ID, SECONDS, BY_CURRENT + " " + four, utf8(BODY), NOW))
                .isEqualTo(Verdict.BAD_MAC);
        String long1025 = BY_CURRENT + " v1," + "A".repeat(1025 - BY_CURRENT.length() - 4);
        assertThat(signature.verify(ID, SECONDS, long1025, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_HEADER);
    }

    @Test
    @DisplayName("E5 a version that is not v1 counts for nothing, whatever stands behind it")
    void versions() {
        String mac = BY_CURRENT.substring(3);
        for (String version : List.of("v1a,", "v2,", "V1,", "v0,", ",", "", "v1;", "v1 ")) {
            assertThat(signature.verify(ID, SECONDS, version + mac, utf8(BODY), NOW))
                    .as(version)
                    .isEqualTo(Verdict.BAD_MAC);
        }
        assertThat(signature.verify(ID, SECONDS, "v1a," + mac + " " + BY_CURRENT, utf8(BODY), NOW))
                .isEqualTo(Verdict.VALID);
    }

    @Test
    @DisplayName("E6 while a secret is replaced both hold; the first signs; a retired one no longer holds")
    void rotation() {
        Signature both = with(CURRENT, PREVIOUS);
        assertThat(both.sign(ID, NOW, utf8(BODY))).isEqualTo(BY_CURRENT);
        for (String signed : List.of(BY_CURRENT, BY_PREVIOUS, BY_CURRENT + " " + BY_PREVIOUS)) {
            assertThat(both.verify(ID, SECONDS, signed, utf8(BODY), NOW)).isEqualTo(Verdict.VALID);
        }
        assertThat(signature.verify(ID, SECONDS, BY_PREVIOUS, utf8(BODY), NOW)).isEqualTo(Verdict.BAD_MAC);
        assertThat(signature.verify(ID, SECONDS, BY_PREVIOUS + " " + BY_CURRENT, utf8(BODY), NOW))
                .isEqualTo(Verdict.VALID);
    }

    @Test
    @DisplayName("a signer without a secret is not made, nor is a secret too short or of another kind")
    void secrets() {
        assertThatThrownBy(() -> new Signature(List.of())).isInstanceOf(IllegalArgumentException.class);
        for (String bad : List.of(
                "whsec_" + "A".repeat(28),
                "whsec_" + "A".repeat(88),
                "whsec_not base64",
                "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")) {
            assertThatThrownBy(() -> Secret.ofWebhook(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageNotContaining("AAAA");
        }
        assertThat(Secret.ofWebhook(CURRENT)).hasToString("***");
        assertThatThrownBy(() -> Secret.ofText("x".repeat(31))).isInstanceOf(IllegalArgumentException.class);
    }
}
