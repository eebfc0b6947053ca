package dev.bellhop.api.dashboard;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.http.Answer;
import io.javalin.http.Context;

/** HTTP for {@code /api/v1/dashboard}. */
public final class DashboardResource {
    private final DashboardStore dashboards;

    public DashboardResource(DashboardStore dashboards) {
        this.dashboards = dashboards;
    }

    public void get(Context ctx) {
        Answer.json(ctx, dashboards.of(Authentication.caller(ctx)));
    }
}
