package dev.bellhop.realtime.http;

import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.wire.Json;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** What Jetty itself refuses (a malformed request, headers that are too large) in the same shape as everything else. */
public final class JsonErrorHandler extends ErrorHandler {
    @Override
    protected void generateResponse(
            Request request, Response response, int code, String message, Throwable cause, Callback callback) {
        Problem problem = Problem.of(
                code,
                "http-" + code,
                code < 500 ? "Bad request" : "Internal error",
                "The request could not be served.");
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, Problem.CONTENT_TYPE);
        response.write(true, ByteBuffer.wrap(Json.bytes(problem.body(null, Optional.empty()))), callback);
    }
}
