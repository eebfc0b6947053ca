package dev.bellhop.realtime.connections;

import java.util.List;
import java.util.Set;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;

/** Which web pages may connect (RFC 6454; against cross-site hijacking of sockets). Others than browsers send no origin. */
public final class Origins {
    private final Set<String> allowed;

    /** @param allowed exact origins; when empty, pages that this host itself served */
    public Origins(List<String> allowed) {
        this.allowed = Set.copyOf(allowed);
    }

    boolean allows(Request request) {
        List<String> origins = request.getHeaders().getValuesList(HttpHeader.ORIGIN);
        if (origins.isEmpty()) {
            return true;
        }
        return origins.size() == 1
                && allows(origins.get(0), request.getHeaders().get(HttpHeader.HOST));
    }

    /** @param host the request's own, as its header says */
    public boolean allows(String origin, String host) {
        if (!allowed.isEmpty()) {
            return allowed.contains(origin);
        }
        return origin.equals("http://" + host) || origin.equals("https://" + host);
    }
}
