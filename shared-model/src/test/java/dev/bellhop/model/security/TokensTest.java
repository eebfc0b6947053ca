package dev.bellhop.model.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellhop.model.security.Tokens.Verdict;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    private static final String KEY = "a key of the tests, thirty-two bytes or more";
    private static final String ORG = "6f1c1f0e-3a52-4c7e-9d0b-0c8a5b1d2e3f";
    private static final Instant NOW = Instant.parse("2026-01-15T10:30:00Z");
    private static final long SECOND = NOW.getEpochSecond();
    private static final String HEADER = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}";

    private final Tokens tokens = Tokens.hs256(Secret.ofText(KEY), Clock.fixed(NOW, ZoneOffset.UTC));

    // ---- tokens that no library of ours would make ----

    private static String part(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private static String signed(String header, String claims) {
        return signed(header, claims, "HmacSHA256", KEY.getBytes(StandardCharsets.UTF_8));
    }

    private static String signed(String header, String claims, String algorithm, byte[] key) {
        String content = part(header) + "." + part(claims);
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            return content
                    + "."
                    + Base64.getUrlEncoder()
                            .withoutPadding()
                            .encodeToString(mac.doFinal(content.getBytes(StandardCharsets.US_ASCII)));
        } catch (java.security.GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    /** Good claims of an HR user, with one thing put in the place of another. */
    private static String claims(String from, String to) {
        String good = "{\"iss\":\"bellhop\",\"aud\":\"bellhop\",\"sub\":\"u-1\",\"org\":\"" + ORG
                + "\",\"role\":\"HR\",\"ver\":3,\"jti\":\"t-1\",\"iat\":" + SECOND + ",\"nbf\":" + SECOND + ",\"exp\":"
                + (SECOND + 900) + "}";
        assertThat(good).contains(from);
        return good.replace(from, to);
    }

    private static String claims() {
        return claims("", "");
    }

    private static String exp(String value) {
        return claims("\"exp\":" + (SECOND + 900), "\"exp\":" + value);
    }

    private Verdict verdictOf(String claims) {
        return tokens.verify(signed(HEADER, claims));
    }

    // ---- good ones ----

    @Test
    @DisplayName("S1-051 what a token was issued for comes back from it")
    void roundTrip() {
        Principal maria = new Principal(
                "u-1",
                Optional.of(UUID.fromString(ORG)),
                Role.MANAGER,
                "María O'Brien & <Söhne>",
                List.of("prop-456", "prop-789"),
                List.of("d-1"),
                Optional.of("sid-1"),
                7,
                "jti-1",
                NOW,
                NOW.plusSeconds(900));
        String token = tokens.issue(maria);
        assertThat(tokens.verify(token)).isEqualTo(new Verdict.Valid(maria));
        assertThat(new String(
                        Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.'))), StandardCharsets.UTF_8))
                .contains("\"alg\":\"HS256\"", "\"typ\":\"at+jwt\"");
    }

    @Test
    @DisplayName("a service belongs to no organisation, and everybody else to one")
    void services() {
        String service = claims("\"org\":\"" + ORG + "\",\"role\":\"HR\"", "\"role\":\"SERVICE\"");
        assertThat(verdictOf(service)).isInstanceOfSatisfying(Verdict.Valid.class, valid -> {
            assertThat(valid.principal().isService()).isTrue();
            assertThat(valid.principal().orgId()).isEmpty();
        });
        assertThat(verdictOf(claims("\"role\":\"HR\"", "\"role\":\"SERVICE\""))).isInstanceOf(Verdict.Invalid.class);
        assertThat(verdictOf(claims("\"org\":\"" + ORG + "\",", ""))).isInstanceOf(Verdict.Invalid.class);
    }

    @Test
    @DisplayName("the hand-made token that the cases below are made of is good")
    void theBaseIsGood() {
        assertThat(verdictOf(claims())).isInstanceOf(Verdict.Valid.class);
    }

    // ---- algorithm and header ----

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"alg\":\"none\",\"typ\":\"at+jwt\"}",
                "{\"alg\":\"nOnE\",\"typ\":\"at+jwt\"}",
                "{\"typ\":\"at+jwt\"}",
                "{\"alg\":null,\"typ\":\"at+jwt\"}",
                "{\"alg\":\"RS256\",\"typ\":\"at+jwt\"}",
                "{\"alg\":\"hs256\",\"typ\":\"at+jwt\"}",
                "[]",
                "{}",
                "null"
            })
    @DisplayName("A1 A2 the algorithm is ours, whatever the header says")
    void algorithms(String header) {
        assertThat(tokens.verify(signed(header, claims()))).isInstanceOf(Verdict.Invalid.class);
        String unsigned = part(header) + "." + part(claims()) + ".";
        assertThat(tokens.verify(unsigned)).isInstanceOf(Verdict.Invalid.class);
    }

    @Test
    @DisplayName("A2 another HMAC, or another key, does not hold")
    void otherKeys() {
        byte[] key = KEY.getBytes(StandardCharsets.UTF_8);
        String hs384 = signed("{\"alg\":\"HS384\",\"typ\":\"at+jwt\"}", claims(), "HmacSHA384", key);
        assertThat(tokens.verify(hs384)).isInstanceOf(Verdict.Invalid.class);
        byte[] other = "another key, also thirty-two bytes or more".getBytes(StandardCharsets.UTF_8);
        assertThat(tokens.verify(signed(HEADER, claims(), "HmacSHA256", other)))
                .isEqualTo(new Verdict.Invalid("signature"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"kid\":\"1\"",
                "\"kid\":\"../../etc/passwd\"",
                "\"kid\":\"' or 1=1 --\"",
                "\"kid\":null",
                "\"jku\":\"https://evil.example/keys\"",
                "\"x5u\":\"https://evil.example/cert\"",
                "\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}",
                "\"crit\":[\"x\"]",
                "\"x5c\":[]"
            })
    @DisplayName("A7 A8 a header that points at a key, or makes demands, is refused")
    void keyPointers(String member) {
        String header = "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"," + member + "}";
        assertThat(tokens.verify(signed(header, claims()))).isInstanceOf(Verdict.Invalid.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"rt+jwt", "ticket", "", "at+jwt ", "application/json"})
    @DisplayName("A9 a token of another kind is no access token")
    void types(String type) {
        String header = "{\"alg\":\"HS256\",\"typ\":\"" + type + "\"}";
        assertThat(tokens.verify(signed(header, claims()))).isEqualTo(new Verdict.Invalid("typ"));
    }

    @Test
    @DisplayName("A10 a header that says a thing twice is refused")
    void headerTwice() {
        String header = "{\"alg\":\"none\",\"alg\":\"HS256\",\"typ\":\"at+jwt\"}";
        assertThat(tokens.verify(signed(header, claims()))).isInstanceOf(Verdict.Invalid.class);
    }

    // ---- time ----

    @Test
    @DisplayName("A4 an expired token was good once: five seconds of leeway, no more")
    void expiry() {
        assertThat(verdictOf(exp(Long.toString(SECOND - 4)))).isInstanceOf(Verdict.Valid.class);
        assertThat(verdictOf(exp(Long.toString(SECOND - 6)))).isInstanceOf(Verdict.Expired.class);
        assertThat(verdictOf(exp("0"))).isInstanceOf(Verdict.Expired.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "null",
                "\"1768473900\"",
                "1e18",
                "1e400",
                "1768473900.5",
                "true",
                "[]",
                "{}",
                "1000000000000000000",
                "9223372036854775807",
                "9223372036854775808",
                "31556889864403200",
                "99999999999999999999999999"
            })
    @DisplayName("A6 an expiry that is not a plain number of seconds is refused, null above all")
    void expiryShapes(String value) {
        assertThat(verdictOf(exp(value))).isInstanceOf(Verdict.Invalid.class);
    }

    @Test
    @DisplayName("A6 a token without an expiry, or with one beyond twelve hours, is refused")
    void expiryMissing() {
        assertThat(verdictOf(claims(",\"exp\":" + (SECOND + 900), ""))).isInstanceOf(Verdict.Invalid.class);
        assertThat(verdictOf(exp(Long.toString(SECOND + 12 * 3600)))).isInstanceOf(Verdict.Valid.class);
        assertThat(verdictOf(exp(Long.toString(SECOND + 12 * 3600 + 10)))).isEqualTo(new Verdict.Invalid("life"));
        String withoutIat = exp(Long.toString(SECOND + 13 * 3600)).replace("\"iat\":" + SECOND + ",", "");
        assertThat(verdictOf(withoutIat)).isInstanceOf(Verdict.Invalid.class);
    }

    @Test
    @DisplayName("A5 a token from the future is refused")
    void notYet() {
        for (String claim : List.of("nbf", "iat")) {
            String early = claims("\"" + claim + "\":" + SECOND, "\"" + claim + "\":" + (SECOND + 10));
            assertThat(verdictOf(early)).as(claim).isInstanceOf(Verdict.Invalid.class);
            String text = claims("\"" + claim + "\":" + SECOND, "\"" + claim + "\":\"soon\"");
            assertThat(verdictOf(text)).as(claim).isInstanceOf(Verdict.Invalid.class);
            String huge = claims("\"" + claim + "\":" + SECOND, "\"" + claim + "\":1000000000000000000");
            assertThat(verdictOf(huge)).as(claim).isInstanceOf(Verdict.Invalid.class);
        }
    }

    // ---- claims ----

    @Test
    @DisplayName("A3 a token of another issuer, or for another audience, is refused")
    void issuerAndAudience() {
        for (String other : List.of("\"evil\"", "null", "\"\"", "[]", "7")) {
            assertThat(verdictOf(claims("\"iss\":\"bellhop\"", "\"iss\":" + other)))
                    .as("iss " + other)
                    .isInstanceOf(Verdict.Invalid.class);
            assertThat(verdictOf(claims("\"aud\":\"bellhop\"", "\"aud\":" + other)))
                    .as("aud " + other)
                    .isInstanceOf(Verdict.Invalid.class);
        }
        assertThat(verdictOf(claims("\"iss\":\"bellhop\",", ""))).isInstanceOf(Verdict.Invalid.class);
        assertThat(verdictOf(claims("\"aud\":\"bellhop\",", ""))).isInstanceOf(Verdict.Invalid.class);
    }

    @Test
    @DisplayName("A10 a claim that is said twice is refused, as is a role, organisation or user that cannot be")
    void claimShapes() {
        assertThat(verdictOf(claims("\"exp\":", "\"exp\":1,\"exp\":"))).isInstanceOf(Verdict.Invalid.class);
        assertThat(verdictOf(claims("\"sub\":", "\"sub\":\"u-2\",\"sub\":"))).isInstanceOf(Verdict.Invalid.class);
        for (String role : List.of("\"hr\"", "\"ROOT\"", "null", "7", "[\"HR\"]")) {
            assertThat(verdictOf(claims("\"role\":\"HR\"", "\"role\":" + role)))
                    .as(role)
                    .isInstanceOf(Verdict.Invalid.class);
        }
        for (String org : List.of("\"acme\"", "null", "7", "\"\"", "\"" + ORG + " \"")) {
            assertThat(verdictOf(claims("\"org\":\"" + ORG + "\"", "\"org\":" + org)))
                    .as(org)
                    .isInstanceOf(Verdict.Invalid.class);
        }
        for (String sub : List.of("\"\"", "null", "\"u 1\"", "\"../u\"", "\"" + "u".repeat(65) + "\"")) {
            assertThat(verdictOf(claims("\"sub\":\"u-1\"", "\"sub\":" + sub)))
                    .as(sub)
                    .isInstanceOf(Verdict.Invalid.class);
        }
        for (String properties : List.of("\"p-1\"", "{}", "[1]", "[null]", "[\"p 1\"]", "[\"p-1,p-2\"]", "[\"*\"]")) {
            assertThat(verdictOf(claims("\"ver\":3", "\"ver\":3,\"properties\":" + properties)))
                    .as(properties)
                    .isInstanceOf(Verdict.Invalid.class);
        }
        assertThat(verdictOf(claims("\"ver\":3", "\"ver\":\"3\""))).isInstanceOf(Verdict.Invalid.class);
    }

    // ---- the text itself ----

    @Test
    @DisplayName("one token has one spelling: no padding, no stray bits, no blanks, no fourth part")
    void spelling() {
        String good = signed(HEADER, claims());
        assertThat(tokens.verify(good)).isInstanceOf(Verdict.Valid.class);
        char last = good.charAt(good.length() - 1);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        String strayBits = good.substring(0, good.length() - 1) + alphabet.charAt(alphabet.indexOf(last) ^ 1);
        for (String other : List.of(
                good + "=",
                good + " ",
                " " + good,
                good + "\n",
                good + ".",
                good + "." + part("{}"),
                good.substring(0, good.lastIndexOf('.')),
                good.substring(0, good.lastIndexOf('.') + 1),
                strayBits,
                good.replace('.', ' '),
                "Bearer " + good)) {
            assertThat(tokens.verify(other)).as(other).isInstanceOf(Verdict.Invalid.class);
        }
    }

    @Test
    @DisplayName("A11 what is too long, empty or nonsense is refused without a look at it")
    void sizes() {
        assertThat(tokens.verify(null)).isEqualTo(new Verdict.Invalid("size"));
        assertThat(tokens.verify("")).isEqualTo(new Verdict.Invalid("size"));
        assertThat(tokens.verify("a".repeat(4097))).isEqualTo(new Verdict.Invalid("size"));
        assertThat(tokens.verify("a".repeat(8 << 20))).isEqualTo(new Verdict.Invalid("size"));
        assertThat(tokens.verify(".".repeat(100))).isInstanceOf(Verdict.Invalid.class);
        assertThat(tokens.verify("a.b.c")).isInstanceOf(Verdict.Invalid.class);
        assertThat(tokens.verify("☃.☃.☃")).isInstanceOf(Verdict.Invalid.class);
        String padded = claims("\"jti\":\"t-1\"", "\"jti\":\"" + "t".repeat(5000) + "\"");
        assertThat(tokens.verify(signed(HEADER, padded))).isEqualTo(new Verdict.Invalid("size"));
    }

    @Test
    @DisplayName("what is said about a bad token holds nothing of it")
    void nothingLeaks() {
        String canary = "canary7f3a";
        for (String claims : List.of(
                "{\"role\":\"" + canary,
                claims("\"sub\":\"u-1\"", "\"sub\":\"" + canary + " x\""),
                claims("\"iss\":\"bellhop\"", "\"iss\":\"" + canary + "\""),
                "\"" + canary + "\"")) {
            assertThat(verdictOf(claims).toString()).doesNotContain(canary);
        }
    }

    @Test
    @DisplayName("a key under 32 bytes is not taken")
    void shortKeys() {
        assertThatThrownBy(() -> Secret.ofText("x")).isInstanceOf(IllegalArgumentException.class);
        Principal service = new Principal(
                "s",
                Optional.empty(),
                Role.SERVICE,
                "s",
                List.of(),
                List.of(),
                Optional.empty(),
                0,
                "j",
                NOW,
                NOW.plus(Duration.ofMinutes(5)));
        assertThat(tokens.verify(tokens.issue(service))).isEqualTo(new Verdict.Valid(service));
    }
}
