package dev.bellhop.realtime.http;

import dev.bellhop.model.problem.Problem;
import io.javalin.http.Context;
import java.util.regex.Pattern;

/** The body of a request that has to be JSON: UTF-8, not compressed, and said to be what it is. */
public final class JsonBody {
    private static final Pattern JSON =
            Pattern.compile("application/json\\s*(;\\s*charset=\"?utf-8\"?\\s*)?", Pattern.CASE_INSENSITIVE);

    private JsonBody() {}

    /** @throws Problem 415 for another type, character set or encoding: a form of a foreign page cannot send this one */
    public static byte[] bytes(Context ctx) {
        String encoding = ctx.header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw Problem.unsupportedMediaType("The body must not be compressed.");
        }
        String type = ctx.header("Content-Type");
        if (type == null || !JSON.matcher(type.trim()).matches()) {
            throw Problem.unsupportedMediaType("The body has to be application/json in UTF-8.");
        }
        return ctx.bodyAsBytes();
    }
}
