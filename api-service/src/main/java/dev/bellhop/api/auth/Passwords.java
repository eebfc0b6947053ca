package dev.bellhop.api.auth;

import com.password4j.Argon2Function;
import com.password4j.types.Argon2;
import dev.bellhop.model.problem.Problem;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Passwords as Argon2id hashes in PHC string format, with the least parameters that the OWASP Password Storage sheet
 * names: 19 MiB, two passes, one lane. No more hashes are computed at once than there are processors, so that a flood of
 * logins costs the other requests neither memory nor time. Thread-safe.
 */
public final class Passwords {
    /** Shortest password that can be chosen, in characters. */
    public static final int MIN_LENGTH = 8;

    /** Longest password in characters; the time of a hash does not depend on it. */
    public static final int MAX_LENGTH = 128;

    private static final Argon2Function ARGON2ID = Argon2Function.getInstance(19_456, 2, 1, 32, Argon2.ID, 19);
    private static final int SALT_BYTES = 16;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int MAX_WAITING = 200;
    private static final Duration MAX_WAIT = Duration.ofSeconds(8);

    private final Semaphore processors = new Semaphore(Runtime.getRuntime().availableProcessors(), true);

    private final String nobody = hash(Long.toHexString(RANDOM.nextLong()) + Long.toHexString(RANDOM.nextLong()));

    /** @return algorithm, parameters, salt and hash in one text, for the column {@code member.password_hash} */
    public static String hash(String password) {
        byte[] salt = new byte[SALT_BYTES];
        RANDOM.nextBytes(salt);
        return ARGON2ID.hash(password.getBytes(StandardCharsets.UTF_8), salt).getResult();
    }

    /**
     * Runs work that checks passwords when its turn comes.
     *
     * @throws Problem 503 when too many wait already
     */
    public <T> T inTurn(Supplier<T> work) {
        if (processors.getQueueLength() > MAX_WAITING) {
            throw busy();
        }
        try {
            if (!processors.tryAcquire(MAX_WAIT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw busy();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw busy();
        }
        try {
            return work.get();
        } finally {
            processors.release();
        }
    }

    private static Problem busy() {
        return Problem.unavailable("Too many logins at once.", Duration.ofSeconds(2));
    }

    boolean matches(String password, String hash) {
        return Argon2Function.getInstanceFromHash(hash)
                .check(password.getBytes(StandardCharsets.UTF_8), hash.getBytes(StandardCharsets.US_ASCII));
    }

    /** The hash to check against where there is no user; it belongs to a password that nobody knows. */
    String nobodysHash() {
        return nobody;
    }
}
