package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.realtime.testing.TestSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Both services with a key pair instead of a shared secret. */
class KeyPairTest {
    @RegisterExtension
    static final RunningSystem system =
            new RunningSystem().with("BELLHOP_JWT_KEY_FILE", keyFile().toString());

    private static Path keyFile() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair pair = generator.generateKeyPair();
            Path file = Files.createTempFile("bellhop", ".pem");
            file.toFile().deleteOnExit();
            return Files.writeString(
                    file,
                    block("PRIVATE", pair.getPrivate().getEncoded())
                            + block("PUBLIC", pair.getPublic().getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String block(String kind, byte[] der) {
        return "-----BEGIN " + kind + " KEY-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + " KEY-----\n";
    }

    @Test
    @DisplayName("A1 A2 tokens are ES256, both services take them and neither takes one of the old secret")
    void keyPair() {
        TestSocket socket = system.connect("hr@harbor.example");
        JsonNode entity = system.as("member@harbor.example")
                .post("/api/v1/entities", Map.of("type", "lead", "name", "Signed"))
                .expect(201);
        assertThat(socket.next("entity.created").path("payload")).isEqualTo(entity);

        String token = system.token("hr@harbor.example");
        String header = new String(
                Base64.getUrlDecoder().decode(token.substring(0, token.indexOf('.'))), StandardCharsets.UTF_8);
        JsonNode keys =
                system.anonymous().get("/.well-known/jwks.json").expect(200).path("keys");
        assertThat(keys).hasSize(1);
        assertThat(keys.path(0).path("alg").textValue()).isEqualTo("ES256");
        assertThat(header)
                .contains("\"alg\":\"ES256\"", keys.path(0).path("kid").textValue());

        String old = RevocationTest.machineToken(system);
        new ApiClient(system.apiUri(), old).get("/api/v1/me").expect(401);
        TestSocket refused = system.dial(system.webSocketUri(old));
        refused.next("disconnect");
        assertThat(refused.closed()).isEqualTo(new TestSocket.Closed(1008, "token_invalid"));
    }
}
