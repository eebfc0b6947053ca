package dev.bellhop.model.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.sun.net.httpserver.HttpServer;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenKeysTest {
    private static final KeyPair CURVE = pair("EC", "secp256r1");
    private static final KeyPair OTHER_CURVE = pair("EC", "secp256r1");
    private static final KeyPair RSA = pair("RSA", "2048");

    private static KeyPair pair(String kind, String size) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
            if (kind.equals("EC")) {
                generator.initialize(new ECGenParameterSpec(size));
            } else {
                generator.initialize(Integer.parseInt(size));
            }
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String secret(KeyPair pair) {
        return block("PRIVATE", pair.getPrivate().getEncoded());
    }

    private static String open(KeyPair pair) {
        return block("PUBLIC", pair.getPublic().getEncoded());
    }

    private static String block(String kind, byte[] der) {
        return "-----BEGIN " + kind + " KEY-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + " KEY-----\n";
    }

    private static Tokens tokens(String pem) {
        return Tokens.with(TokenKeys.ofPem(pem), Clock.systemUTC());
    }

    private static Principal somebody() {
        Instant now = Instant.now();
        return new Principal(
                UUID.randomUUID().toString(),
                Optional.of(UUID.randomUUID()),
                Role.HR,
                "Somebody",
                List.of(),
                List.of(),
                Optional.empty(),
                1,
                "jti",
                now,
                now.plusSeconds(600));
    }

    @Test
    @DisplayName("a token of either kind of key pair is good where the public half is known, and nowhere else")
    void pairs() {
        for (KeyPair pair : List.of(CURVE, RSA)) {
            String token = tokens(secret(pair) + open(pair)).issue(somebody());
            assertThat(tokens(open(pair)).verify(token)).isInstanceOf(Tokens.Verdict.Valid.class);
            assertThat(tokens(open(OTHER_CURVE) + "\n" + (pair == CURVE ? open(CURVE) : ""))
                            .verify(token))
                    .isInstanceOf(pair == CURVE ? Tokens.Verdict.Valid.class : Tokens.Verdict.Invalid.class);
            assertThat(tokens(open(OTHER_CURVE)).verify(token)).isInstanceOf(Tokens.Verdict.Invalid.class);
            assertThat(Tokens.hs256(Secret.ofText("0123456789abcdef0123456789abcdef"), Clock.systemUTC())
                            .verify(token))
                    .isEqualTo(new Tokens.Verdict.Invalid("alg"));
        }
    }

    @Test
    @DisplayName("A1 A2 A7 the public key as an HS256 secret, and names that are none of ours, open nothing")
    void confusion() {
        Tokens tokens = tokens(secret(CURVE) + open(CURVE));
        String good = tokens.issue(somebody());
        String claims = good.split("\\.", -1)[1];
        for (String text : List.of(
                open(CURVE),
                Base64.getEncoder().encodeToString(CURVE.getPublic().getEncoded()))) {
            String forged = JWT.create()
                    .withKeyId(JWT.decode(good).getKeyId())
                    .withPayload(new String(Base64.getUrlDecoder().decode(claims), StandardCharsets.UTF_8))
                    .sign(Algorithm.HMAC256(text));
            assertThat(tokens.verify(forged)).isEqualTo(new Tokens.Verdict.Invalid("alg"));
        }
        for (String kid :
                List.of("\"kid\":\"../../etc/passwd\",", "\"kid\":7,", "\"kid\":null,", "\"kid\":\"x\",", "")) {
            String header = "{" + kid + "\"alg\":\"ES256\",\"typ\":\"at+jwt\"}";
            String changed =
                    Base64.getUrlEncoder().withoutPadding().encodeToString(header.getBytes(StandardCharsets.UTF_8))
                            + good.substring(good.indexOf('.'));
            assertThat(tokens.verify(changed)).isEqualTo(new Tokens.Verdict.Invalid("kid"));
        }
        String unsigned = good.substring(0, good.lastIndexOf('.') + 1)
                + Base64.getUrlEncoder().withoutPadding().encodeToString(new byte[64]);
        assertThat(tokens.verify(unsigned)).isEqualTo(new Tokens.Verdict.Invalid("signature"));
    }

    @Test
    @DisplayName("the set that is served holds no private member, and checks tokens by itself, whenever keys are added")
    void served() throws IOException {
        AtomicInteger fetches = new AtomicInteger();
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        TokenKeys signing = TokenKeys.ofPem(secret(CURVE) + open(CURVE) + open(OTHER_CURVE));
        String document = Json.text(signing.document());
        assertThat(document).doesNotContain("\"d\"").contains("\"alg\":\"ES256\"", "\"crv\":\"P-256\"");
        server.createContext("/keys", exchange -> {
            fetches.incrementAndGet();
            byte[] body = document.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        try {
            URI address = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
            Tokens checking = Tokens.with(TokenKeys.at(address, "ES256"), Clock.systemUTC());
            String token = Tokens.with(signing, Clock.systemUTC()).issue(somebody());
            assertThat(checking.verify(token)).isInstanceOf(Tokens.Verdict.Valid.class);
            KeyPair stranger = pair("EC", "secp256r1");
            String unknown = tokens(secret(stranger) + open(stranger)).issue(somebody());
            for (int i = 0; i < 5; i++) {
                assertThat(checking.verify(unknown)).isEqualTo(new Tokens.Verdict.Invalid("kid"));
            }
            assertThat(fetches).as("not for every unknown name").hasValue(1);
            assertThat(Tokens.with(TokenKeys.at(address, "RS256"), Clock.systemUTC())
                            .verify(token))
                    .as("the algorithm is that of the settings")
                    .isEqualTo(new Tokens.Verdict.Invalid("alg"));
        } finally {
            server.stop(0);
        }
    }

    @Test
    @DisplayName("the thumbprint of RFC 7638 section 3.1, of the key that stands there")
    void thumbprint() throws GeneralSecurityException, IOException {
        String key = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"x\",\"e\":\"AQAB\",\"n\":\""
                + "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZC"
                + "iFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgn"
                + "Yb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw"
                + "0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\"}]}";
        assertThat(KeySet.id(KeySet.read(Json.tree(key), "RS256").get("x")))
                .isEqualTo("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    @Test
    @DisplayName("a file that is no set of key pairs is refused with a sentence that quotes nothing of it")
    void wrongFiles(@TempDir Path directory) throws IOException {
        for (String pem : List.of(
                "",
                "garbage",
                secret(CURVE),
                secret(CURVE) + secret(CURVE) + open(CURVE),
                secret(CURVE) + open(OTHER_CURVE),
                open(CURVE) + open(RSA),
                open(pair("EC", "secp384r1")),
                open(pair("RSA", "1024")),
                block("PUBLIC", new byte[40]))) {
            assertThatThrownBy(() -> TokenKeys.ofPem(pem))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("holds ");
        }
        Path open = Files.writeString(directory.resolve("open.pem"), open(CURVE));
        Env env = new Env(Map.of("BELLHOP_JWT_KEY_FILE", open.toString()));
        assertThat(TokenKeys.from(env, false).algorithm()).isEqualTo("ES256");
        env.rejectFaults();
        assertThat(TokenKeys.from(env, true).algorithm()).isEqualTo("HS256");
        assertThatThrownBy(env::rejectFaults).hasMessage("BELLHOP_JWT_KEY_FILE holds no PRIVATE KEY.");
    }
}
