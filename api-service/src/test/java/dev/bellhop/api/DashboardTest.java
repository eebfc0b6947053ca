package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DashboardTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static UUID downtown;
    private static UUID airport;
    private static User hr;

    @BeforeAll
    static void organization() {
        orgId = api.organization("Harbor Hotels");
        downtown = api.property(orgId, "Harbor Downtown");
        airport = api.property(orgId, "Harbor Airport");
        hr = api.user(orgId, Role.HR);
    }

    private static UUID apply(UUID property) {
        return api.post(
                        null,
                        "/api/v1/properties/" + property + "/applications",
                        "{\"applicant_name\":\"A\",\"email\":\"a@x.example\",\"position\":\"Cook\"}")
                .id();
    }

    private static JsonNode dashboard(User user) {
        return api.get(user, "/api/v1/dashboard").json();
    }

    @Test
    @DisplayName("S1-111 S1-112 the counts are those of what the caller may see")
    void scope() {
        JsonNode empty = dashboard(hr);
        assertThat(empty.path("last_activity_at").isNull()).isTrue();
        assertThat(empty.path("entities").path("archived").longValue()).isZero();

        api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"x\"}");
        apply(downtown);
        apply(airport);
        UUID application = apply(airport);
        User member = api.user(orgId, Role.MEMBER);
        api.post(hr, "/api/v1/applications/" + application + "/approve", "{\"user_id\":\"" + member.id() + "\"}");
        String onboarding = api.get(hr, "/api/v1/applications/" + application)
                .json()
                .path("onboarding_id")
                .textValue();
        api.send(api.request(
                        hr, "/api/v1/onboardings/" + onboarding + "/forms/policies", "Content-Type", "application/json")
                .PUT(BodyPublishers.ofString("{\"read\":true}")));

        JsonNode all = dashboard(hr);
        assertThat(all.path("applications").path("submitted").longValue()).isEqualTo(2);
        assertThat(all.path("applications").path("approved").longValue()).isEqualTo(1);
        assertThat(all.path("entities").path("new").longValue()).isEqualTo(1);
        assertThat(all.path("onboardings").path("in_progress").longValue()).isEqualTo(1);
        assertThat(all.path("onboardings").path("forms_done").longValue()).isEqualTo(1);
        assertThat(all.path("onboardings").path("forms_total").longValue()).isEqualTo(5);
        assertThat(all.path("last_activity_at").textValue()).endsWith("Z");

        JsonNode managers = dashboard(api.user(orgId, Role.MANAGER, downtown));
        assertThat(managers.path("applications").path("submitted").longValue()).isEqualTo(1);
        assertThat(managers.path("applications").path("approved").longValue()).isZero();
        assertThat(managers.path("onboardings").path("in_progress").longValue()).isZero();
        JsonNode members = dashboard(member);
        assertThat(members.path("applications").path("submitted").longValue()).isZero();
        assertThat(members.path("onboardings").path("in_progress").longValue()).isEqualTo(1);
        JsonNode strangers = dashboard(api.user(api.organization("Summit Stays"), Role.ADMIN));
        assertThat(strangers).isEqualTo(empty);
    }
}
