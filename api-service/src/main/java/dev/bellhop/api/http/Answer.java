package dev.bellhop.api.http;

import dev.bellhop.model.wire.Json;
import io.javalin.http.Context;
import java.util.Arrays;
import java.util.stream.Stream;

/** Bodies and entity tags of answers, and the conditions of requests (RFC 9110 section 13). */
public final class Answer {
    private static final String JSON = "application/json; charset=utf-8";

    private Answer() {}

    public static void json(Context ctx, Object value) {
        ctx.contentType(JSON).result(Json.bytes(value));
    }

    /** A record under its own address; 304 when the caller has this version already. */
    public static void record(Context ctx, Object value, long version) {
        ctx.header("ETag", tag(version));
        String known = ctx.header("If-None-Match");
        if (known != null && ctx.method().name().equals("GET") && matchesWeakly(known, version)) {
            ctx.status(304);
            return;
        }
        json(ctx, value);
    }

    /** 201 with the address of the new record. */
    public static void created(Context ctx, String location, Object value, long version) {
        ctx.status(201).header("Location", location);
        record(ctx, value, version);
    }

    /** What {@code If-Match} asks for. Without the header every version is good. */
    public static Precondition precondition(Context ctx) {
        String header = ctx.header("If-Match");
        return version -> header == null || matchesStrongly(header, version);
    }

    /** Whether a version is the one that the caller has seen. */
    @FunctionalInterface
    public interface Precondition {
        boolean holds(long version);
    }

    private static boolean matchesStrongly(String header, long version) {
        return tags(header).anyMatch(tag -> tag.equals("*") || tag.equals(tag(version)));
    }

    private static boolean matchesWeakly(String header, long version) {
        return tags(header)
                .anyMatch(tag -> tag.equals("*") || tag.equals(tag(version)) || tag.equals("W/" + tag(version)));
    }

    private static Stream<String> tags(String header) {
        return Arrays.stream(header.split(",", -1)).map(String::trim);
    }

    private static String tag(long version) {
        return "\"" + version + "\"";
    }
}
