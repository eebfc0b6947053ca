package dev.bellhop.realtime.contract;

import io.javalin.http.Context;

/** What this service promises, for machines; open to everybody. */
public final class ContractResource {
    private final byte[] asyncApi = AsyncApi.document();
    private final byte[] openApi = OpenApi.document();

    public void asyncApi(Context ctx) {
        answer(ctx, asyncApi);
    }

    public void openApi(Context ctx) {
        answer(ctx, openApi);
    }

    private static void answer(Context ctx, byte[] document) {
        ctx.contentType("application/json").header("Cache-Control", "no-cache").result(document);
    }
}
