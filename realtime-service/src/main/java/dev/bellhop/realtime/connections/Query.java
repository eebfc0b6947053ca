package dev.bellhop.realtime.connections;

import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Fields;

/** The query of an address, as forms encode it (WHATWG URL section 5.1). */
final class Query {
    private Query() {}

    /**
     * As Jetty gives them, which decodes one character after the other. A token and a cursor have none to be decoded, and where a
     * whole query has none it is only cut into pieces.
     *
     * @throws RuntimeException that Jetty answers with 400, where an escape is malformed
     */
    static Fields parameters(Request request) {
        String query = request.getHttpURI().getQuery();
        if (query == null || query.indexOf('%') >= 0 || query.indexOf('+') >= 0) {
            return Request.extractQueryParameters(request);
        }
        Fields parameters = new Fields();
        for (int from = 0, to; from < query.length(); from = to + 1) {
            int and = query.indexOf('&', from);
            to = and < 0 ? query.length() : and;
            int equals = query.indexOf('=', from);
            int end = equals < 0 ? to : Math.min(equals, to);
            if (end > from) {
                parameters.add(query.substring(from, end), end < to ? query.substring(end + 1, to) : "");
            }
        }
        return parameters;
    }
}
