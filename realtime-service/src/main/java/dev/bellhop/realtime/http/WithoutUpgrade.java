package dev.bellhop.realtime.http;

import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * Takes the offer to become a WebSocket out of a request that is not for one: Javalin would make an HTTP session for
 * each such request, which never ends. A server may ignore the offer (RFC 9110 section 7.8).
 */
public final class WithoutUpgrade extends Handler.Wrapper {
    public WithoutUpgrade(Handler next) {
        super(next);
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        boolean offers = request.getHeaders().stream().anyMatch(WithoutUpgrade::belongsToUpgrade);
        return super.handle(offers ? new Plain(request) : request, response, callback);
    }

    private static boolean belongsToUpgrade(HttpField header) {
        return header.getHeader() == HttpHeader.UPGRADE
                || header.getLowerCaseName().startsWith("sec-websocket-");
    }

    private static final class Plain extends Request.Wrapper {
        private final HttpFields headers;

        Plain(Request request) {
            super(request);
            HttpFields.Mutable kept = HttpFields.build();
            request.getHeaders().stream()
                    .filter(header -> !belongsToUpgrade(header))
                    .forEach(kept::add);
            headers = kept.asImmutable();
        }

        @Override
        public HttpFields getHeaders() {
            return headers;
        }
    }
}
