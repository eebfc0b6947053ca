package dev.bellhop.api.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.http.Answer;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** HTTP for {@code /openapi.json} and {@code /docs}. */
public final class ContractResource {
    /** Written once, before the service listens. */
    private volatile ObjectNode document;

    private volatile byte[] page = new byte[0];

    /** @throws IllegalStateException when the contract does not name exactly these routes */
    public void describe(List<Endpoint> routes) {
        document = new Contract().of(routes);
        page = DocumentPage.of(document).getBytes(StandardCharsets.UTF_8);
    }

    public void document(Context ctx) {
        Answer.json(ctx, document);
    }

    public void page(Context ctx) {
        ctx.header("Content-Security-Policy", DocumentPage.CONTENT_SECURITY_POLICY)
                .contentType("text/html; charset=utf-8")
                .result(page);
    }
}
