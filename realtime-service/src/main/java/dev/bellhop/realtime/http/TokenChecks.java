package dev.bellhop.realtime.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Scheduler;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Tokens;
import java.time.Clock;
import java.time.Duration;

/**
 * Checks tokens, and remembers those that were good: services say everything with the same one, and who lost its connection
 * comes back with the one that it had. What the bearer may do now is asked for elsewhere, each time. Thread-safe.
 */
public final class TokenChecks {
    /** How long a check counts: a signing key that was withdrawn is noticed by then. */
    private static final Duration REMEMBERED_FOR = Duration.ofSeconds(30);

    /** About as many as a node has connections, so that all may come back at once; some 700 bytes each. */
    private static final int REMEMBERED = 20_000;

    private final Tokens tokens;
    private final Clock clock;
    private final Cache<String, Principal> good = Caffeine.newBuilder()
            .expireAfterWrite(REMEMBERED_FOR)
            .maximumSize(REMEMBERED)
            .scheduler(Scheduler.systemScheduler())
            .executor(Runnable::run) // what it has to tidy up is done sooner than handed to another thread
            .build();

    public TokenChecks(Tokens tokens, Clock clock) {
        this.tokens = tokens;
        this.clock = clock;
    }

    /** As {@link Tokens#verify}. */
    public Tokens.Verdict verify(String token) {
        Principal known = token == null ? null : good.getIfPresent(token);
        if (known != null && clock.instant().isBefore(known.expiresAt())) {
            return new Tokens.Verdict.Valid(known);
        }
        Tokens.Verdict verdict = tokens.verify(token);
        if (verdict instanceof Tokens.Verdict.Valid valid) {
            good.put(token, valid.principal());
        }
        return verdict;
    }
}
