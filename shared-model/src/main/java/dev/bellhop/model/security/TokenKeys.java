package dev.bellhop.model.security;

import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPrivateKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The keys of access tokens, and with them the one algorithm that counts. Either one secret that both services share
 * (HS256), or key pairs (ES256, RS256): the API service signs with the first, the others are still or already trusted, and
 * who only checks reads the public halves from a file or from the API's {@code /.well-known/jwks.json}. Thread-safe.
 */
public final class TokenKeys {
    private static final Pattern PEM =
            Pattern.compile("-----BEGIN (PRIVATE|PUBLIC) KEY-----([A-Za-z0-9+/=\\s]+)-----END \\1 KEY-----");
    private static final Pattern KEY_ID = Pattern.compile("[A-Za-z0-9_-]{1,64}");
    private static final Duration FETCH_TIMEOUT = Duration.ofSeconds(2);
    private static final Duration FETCH_AGAIN = Duration.ofSeconds(10);

    private final String algorithm;
    private final Optional<Algorithm> signer;
    private final Optional<String> signerId;
    private final Secret seed;
    private final Optional<URI> address;
    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(FETCH_TIMEOUT)
            .version(HttpClient.Version.HTTP_1_1)
            .build();

    private volatile Map<String, PublicKey> keys;
    /** In terms of {@link System#nanoTime}. Guarded by this. */
    private long nextFetch = System.nanoTime();

    private TokenKeys(
            String algorithm,
            Optional<Algorithm> signer,
            Optional<String> signerId,
            Secret seed,
            Map<String, PublicKey> keys,
            Optional<URI> address) {
        this.algorithm = algorithm;
        this.signer = signer;
        this.signerId = signerId;
        this.seed = seed;
        this.keys = keys;
        this.address = address;
    }

    /** One secret for signing and checking. */
    public static TokenKeys shared(Secret secret) {
        return new TokenKeys(
                "HS256",
                Optional.of(Algorithm.HMAC256(secret.bytes())),
                Optional.empty(),
                secret,
                Map.of(),
                Optional.empty());
    }

    /**
     * Key pairs from the text of a PEM file: public keys ({@code PUBLIC KEY}), and for who signs the private key
     * ({@code PRIVATE KEY}, PKCS #8) of the first.
     *
     * @throws IllegalArgumentException saying what is wrong with the file, and nothing of what is in it
     */
    public static TokenKeys ofPem(String pem) {
        List<byte[]> privateKeys = new ArrayList<>();
        Map<String, PublicKey> publicKeys = new LinkedHashMap<>();
        try {
            for (MatchResult block : PEM.matcher(pem).results().toList()) {
                byte[] der = Base64.getMimeDecoder().decode(block.group(2));
                if (block.group(1).equals("PRIVATE")) {
                    privateKeys.add(der);
                } else {
                    PublicKey key = publicKey(der);
                    publicKeys.put(KeySet.id(key), key);
                }
            }
            return ofKeys(privateKeys, publicKeys);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("holds a key that cannot be read", e);
        }
    }

    private static TokenKeys ofKeys(List<byte[]> privateKeys, Map<String, PublicKey> publicKeys)
            throws GeneralSecurityException {
        if (publicKeys.isEmpty() || privateKeys.size() > 1) {
            throw new IllegalArgumentException("holds no PUBLIC KEY, or more than one PRIVATE KEY");
        }
        Map.Entry<String, PublicKey> first = publicKeys.entrySet().iterator().next();
        String algorithm = KeySet.algorithm(first.getValue());
        if (publicKeys.values().stream().anyMatch(key -> !KeySet.algorithm(key).equals(algorithm))) {
            throw new IllegalArgumentException("holds keys of two kinds");
        }
        if (privateKeys.isEmpty()) {
            return new TokenKeys(algorithm, Optional.empty(), Optional.empty(), unused(), publicKeys, Optional.empty());
        }
        byte[] der = privateKeys.get(0);
        Algorithm signer = signer(first.getValue(), der);
        byte[] probe = "a pair".getBytes(StandardCharsets.US_ASCII);
        java.security.Signature check =
                java.security.Signature.getInstance(algorithm.equals("ES256") ? "SHA256withECDSA" : "SHA256withRSA");
        check.initSign(privateKey(first.getValue(), der));
        check.update(probe);
        byte[] signed = check.sign();
        check.initVerify(first.getValue());
        check.update(probe);
        if (!check.verify(signed)) {
            throw new IllegalArgumentException("holds a PRIVATE KEY that is not that of the first PUBLIC KEY");
        }
        Secret seed = Secret.ofText(Base64.getEncoder()
                .encodeToString(MessageDigest.getInstance("SHA-256").digest(der)));
        return new TokenKeys(
                algorithm, Optional.of(signer), Optional.of(first.getKey()), seed, publicKeys, Optional.empty());
    }

    private static PublicKey publicKey(byte[] der) throws GeneralSecurityException {
        X509EncodedKeySpec encoded = new X509EncodedKeySpec(der);
        try {
            return KeyFactory.getInstance("EC").generatePublic(encoded);
        } catch (GeneralSecurityException notACurve) {
            return KeyFactory.getInstance("RSA").generatePublic(encoded);
        }
    }

    private static PrivateKey privateKey(PublicKey half, byte[] der) throws GeneralSecurityException {
        return KeyFactory.getInstance(half.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    private static Algorithm signer(PublicKey half, byte[] der) throws GeneralSecurityException {
        PrivateKey key = privateKey(half, der);
        return half instanceof ECPublicKey curve
                ? Algorithm.ECDSA256(curve, (ECPrivateKey) key)
                : Algorithm.RSA256((RSAPublicKey) half, (RSAPrivateKey) key);
    }

    /**
     * The public keys that a JWK Set names, fetched when a token names one that is not known, at most every 10 s.
     *
     * @param algorithm ES256 or RS256
     */
    public static TokenKeys at(URI address, String algorithm) {
        return new TokenKeys(algorithm, Optional.empty(), Optional.empty(), unused(), Map.of(), Optional.of(address));
    }

    private static Secret unused() {
        return Secret.ofText("0".repeat(32));
    }

    /**
     * Reads {@code BELLHOP_JWT_KEY_FILE}, or {@code BELLHOP_JWKS_URL} with {@code BELLHOP_JWT_ALGORITHM}, or
     * {@code BELLHOP_JWT_SECRET}: the first that is set. Faults stay with the settings.
     *
     * @param signs whether the service makes tokens
     */
    public static TokenKeys from(Env env, boolean signs) {
        Optional<String> file = env.text("BELLHOP_JWT_KEY_FILE");
        if (file.isPresent()) {
            return ofFile(env, Path.of(file.get()), signs);
        }
        if (!signs && env.text("BELLHOP_JWKS_URL").isPresent()) {
            return at(
                    env.httpUri("BELLHOP_JWKS_URL", "http://127.0.0.1:8080/.well-known/jwks.json"),
                    env.oneOf("BELLHOP_JWT_ALGORITHM", "ES256", Set.of("ES256", "RS256")));
        }
        return shared(env.secret("BELLHOP_JWT_SECRET"));
    }

    private static TokenKeys ofFile(Env env, Path file, boolean signs) {
        try {
            TokenKeys keys = ofPem(Files.readString(file));
            if (!signs || keys.signer.isPresent()) {
                return keys;
            }
            env.fault("BELLHOP_JWT_KEY_FILE holds no PRIVATE KEY.");
        } catch (IOException e) {
            env.fault("BELLHOP_JWT_KEY_FILE cannot be read: " + e.getClass().getSimpleName() + ".");
        } catch (IllegalArgumentException e) {
            env.fault("BELLHOP_JWT_KEY_FILE " + e.getMessage() + ".");
        }
        return shared(unused());
    }

    /** The name that the header of a token has to give, and no other. */
    String algorithm() {
        return algorithm;
    }

    /** @throws IllegalStateException where there are public keys only */
    Algorithm signer() {
        return signer.orElseThrow(() -> new IllegalStateException("there is no key to sign with"));
    }

    Optional<String> signerId() {
        return signerId;
    }

    /** @return empty for a key that is not known, or a name where none belongs */
    Optional<Algorithm> verifier(Optional<String> keyId) {
        if (algorithm.equals("HS256")) {
            return keyId.isPresent() ? Optional.empty() : signer;
        }
        if (keyId.isEmpty() || !KEY_ID.matcher(keyId.get()).matches()) {
            return Optional.empty();
        }
        if (!keys.containsKey(keyId.get())) {
            address.ifPresent(this::fetch);
        }
        return Optional.ofNullable(keys.get(keyId.get())).map(KeySet::verifier);
    }

    private synchronized void fetch(URI from) {
        if (System.nanoTime() - nextFetch < 0) {
            return;
        }
        nextFetch = System.nanoTime() + FETCH_AGAIN.toNanos();
        try {
            HttpResponse<String> answer = http.send(
                    HttpRequest.newBuilder(from).timeout(FETCH_TIMEOUT).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() == 200) {
                keys = KeySet.read(Json.tree(answer.body()), algorithm);
            }
        } catch (JsonProcessingException | GeneralSecurityException | IllegalArgumentException e) {
            System.getLogger(TokenKeys.class.getName())
                    .log(System.Logger.Level.WARNING, "what {0} answers is no JWK Set", from);
        } catch (IOException e) {
            System.getLogger(TokenKeys.class.getName()).log(System.Logger.Level.WARNING, "{0} does not answer", from);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** For secrets of the signing service that are derived from its key. */
    public Secret seed() {
        return seed;
    }

    /** The public keys as a JWK Set; without any for a shared secret. */
    public Map<String, Object> document() {
        return KeySet.document(keys.values());
    }
}
