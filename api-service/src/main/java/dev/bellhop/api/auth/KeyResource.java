package dev.bellhop.api.auth;

import dev.bellhop.api.http.Answer;
import dev.bellhop.model.security.TokenKeys;
import io.javalin.http.Context;

/** HTTP for {@code /.well-known/jwks.json}: with what everybody can check access tokens, where they are signed with key pairs. */
public final class KeyResource {
    private final TokenKeys keys;

    public KeyResource(TokenKeys keys) {
        this.keys = keys;
    }

    public void publicKeys(Context ctx) {
        Answer.json(ctx, keys.document());
    }
}
