package dev.bellhop.realtime.dashboard;

import dev.bellhop.model.wire.Json;
import dev.bellhop.realtime.dashboard.DashboardFiles.StaticFile;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Optional;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Serves the dashboard at {@code /}, and {@code /config.json}, which tells it where the REST API is. Pages may load and run
 * what this service serves, and talk to it and the REST API, and nothing else.
 */
public final class DashboardHandler extends Handler.Wrapper {
    private static final String CONFIG = "/config.json";

    /** Addresses with a hash in them never change what they lead to. */
    private static final String FOR_EVER = "public, max-age=31536000, immutable";

    private static final String POLICY =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                    + "connect-src 'self'%s; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final DashboardFiles files;
    private volatile Optional<URI> api;

    /**
     * @param api where browsers reach the REST API; empty when it is at this service's own address, as behind a proxy
     */
    public DashboardHandler(DashboardFiles files, Optional<URI> api) {
        this.files = files;
        this.api = api;
    }

    /** For an API that was started later. */
    public void apiIsAt(URI address) {
        api = Optional.of(address);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        if (!HttpMethod.GET.is(request.getMethod()) && !HttpMethod.HEAD.is(request.getMethod())) {
            return super.handle(request, response, callback);
        }
        String path = Request.getPathInContext(request);
        if (path.equals(CONFIG)) {
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
            response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
            response.getHeaders().put("X-Content-Type-Options", "nosniff");
            String address = api.map(DashboardHandler::withoutSlash).orElse(null);
            write(
                    request,
                    response,
                    callback,
                    ByteBuffer.wrap(Json.bytes(Collections.singletonMap("api_url", address))));
            return true;
        }
        Optional<StaticFile> file = files.find(path);
        if (file.isEmpty()) {
            return super.handle(request, response, callback);
        }
        serve(file.get(), request, response, callback);
        return true;
    }

    private void serve(StaticFile file, Request request, Response response, Callback callback) {
        HttpFields.Mutable headers = response.getHeaders();
        headers.put(HttpHeader.CONTENT_TYPE, file.type());
        headers.put(HttpHeader.CACHE_CONTROL, file.fixed() ? FOR_EVER : "no-cache");
        headers.put(HttpHeader.ETAG, file.etag());
        headers.put(HttpHeader.VARY, "Accept-Encoding");
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Referrer-Policy", "no-referrer");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        headers.put("Permissions-Policy", "geolocation=(), camera=(), microphone=()");
        headers.put(
                "Content-Security-Policy",
                POLICY.formatted(api.map(uri -> " " + origin(uri)).orElse("")));
        if (request.getHeaders().contains(HttpHeader.IF_NONE_MATCH, file.etag())) {
            response.setStatus(304);
            response.write(true, null, callback);
        } else if (file.gzip().isPresent() && request.getHeaders().contains(HttpHeader.ACCEPT_ENCODING, "gzip")) {
            headers.put(HttpHeader.CONTENT_ENCODING, "gzip");
            write(request, response, callback, file.gzip().get());
        } else {
            write(request, response, callback, file.bytes());
        }
    }

    private static void write(Request request, Response response, Callback callback, ByteBuffer body) {
        response.setStatus(200);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.remaining());
        boolean bodyWanted = HttpMethod.GET.is(request.getMethod());
        response.write(true, bodyWanted ? body.slice() : null, callback);
    }

    private static String withoutSlash(URI address) {
        return address.toString().replaceAll("/+$", "");
    }

    private static String origin(URI address) {
        return address.getScheme() + "://" + address.getRawAuthority();
    }
}
