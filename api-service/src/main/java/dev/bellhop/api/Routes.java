package dev.bellhop.api;

import static dev.bellhop.api.auth.Access.ADMIN;
import static dev.bellhop.api.auth.Access.HR;
import static dev.bellhop.api.auth.Access.MEMBERS;
import static dev.bellhop.api.auth.Access.PUBLIC;
import static dev.bellhop.api.auth.Access.REVIEWERS;
import static dev.bellhop.api.auth.Access.SERVICE;

import dev.bellhop.api.applications.ApplicationResource;
import dev.bellhop.api.audit.AuditResource;
import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.KeyResource;
import dev.bellhop.api.auth.LateCheck;
import dev.bellhop.api.auth.SessionResource;
import dev.bellhop.api.calls.CallResource;
import dev.bellhop.api.chat.ChatResource;
import dev.bellhop.api.contract.ContractResource;
import dev.bellhop.api.dashboard.DashboardResource;
import dev.bellhop.api.departments.DepartmentResource;
import dev.bellhop.api.entities.EntityResource;
import dev.bellhop.api.health.HealthResource;
import dev.bellhop.api.http.Headers;
import dev.bellhop.api.idempotency.Idempotency;
import dev.bellhop.api.members.MemberResource;
import dev.bellhop.api.notifications.NotificationResource;
import dev.bellhop.api.onboarding.OnboardingResource;
import dev.bellhop.api.organizations.OrganizationResource;
import dev.bellhop.api.properties.PropertyResource;
import dev.bellhop.api.shares.ShareResource;
import io.javalin.config.RoutesConfig;
import io.javalin.http.HandlerType;
import io.javalin.router.Endpoint;
import io.javalin.security.Roles;
import java.util.Set;

/** The sitemap: every address, who may call it, and who answers. */
record Routes(
        Headers headers,
        Authentication authentication,
        Idempotency idempotency,
        SessionResource sessions,
        KeyResource keys,
        OrganizationResource organizations,
        PropertyResource properties,
        DepartmentResource departments,
        MemberResource members,
        EntityResource entities,
        ApplicationResource applications,
        OnboardingResource onboardings,
        ShareResource shares,
        ChatResource chats,
        CallResource calls,
        NotificationResource notifications,
        DashboardResource dashboard,
        AuditResource audit,
        HealthResource health,
        ContractResource contract) {

    void register(RoutesConfig r) {
        r.before(headers::begin);
        r.before("/api/v1/*", headers::requireApiManners);
        r.beforeMatched("/api/v1/*", authentication::require);
        r.after(headers::end);

        r.post("/api/v1/auth/login", sessions::login, PUBLIC);
        r.post("/api/v1/auth/refresh", sessions::refresh, PUBLIC);
        r.post("/api/v1/auth/logout", sessions::logout, PUBLIC);
        r.get("/api/v1/me", sessions::me, MEMBERS);
        r.patch("/api/v1/me", sessions::changeMe, MEMBERS);

        r.post("/api/v1/organizations", idempotency.once(organizations::create), SERVICE);
        r.get("/api/v1/organizations/current", organizations::current, MEMBERS);
        r.patch("/api/v1/organizations/current", organizations::changeCurrent, ADMIN);
        r.patch("/api/v1/organizations/{id}", organizations::changeStatus, SERVICE);

        r.get("/api/v1/properties", properties::list, REVIEWERS);
        r.post("/api/v1/properties", idempotency.once(properties::create), HR);
        r.get("/api/v1/properties/{id}", properties::get, REVIEWERS);
        r.patch("/api/v1/properties/{id}", properties::change, HR);
        r.delete("/api/v1/properties/{id}", properties::delete, HR);

        r.get("/api/v1/departments", departments::list, MEMBERS);
        r.post("/api/v1/departments", idempotency.once(departments::create), HR);
        r.get("/api/v1/departments/{id}", departments::get, MEMBERS);
        r.patch("/api/v1/departments/{id}", departments::change, HR);
        r.delete("/api/v1/departments/{id}", departments::delete, HR);

        r.get("/api/v1/members", members::list, REVIEWERS);
        r.post("/api/v1/members", idempotency.once(members::create), ADMIN);
        r.get("/api/v1/members/{id}", members::get, REVIEWERS);
        r.patch("/api/v1/members/{id}", members::change, ADMIN);
        r.delete("/api/v1/members/{id}", members::delete, ADMIN);

        r.addEndpoint(Endpoint.create(HandlerType.GET, "/api/v1/entities")
                .addMetadata(new Roles(Set.of(MEMBERS)))
                .addMetadata(entities.newest())
                .handler(entities::list));
        r.addEndpoint(Endpoint.create(HandlerType.POST, "/api/v1/entities")
                .addMetadata(new Roles(Set.of(MEMBERS)))
                .addMetadata(new LateCheck())
                .handler(idempotency.once(entities::create)));
        r.post("/api/v1/entities/batch", idempotency.once(entities::createBatch), MEMBERS);
        r.get("/api/v1/entities/{id}", entities::get, MEMBERS);
        r.patch("/api/v1/entities/{id}", entities::change, MEMBERS);
        r.delete("/api/v1/entities/{id}", entities::delete, MEMBERS);

        r.post(
                "/api/v1/properties/{id}/applications",
                applications.limited(idempotency.once(applications::submit)),
                PUBLIC);
        r.get("/api/v1/applications", applications::list, REVIEWERS);
        r.get("/api/v1/applications/{id}", applications::get, REVIEWERS);
        r.post("/api/v1/applications/{id}/approve", idempotency.once(applications::approve), REVIEWERS);
        r.post("/api/v1/applications/{id}/reject", idempotency.once(applications::reject), REVIEWERS);

        r.get("/api/v1/onboardings", onboardings::list, MEMBERS);
        r.get("/api/v1/onboardings/{id}", onboardings::get, MEMBERS);
        r.patch("/api/v1/onboardings/{id}", onboardings::change, HR);
        r.put("/api/v1/onboardings/{id}/forms/{step}", onboardings::submitForm, MEMBERS);
        r.post("/api/v1/onboardings/{id}/complete", idempotency.once(onboardings::complete), REVIEWERS);

        r.get("/api/v1/shares", shares::list, MEMBERS);
        r.post("/api/v1/shares", idempotency.once(shares::create), REVIEWERS);
        r.get("/api/v1/shares/{id}", shares::get, MEMBERS);
        r.delete("/api/v1/shares/{id}", shares::delete, MEMBERS);

        r.get("/api/v1/chats", chats::list, MEMBERS);
        r.post("/api/v1/chats", idempotency.once(chats::create), MEMBERS);
        r.get("/api/v1/chats/{id}", chats::get, MEMBERS);
        r.get("/api/v1/chats/{id}/messages", chats::messages, MEMBERS);
        r.post("/api/v1/chats/{id}/messages", idempotency.once(chats::post), MEMBERS);
        r.get("/api/v1/chats/{id}/messages/{message_id}", chats::message, MEMBERS);

        r.get("/api/v1/calls", calls::list, MEMBERS);
        r.post("/api/v1/calls", idempotency.once(calls::create), MEMBERS);
        r.get("/api/v1/calls/{id}", calls::get, MEMBERS);
        r.patch("/api/v1/calls/{id}", calls::change, MEMBERS);

        r.get("/api/v1/notifications", notifications::list, MEMBERS);
        r.post("/api/v1/notifications", idempotency.once(notifications::create), HR);
        r.get("/api/v1/notifications/{id}", notifications::get, MEMBERS);
        r.post("/api/v1/notifications/{id}/read", idempotency.once(notifications::read), MEMBERS);

        r.get("/api/v1/dashboard", dashboard::get, MEMBERS);
        r.get("/api/v1/audit", audit::list, ADMIN);

        r.get("/health/live", health::live, PUBLIC);
        r.get("/health/ready", health::ready, PUBLIC);
        r.get("/metrics", health::metrics, PUBLIC);
        r.get("/.well-known/jwks.json", keys::publicKeys, PUBLIC);
        r.get("/openapi.json", contract::document, PUBLIC);
        r.get("/docs", contract::page, PUBLIC);
    }
}
