package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Json;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** An organisation with one user of every kind, and new records of every kind on demand. All of its names hold the canary. */
final class World implements AutoCloseable {
    private static final List<String> STEPS =
            List.of("personal_info", "tax_form", "direct_deposit", "health_insurance", "policies");

    final RunningApi api;
    private final Handle database;
    final String canary;
    final UUID orgId;
    final UUID property;
    final User admin;
    final User hr;
    /** Of {@link #property}. */
    final User manager;
    /** Of another property of the organisation. */
    final User otherManager;

    final User member;

    World(RunningApi api, String canary) {
        this.api = api;
        this.database = api.jdbi().open();
        this.canary = canary;
        this.orgId = api.organization(canary);
        this.property = api.property(orgId, "P " + canary);
        this.admin = api.user(orgId, Role.ADMIN);
        this.hr = api.user(orgId, Role.HR);
        this.manager = api.user(orgId, Role.MANAGER, property);
        this.otherManager = api.user(orgId, Role.MANAGER, api.property(orgId, "Q " + canary));
        this.member = api.user(orgId, Role.MEMBER);
    }

    User user(String kind) {
        return switch (kind) {
            case "ADMIN" -> admin;
            case "HR" -> hr;
            case "MANAGER" -> manager;
            case "OTHER_MANAGER" -> otherManager;
            case "MEMBER" -> member;
            case "SERVICE" -> api.machine();
            default -> null;
        };
    }

    private UUID created(String path, Object body) {
        Answer answer = api.post(admin, path, Json.text(body));
        assertThat(answer.status()).as(answer.text()).isEqualTo(201);
        return answer.id();
    }

    UUID emptyProperty() {
        return created("/api/v1/properties", Map.of("name", "P " + canary));
    }

    UUID department() {
        return created("/api/v1/departments", Map.of("name", "D " + canary));
    }

    Map<String, Object> newMember() {
        return Map.of(
                "email",
                Ids.next() + "@test.example",
                "name",
                "M " + canary,
                "role",
                "MEMBER",
                "password",
                RunningApi.PASSWORD);
    }

    UUID otherMember() {
        return created("/api/v1/members", newMember());
    }

    UUID entity() {
        return created("/api/v1/entities", Map.of("type", "lead", "name", "E " + canary));
    }

    Map<String, Object> newApplication() {
        return Map.of("applicant_name", "A " + canary, "email", "a@x.example", "position", "Cook");
    }

    UUID application() {
        return created("/api/v1/properties/" + property + "/applications", newApplication());
    }

    UUID onboarding() {
        Answer approved = api.post(admin, "/api/v1/applications/" + application() + "/approve", "{}");
        return UUID.fromString(approved.json().path("onboarding_id").textValue());
    }

    UUID onboardingWithForms() {
        UUID id = onboarding();
        for (String step : STEPS) {
            Answer form = api.send(api.request(
                            admin, "/api/v1/onboardings/" + id + "/forms/" + step, "Content-Type", "application/json")
                    .PUT(BodyPublishers.ofString("{\"note\":\"" + canary + "\"}")));
            assertThat(form.status()).isEqualTo(200);
        }
        return id;
    }

    Map<String, Object> newShare() {
        return Map.of(
                "resource_type", "entity", "resource_id", entity(), "user_id", member.id(), "access_level", "view");
    }

    UUID share() {
        return created("/api/v1/shares", newShare());
    }

    UUID chat() {
        return created("/api/v1/chats", Map.of("title", "C " + canary));
    }

    UUID message(UUID chat) {
        return created("/api/v1/chats/" + chat + "/messages", Map.of("text", "T " + canary));
    }

    UUID call() {
        return created("/api/v1/calls", Map.of("entity_id", entity(), "started_at", "2026-01-01T12:00:00Z"));
    }

    UUID notification() {
        return created("/api/v1/notifications", Map.of("message", "N " + canary, "severity", "info"));
    }

    long auditEntries() {
        return database.createQuery("select count(*) from audit_entry where org_id = :org")
                .bind("org", orgId)
                .mapTo(Long.class)
                .one();
    }

    @Override
    public void close() {
        database.close();
    }
}
