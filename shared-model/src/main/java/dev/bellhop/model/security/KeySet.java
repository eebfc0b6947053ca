package dev.bellhop.model.security;

import com.auth0.jwt.algorithms.Algorithm;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Public keys as a JWK Set (RFC 7517), each under its thumbprint (RFC 7638). Elliptic curve P-256, and RSA from 2048 bits. */
final class KeySet {
    private static final int P256_BYTES = 32;
    private static final int MIN_RSA_BITS = 2048;

    private KeySet() {}

    /** @throws IllegalArgumentException for a key of another kind */
    static String algorithm(PublicKey key) {
        if (key instanceof ECPublicKey curve && isP256(curve)) {
            return "ES256";
        }
        if (key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= MIN_RSA_BITS) {
            return "RS256";
        }
        throw new IllegalArgumentException(
                "holds a key that is neither of the curve P-256 nor RSA with 2048 bits or more");
    }

    private static boolean isP256(ECPublicKey key) {
        try {
            ECParameterSpec ours = p256();
            return key.getParams().getCurve().equals(ours.getCurve())
                    && key.getParams().getOrder().equals(ours.getOrder());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has P-256", e);
        }
    }

    private static ECParameterSpec p256() throws GeneralSecurityException {
        AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec("secp256r1"));
        return parameters.getParameterSpec(ECParameterSpec.class);
    }

    /** Checks only. */
    static Algorithm verifier(PublicKey key) {
        return key instanceof ECPublicKey curve
                ? Algorithm.ECDSA256(curve, null)
                : Algorithm.RSA256((RSAPublicKey) key, null);
    }

    /** The members of a key that RFC 7638 names, in its order: what the thumbprint is made of. */
    private static Map<String, String> members(PublicKey key) {
        Map<String, String> members = new LinkedHashMap<>();
        if (algorithm(key).equals("ES256")) {
            ECPublicKey curve = (ECPublicKey) key;
            members.put("crv", "P-256");
            members.put("kty", "EC");
            members.put("x", coordinate(curve.getW().getAffineX()));
            members.put("y", coordinate(curve.getW().getAffineY()));
        } else {
            RSAPublicKey rsa = (RSAPublicKey) key;
            members.put("e", base64(unsigned(rsa.getPublicExponent())));
            members.put("kty", "RSA");
            members.put("n", base64(unsigned(rsa.getModulus())));
        }
        return members;
    }

    private static String coordinate(BigInteger number) {
        byte[] bytes = unsigned(number);
        byte[] padded = new byte[P256_BYTES];
        System.arraycopy(bytes, 0, padded, P256_BYTES - bytes.length, bytes.length);
        return base64(padded);
    }

    private static byte[] unsigned(BigInteger number) {
        byte[] bytes = number.toByteArray();
        return bytes[0] == 0 && bytes.length > 1 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** The key's name, {@code kid}. */
    static String id(PublicKey key) {
        try {
            return base64(MessageDigest.getInstance("SHA-256")
                    .digest(Json.text(members(key)).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /** The document of {@code /.well-known/jwks.json}. */
    static Map<String, Object> document(Collection<PublicKey> keys) {
        List<Map<String, String>> all = new ArrayList<>();
        for (PublicKey key : keys) {
            Map<String, String> members = members(key);
            members.put("alg", algorithm(key));
            members.put("kid", id(key));
            members.put("use", "sig");
            all.add(members);
        }
        return Map.of("keys", all);
    }

    /** Reads the keys for one algorithm and leaves out all others: a set may hold keys for what we do not know. */
    static Map<String, PublicKey> read(JsonNode document, String algorithm) throws GeneralSecurityException {
        Map<String, PublicKey> keys = new LinkedHashMap<>();
        for (JsonNode key : document.path("keys")) {
            boolean ours = key.path("kid").isTextual()
                    && key.path("alg").asText(algorithm).equals(algorithm)
                    && key.path("use").asText("sig").equals("sig");
            if (ours && algorithm.equals("ES256") && key.path("crv").asText().equals("P-256")) {
                ECPoint point = new ECPoint(number(key.path("x")), number(key.path("y")));
                keys.put(
                        key.path("kid").textValue(),
                        KeyFactory.getInstance("EC").generatePublic(new ECPublicKeySpec(point, p256())));
            } else if (ours
                    && algorithm.equals("RS256")
                    && key.path("kty").asText().equals("RSA")) {
                keys.put(
                        key.path("kid").textValue(),
                        KeyFactory.getInstance("RSA")
                                .generatePublic(new RSAPublicKeySpec(number(key.path("n")), number(key.path("e")))));
            }
        }
        return keys;
    }

    private static BigInteger number(JsonNode member) {
        return new BigInteger(1, Base64.getUrlDecoder().decode(member.asText()));
    }
}
