package dev.bellhop.api.http;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.bellhop.api.http.RateLimitStore.Usage;
import dev.bellhop.model.problem.Problem;
import io.javalin.http.Context;
import java.time.Duration;

/**
 * So many calls a minute for each key, whichever instance they come to, told with the headers of the RateLimit draft
 * (draft-ietf-httpapi-ratelimit-headers). Of a large limit an instance sets a hundredth aside with one statement and spends it
 * by itself; once a key has used up its calls, an instance refuses without asking. Thread-safe.
 */
public final class RateLimit {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final String name;
    private final int quota;
    private final int portion;
    private final RateLimitStore store;
    private final Cache<String, Account> accounts =
            Caffeine.newBuilder().expireAfterAccess(WINDOW).maximumSize(100_000).build();

    /**
     * @param name of the policy in the headers
     * @param quota calls a minute; 0 for no limit
     */
    public RateLimit(String name, int quota, RateLimitStore store) {
        this.name = name;
        this.quota = quota;
        this.portion = Math.max(1, quota / 100);
        this.store = store;
    }

    /**
     * Sets the headers.
     *
     * @throws Problem 429 when nothing is left
     */
    public void require(Context ctx, String key) {
        if (quota == 0) {
            return;
        }
        Account account = accounts.get(key, unseen -> new Account());
        if (!account.isUsedUp()) {
            account.learn(store.find(name, key).orElse(new Usage(0, WINDOW)), 0);
        }
        answer(ctx, !account.isUsedUp(), account);
    }

    /**
     * Counts one call and sets the headers.
     *
     * @throws Problem 429 when nothing is left
     */
    public void take(Context ctx, String key) {
        if (quota == 0) {
            return;
        }
        Account account = accounts.get(key, unseen -> new Account());
        boolean admitted = account.spend();
        if (!admitted && !account.isUsedUp()) {
            admitted = account.learn(store.add(name, key, portion, WINDOW), portion);
        }
        answer(ctx, admitted, account);
    }

    /** A call that was {@linkplain #take taken} turned out not to be one of this key's. */
    public void giveBack(String key) {
        Account account = accounts.getIfPresent(key);
        if (quota != 0 && account != null) {
            account.giveBack();
        }
    }

    /** Whether the next call of this key would be refused, as far as this instance knows. */
    public boolean isUsedUp(String key) {
        Account account = accounts.getIfPresent(key);
        return quota != 0 && account != null && account.isUsedUp();
    }

    private void answer(Context ctx, boolean admitted, Account account) {
        tell(ctx, account);
        if (!admitted) {
            throw Problem.tooManyRequests(
                    "Too many attempts; try again later.", account.left().plusSeconds(1));
        }
    }

    private void tell(Context ctx, Account account) {
        long wholeSeconds = Math.min(WINDOW.toSeconds(), account.left().toSeconds() + 1);
        ctx.header("RateLimit-Policy", "\"" + name + "\";q=" + quota + ";w=" + WINDOW.toSeconds());
        ctx.header("RateLimit", "\"" + name + "\";r=" + account.remaining() + ";t=" + wholeSeconds);
    }

    /** Counts one call, which was let in already, and sets the headers. */
    public void consume(Context ctx, String key) {
        if (quota != 0) {
            Account account = accounts.get(key, unseen -> new Account());
            account.learn(store.add(name, key, 1, WINDOW), 0);
            tell(ctx, account);
        }
    }

    /** What this instance knows of one key. It asks the store without holding the lock. */
    private final class Account {
        /** As the store said last, for all instances; what was set aside counts as used. Guarded by this. */
        private long used;
        /** Set aside here and not spent. Guarded by this. */
        private long aside;
        /** When all of it is void, in terms of {@link System#nanoTime}. Guarded by this. */
        private long endNanos = System.nanoTime();

        /** @return false when the store has to be asked, or nothing is left */
        synchronized boolean spend() {
            forgetEnded();
            if (aside == 0) {
                return false;
            }
            aside--;
            return true;
        }

        synchronized void giveBack() {
            forgetEnded();
            if (used > 0) {
                aside++;
            }
        }

        synchronized boolean isUsedUp() {
            forgetEnded();
            return used >= quota && aside == 0;
        }

        /**
         * @param count how many of what is used were set aside for this instance; one of them is spent at once
         * @return whether there was one to spend
         */
        synchronized boolean learn(Usage usage, int count) {
            forgetEnded();
            used = usage.used();
            endNanos = System.nanoTime() + usage.left().toNanos();
            long granted = Math.min(count, quota - (usage.used() - count));
            if (granted <= 0) {
                return false;
            }
            aside += granted - 1;
            return true;
        }

        private void forgetEnded() {
            if (System.nanoTime() - endNanos >= 0) {
                used = 0;
                aside = 0;
            }
        }

        synchronized long remaining() {
            return Math.max(0, quota - used) + aside;
        }

        synchronized Duration left() {
            return Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()));
        }
    }
}
