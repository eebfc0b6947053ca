package dev.bellhop.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellhop.model.security.Role;
import dev.bellhop.model.security.TokenKeys;
import dev.bellhop.model.security.Tokens;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
    @TempDir
    Path directory;

    private KeyPair pair;

    @BeforeEach
    void generate() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        pair = generator.generateKeyPair();
    }

    private String privateKey() {
        return block("PRIVATE", pair.getPrivate().getEncoded());
    }

    private String publicKey() {
        return block("PUBLIC", pair.getPublic().getEncoded());
    }

    private static String block(String kind, byte[] der) {
        return "-----BEGIN " + kind + " KEY-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + kind
                + " KEY-----\n";
    }

    private Map<String, String> settings(String pem) throws Exception {
        Path file = Files.writeString(directory.resolve("keys.pem"), pem);
        return Map.of(
                "BELLHOP_JWT_KEY_FILE",
                file.toString(),
                "BELLHOP_JWT_SECRET",
                "a-secret-that-the-key-file-comes-before");
    }

    @Test
    @DisplayName("A2 with a key file the commands' tokens are signed by it, as the services' are")
    void keyFile() throws Exception {
        String token = Keys.from(settings(privateKey() + publicKey())).service(Duration.ofMinutes(1));
        Tokens services = Tokens.with(TokenKeys.ofPem(publicKey()), Clock.systemUTC());
        assertThat(services.verify(token))
                .isInstanceOfSatisfying(
                        Tokens.Verdict.Valid.class,
                        valid -> assertThat(valid.principal().role()).isEqualTo(Role.SERVICE));
    }

    @Test
    @DisplayName("a key file that cannot sign is named, and nothing of it is shown")
    void publicKeyOnly() throws Exception {
        Map<String, String> settings = settings(publicKey());
        assertThatThrownBy(() -> Keys.from(settings))
                .isInstanceOf(StartFailure.class)
                .hasMessage("BELLHOP_JWT_KEY_FILE holds no PRIVATE KEY.");
    }
}
