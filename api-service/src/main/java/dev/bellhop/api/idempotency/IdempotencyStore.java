package dev.bellhop.api.idempotency;

import dev.bellhop.api.store.Row;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;

/** Keys and the answers that were given to them, in PostgreSQL, for 24 hours. */
public final class IdempotencyStore {
    record Stored(String requestHash, int status, Optional<String> location, Optional<String> etag, String body) {}

    private final Jdbi jdbi;

    public IdempotencyStore(Jdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** @return false while another transaction holds the key */
    static boolean tryLock(Handle tx, String caller, String key) {
        return tx.createQuery("select pg_try_advisory_xact_lock(hashtextextended(:caller || ' ' || :key, 0))")
                .bind("caller", caller)
                .bind("key", key)
                .mapTo(Boolean.class)
                .one();
    }

    /** @return empty also for one that is older than 24 hours, which is gone by then */
    static Optional<Stored> find(Handle tx, String caller, String key) {
        tx.createUpdate("""
                        delete from idempotency_key
                        where caller = :caller and key = :key and created_at < now() - interval '24 hours'""").bind("caller", caller).bind("key", key).execute();
        return tx.createQuery("""
                        select request_hash, status, location, etag, body from idempotency_key
                        where caller = :caller and key = :key""")
                .bind("caller", caller)
                .bind("key", key)
                .map((rs, ctx) -> {
                    Row row = new Row(rs);
                    return new Stored(
                            row.text("request_hash"),
                            rs.getInt("status"),
                            Optional.ofNullable(row.text("location")),
                            Optional.ofNullable(row.text("etag")),
                            row.text("body"));
                })
                .findOne();
    }

    static void insert(Handle tx, String caller, String key, Stored stored) {
        tx.createUpdate("""
                        insert into idempotency_key (caller, key, request_hash, status, location, etag, body)
                        values (:caller, :key, :requestHash, :status, :location, :etag, :body)""")
                .bind("caller", caller)
                .bind("key", key)
                .bind("requestHash", stored.requestHash())
                .bind("status", stored.status())
                .bind("location", stored.location())
                .bind("etag", stored.etag())
                .bind("body", stored.body())
                .execute();
    }

    /** Forgets what is older than 24 hours, {@code chunk} rows in a transaction, until nothing is left. */
    public void deleteExpired(int chunk) {
        int deleted;
        do {
            deleted = jdbi.withHandle(
                    handle -> handle.createUpdate("""
                            delete from idempotency_key where (caller, key) in (
                                select caller, key from idempotency_key
                                where created_at < now() - interval '24 hours' order by created_at limit :chunk)""").bind("chunk", chunk).execute());
        } while (deleted == chunk);
    }
}
