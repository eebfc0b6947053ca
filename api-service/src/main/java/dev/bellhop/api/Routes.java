package dev.bellhop.api;

import static dev.bellhop.api.auth.Access.MEMBERS;
import static dev.bellhop.api.auth.Access.PUBLIC;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.SessionResource;
import dev.bellhop.api.health.HealthResource;
import dev.bellhop.api.http.Headers;
import io.javalin.config.RoutesConfig;

/** The sitemap: every address, who may call it, and who answers. */
record Routes(Headers headers, Authentication authentication, SessionResource sessions, HealthResource health) {
    void register(RoutesConfig r) {
        r.before(headers::begin);
        r.before("/api/v1/*", headers::requireApiManners);
        r.beforeMatched("/api/v1/*", authentication::require);
        r.after(headers::end);

        r.post("/api/v1/auth/login", sessions::login, PUBLIC);
        r.post("/api/v1/auth/refresh", sessions::refresh, PUBLIC);
        r.post("/api/v1/auth/logout", sessions::logout, PUBLIC);
        r.get("/api/v1/me", sessions::me, MEMBERS);

        r.get("/health/live", health::live, PUBLIC);
        r.get("/health/ready", health::ready, PUBLIC);
        r.get("/metrics", health::metrics, PUBLIC);
    }
}
