package dev.bellhop.model.security;

import com.auth0.jwt.JWT;
import com.auth0.jwt.JWTCreator;
import com.auth0.jwt.JWTVerifier;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.exceptions.InvalidClaimException;
import com.auth0.jwt.exceptions.JWTVerificationException;
import com.auth0.jwt.exceptions.SignatureVerificationException;
import com.auth0.jwt.exceptions.TokenExpiredException;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Access tokens (RFC 7519) of both services: made by the API service, checked by both. The algorithm is the one given here,
 * never the one a token names. What java-jwt lets through (no expiry, an expiry of null, repeated claims, headers that
 * point at keys, signatures that are not canonical) is refused before and after it. Thread-safe.
 */
public final class Tokens {
    /** The longest token that is looked at, in bytes. */
    public static final int MAX_LENGTH = 4096;

    /** The longest life that a token may claim. */
    public static final Duration MAX_LIFE = Duration.ofHours(12);

    private static final String ISSUER = "bellhop";
    private static final String AUDIENCE = "bellhop";
    private static final long LEEWAY_SECONDS = 5;
    private static final int MAX_IDS = 200;

    /** Values of the ASCII characters in base64url, -1 for those that it has not. */
    private static final byte[] BASE64URL = new byte[128];

    static {
        Arrays.fill(BASE64URL, (byte) -1);
        String alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        for (byte value = 0; value < alphabet.length(); value++) {
            BASE64URL[alphabet.charAt(value)] = value;
        }
    }

    private static final Set<String> KEY_POINTERS = Set.of("crit", "jku", "jwk", "x5u", "x5c");
    private static final Set<String> TYPES = Set.of("at+jwt", "jwt");

    /** The outcome of a check. */
    public sealed interface Verdict {
        record Valid(Principal principal) implements Verdict {}

        /** Was good once. */
        record Expired() implements Verdict {}

        /** @param why one word for logs and counters; holds nothing of the token */
        record Invalid(String why) implements Verdict {}
    }

    private final TokenKeys keys;
    private final Clock clock;
    /** Made once where there is one secret; a check with a key pair costs a hundred times what making it costs. */
    private final Optional<JWTVerifier> shared;
    /** The last header that was found good: all tokens of one secret have the same. */
    private volatile String goodHeader = "";

    private Tokens(TokenKeys keys, Clock clock) {
        this.keys = keys;
        this.clock = clock;
        this.shared = keys.verifier(Optional.empty()).map(this::verifier);
    }

    /** With the keys and the algorithm of the settings. */
    public static Tokens with(TokenKeys keys, Clock clock) {
        return new Tokens(keys, clock);
    }

    /** HS256 with a shared secret. */
    public static Tokens hs256(Secret secret, Clock clock) {
        return new Tokens(TokenKeys.shared(secret), clock);
    }

    /** Signs a token of what the principal says, its times included. */
    public String issue(Principal principal) {
        Map<String, Object> header = new HashMap<>();
        header.put("typ", "at+jwt");
        keys.signerId().ifPresent(id -> header.put("kid", id));
        JWTCreator.Builder token = JWT.create()
                .withHeader(header)
                .withIssuer(ISSUER)
                .withAudience(AUDIENCE)
                .withSubject(principal.userId())
                .withClaim("role", principal.role().name())
                .withClaim("name", principal.name())
                .withClaim("properties", principal.properties())
                .withClaim("departments", principal.departments())
                .withClaim("ver", principal.version())
                .withJWTId(principal.tokenId())
                .withIssuedAt(principal.issuedAt())
                .withNotBefore(principal.issuedAt())
                .withExpiresAt(principal.expiresAt());
        principal.orgId().ifPresent(org -> token.withClaim("org", org.toString()));
        principal.sessionId().ifPresent(session -> token.withClaim("sid", session));
        return token.sign(keys.signer());
    }

    /** Never throws, whatever the text. */
    public Verdict verify(String token) {
        if (token == null || token.isEmpty() || token.length() > MAX_LENGTH) {
            return new Verdict.Invalid("size");
        }
        String[] parts = token.split("\\.", -1);
        if (parts.length != 3 || !isCanonical(parts[0]) || !isCanonical(parts[1]) || !isCanonical(parts[2])) {
            return new Verdict.Invalid("format");
        }
        try {
            if (shared.isPresent() && parts[0].equals(goodHeader)) {
                return judge(shared.get().verify(token), tree(parts[1]));
            }
            JsonNode header = tree(parts[0]);
            Optional<String> fault = headerFault(header);
            if (fault.isPresent()) {
                return new Verdict.Invalid(fault.get());
            }
            Optional<Algorithm> algorithm = header.has("kid")
                            && !header.path("kid").isTextual()
                    ? Optional.empty()
                    : keys.verifier(Optional.ofNullable(header.path("kid").textValue()));
            if (algorithm.isEmpty()) {
                return new Verdict.Invalid("kid");
            }
            goodHeader = parts[0];
            JsonNode claims = tree(parts[1]);
            JWTVerifier verifier = shared.orElseGet(() -> verifier(algorithm.get()));
            return judge(verifier.verify(token), claims);
        } catch (JsonProcessingException e) {
            return new Verdict.Invalid("claims");
        } catch (TokenExpiredException e) {
            return new Verdict.Expired();
        } catch (SignatureVerificationException e) {
            return new Verdict.Invalid("signature");
        } catch (InvalidClaimException e) {
            return new Verdict.Invalid("claims");
        } catch (JWTVerificationException e) {
            return new Verdict.Invalid("token");
        }
    }

    private JWTVerifier verifier(Algorithm algorithm) {
        return ((JWTVerifier.BaseVerification) JWT.require(algorithm)
                        .withIssuer(ISSUER)
                        .withAudience(AUDIENCE)
                        .withClaimPresence("exp")
                        .acceptLeeway(LEEWAY_SECONDS))
                .build(clock);
    }

    /** One text per value of base64url (RFC 4648 section 5): no padding, no stray bits at the end. */
    private static boolean isCanonical(String part) {
        int last = 0;
        for (int i = 0; i < part.length(); i++) {
            last = part.charAt(i) < BASE64URL.length ? BASE64URL[part.charAt(i)] : -1;
            if (last < 0) {
                return false;
            }
        }
        return switch (part.length() % 4) {
            case 0 -> !part.isEmpty();
            case 2 -> (last & 0b1111) == 0;
            case 3 -> (last & 0b11) == 0;
            default -> false;
        };
    }

    private static JsonNode tree(String part) throws JsonProcessingException {
        JsonNode node = Json.tree(new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8));
        if (!node.isObject()) {
            return Json.mapper().createObjectNode();
        }
        return node;
    }

    private Optional<String> headerFault(JsonNode header) {
        if (!keys.algorithm().equals(header.path("alg").textValue())) {
            return Optional.of("alg");
        }
        for (String pointer : KEY_POINTERS) {
            if (header.has(pointer)) {
                return Optional.of("header");
            }
        }
        JsonNode type = header.path("typ");
        boolean accessToken = type.isMissingNode()
                || (type.isTextual() && TYPES.contains(type.textValue().toLowerCase(Locale.ROOT)));
        return accessToken ? Optional.empty() : Optional.of("typ");
    }

    private Verdict judge(DecodedJWT token, JsonNode claims) {
        Instant expiresAt = token.getExpiresAtAsInstant();
        if (expiresAt == null || !claims.path("exp").isIntegralNumber()) {
            return new Verdict.Invalid("exp");
        }
        Instant issuedAt = token.getIssuedAtAsInstant() == null ? clock.instant() : token.getIssuedAtAsInstant();
        if (expiresAt.isAfter(issuedAt.plus(MAX_LIFE).plusSeconds(LEEWAY_SECONDS))) {
            return new Verdict.Invalid("life");
        }
        Optional<Role> role = Role.parse(claims.path("role").textValue());
        Optional<UUID> org = uuid(claims.path("org").textValue());
        Optional<List<String>> properties = ids(claims.path("properties"));
        Optional<List<String>> departments = ids(claims.path("departments"));
        boolean shaped = role.isPresent()
                && RoomName.isId(token.getSubject())
                && properties.isPresent()
                && departments.isPresent()
                && (claims.path("ver").isMissingNode() || claims.path("ver").canConvertToLong())
                && (role.get() == Role.SERVICE ? !claims.has("org") : org.isPresent());
        if (!shaped) {
            return new Verdict.Invalid("claims");
        }
        return new Verdict.Valid(new Principal(
                token.getSubject(),
                org,
                role.get(),
                claims.path("name").asText(token.getSubject()),
                properties.get(),
                departments.get(),
                Optional.ofNullable(claims.path("sid").textValue()),
                claims.path("ver").asLong(0),
                token.getId() == null ? "" : token.getId(),
                issuedAt,
                expiresAt));
    }

    private static Optional<UUID> uuid(String text) {
        if (text == null || text.length() != 36) {
            return Optional.empty();
        }
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    /** @return empty when the claim is there and is not a list of ids */
    private static Optional<List<String>> ids(JsonNode claim) {
        if (claim.isMissingNode() || claim.isNull()) {
            return Optional.of(List.of());
        }
        if (!claim.isArray() || claim.size() > MAX_IDS) {
            return Optional.empty();
        }
        List<String> ids = new ArrayList<>(claim.size());
        for (JsonNode id : claim) {
            if (!RoomName.isId(id.textValue())) {
                return Optional.empty();
            }
            ids.add(id.textValue());
        }
        return Optional.of(ids);
    }
}
