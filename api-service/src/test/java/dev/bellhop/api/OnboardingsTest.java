package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class OnboardingsTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static final List<String> STEPS =
            List.of("personal_info", "tax_form", "direct_deposit", "health_insurance", "policies");

    private static UUID orgId;
    private static UUID downtown;
    private static User hr;
    private static User manager;
    private static User otherManager;
    private static User employee;
    private static User colleague;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        downtown = api.property(orgId, "Harbor Downtown");
        hr = api.user(orgId, Role.HR);
        manager = api.user(orgId, Role.MANAGER, downtown);
        otherManager = api.user(orgId, Role.MANAGER, api.property(orgId, "Harbor Airport"));
        employee = api.user(orgId, Role.MEMBER);
        colleague = api.user(orgId, Role.MEMBER);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    /** @return address of an onboarding that an approval has just started */
    private static String started(String body) {
        Answer applied = api.post(
                null,
                "/api/v1/properties/" + downtown + "/applications",
                "{\"applicant_name\":\"Ana\",\"email\":\"ana@b.example\",\"position\":\"Porter\"}");
        Answer approved = api.post(manager, "/api/v1/applications/" + applied.id() + "/approve", body);
        assertThat(approved.status()).isEqualTo(200);
        return "/api/v1/onboardings/" + approved.json().path("onboarding_id").textValue();
    }

    private static String startedFor(User user) {
        return started("{\"user_id\":\"" + user.id() + "\"}");
    }

    private static Answer submit(User user, String onboarding, String step, String form, String... headers) {
        return api.send(api.request(user, onboarding + "/forms/" + step, headers)
                .header("Content-Type", "application/json")
                .PUT(BodyPublishers.ofString(form)));
    }

    private static UUID id(String path) {
        return UUID.fromString(path.substring(path.lastIndexOf('/') + 1));
    }

    @Test
    @DisplayName(
            "S1-033 S1-034 S1-035 an onboarding's life: started, every form, completed; for the property, HR and the employee")
    void lifeOfAnOnboarding() {
        String path = startedFor(employee);
        Answer early = api.post(hr, path + "/complete", "{}");
        assertThat(early.status()).isEqualTo(409);
        assertThat(early.json().path("type").textValue()).isEqualTo("/problems/invalid_transition");
        for (String step : STEPS) {
            assertThat(submit(employee, path, step, "{\"read\":true}").status()).isEqualTo(200);
        }
        Answer before = api.get(employee, path);
        assertThat(before.json().path("progress").path("done").asInt()).isEqualTo(5);
        assertThat(before.json().path("steps").findValuesAsText("step")).isEqualTo(STEPS);
        assertThat(api.post(hr, path + "/complete", "{}", "If-Match", "\"1\"").status())
                .isEqualTo(412);
        Answer completed = api.post(manager, path + "/complete", "");
        assertThat(completed.status()).isEqualTo(200);
        assertThat(completed.json().path("status").textValue()).isEqualTo("completed");
        assertThat(completed.json().path("completed_at").isTextual()).isTrue();
        assertThat(completed.header("ETag")).isEqualTo("\"7\"");
        assertThat(api.post(hr, path + "/complete", "{}").status()).isEqualTo(409);
        assertThat(submit(employee, path, "policies", "{}").status()).isEqualTo(409);

        List<Logged> events = api.eventsOf(orgId, "onboarding_id", id(path), 7);
        assertThat(events)
                .extracting(Logged::type)
                .containsExactly(
                        "onboarding.started",
                        "onboarding.form_submitted",
                        "onboarding.form_submitted",
                        "onboarding.form_submitted",
                        "onboarding.form_submitted",
                        "onboarding.form_submitted",
                        "onboarding.completed");
        assertThat(events)
                .allSatisfy(event -> assertThat(event.rooms())
                        .containsExactly("property-" + downtown, "global", "user-" + employee.id()));
        JsonNode second = events.get(2).payload();
        assertThat(second.path("form").textValue()).isEqualTo("tax_form");
        assertThat(second.path("progress").path("done").asInt()).isEqualTo(2);
        assertThat(second.path("progress").path("total").asInt()).isEqualTo(5);
        assertThat(second.path("employee_name").textValue()).isEqualTo("Ana");
    }

    @Test
    @DisplayName("sensitive fields are masked on every read but by HR, and stand in no event")
    void masking() {
        String path = startedFor(employee);
        Answer submitted = submit(
                employee,
                path,
                "direct_deposit",
                "{\"bank\":\"First\",\"account_number\":\"9876543210\",\"routingNumber\":123456789,\"pin\":\"1234\","
                        + "\"nested\":[{\"SSN\":\"123-45-6789\"}],\"remark\":\"mine is 123-45-6789\",\"shipping\":\"fast\""
                        + ",\"employeeSsn\":\"123456789\",\"SSNNumber\":\"123456789\",\"pin2\":\"0815\"}");
        for (Answer answer : List.of(submitted, api.get(employee, path), api.get(manager, path))) {
            JsonNode form = answer.json().path("steps").path(2).path("form");
            assertThat(form.path("bank").textValue()).isEqualTo("First");
            assertThat(form.path("account_number").textValue()).isEqualTo("****3210");
            assertThat(form.path("routingNumber").textValue()).isEqualTo("****6789");
            assertThat(form.path("pin").textValue()).isEqualTo("****");
            assertThat(form.path("nested").path(0).path("SSN").textValue()).isEqualTo("****6789");
            assertThat(form.path("remark").textValue()).isEqualTo("mine is ****");
            assertThat(form.path("shipping").textValue()).isEqualTo("fast");
            assertThat(form.path("employeeSsn").textValue()).isEqualTo("****6789");
            assertThat(form.path("SSNNumber").textValue()).isEqualTo("****6789");
            assertThat(form.path("pin2").textValue()).isEqualTo("****");
        }
        JsonNode full = api.get(hr, path).json().path("steps").path(2).path("form");
        assertThat(full.path("account_number").textValue()).isEqualTo("9876543210");
        assertThat(full.path("routingNumber").asInt()).isEqualTo(123_456_789);
        for (User user : List.of(hr, manager, employee)) {
            assertThat(api.get(user, "/api/v1/onboardings").text())
                    .contains(id(path).toString())
                    .doesNotContain("3210");
        }
        assertThat(api.eventsOf(orgId, "onboarding_id", id(path), 2)
                        .get(1)
                        .payload()
                        .toString())
                .doesNotContain("3210")
                .doesNotContain("First");
    }

    @Test
    @DisplayName("S1-072 F1 seen by HR, its property's managers and the employee; to all others it does not exist")
    void whoSees() {
        String path = startedFor(employee);
        for (User user : List.of(hr, manager, employee)) {
            assertThat(api.get(user, path).status()).isEqualTo(200);
        }
        for (User user : List.of(otherManager, colleague, stranger)) {
            assertThat(api.get(user, path).status()).isEqualTo(404);
            assertThat(submit(user, path, "policies", "{}").status()).isEqualTo(404);
            assertThat(api.get(user, "/api/v1/onboardings").json().path("items"))
                    .isEmpty();
        }
        assertThat(api.post(otherManager, path + "/complete", "{}").status()).isEqualTo(404);
        assertThat(api.post(employee, path + "/complete", "{}").status()).isEqualTo(403);
        assertThat(api.get(otherManager, "/api/v1/onboardings?property_id=" + downtown)
                        .status())
                .isEqualTo(404);
        assertThat(api.get(stranger, "/api/v1/onboardings?property_id=" + downtown)
                        .status())
                .isEqualTo(404);
        assertThat(api.get(employee, "/api/v1/onboardings?property_id=" + downtown)
                        .json()
                        .path("items")
                        .findValuesAsText("id"))
                .contains(id(path).toString());
    }

    @Test
    @DisplayName("HR names the employee, who sees the onboarding from then on")
    void employee() {
        String path = started("{}");
        assertThat(api.get(colleague, path).status()).isEqualTo(404);
        assertThat(api.patch(manager, path, "{\"user_id\":\"" + colleague.id() + "\"}")
                        .status())
                .isEqualTo(403);
        assertThat(api.patch(hr, path, "{\"user_id\":\"" + stranger.id() + "\"}")
                        .status())
                .isEqualTo(404);
        Answer named = api.patch(hr, path, "{\"user_id\":\"" + colleague.id() + "\"}", "If-Match", "\"1\"");
        assertThat(named.status()).isEqualTo(200);
        assertThat(named.header("ETag")).isEqualTo("\"2\"");
        assertThat(api.get(colleague, path).status()).isEqualTo(200);
        assertThat(api.patch(hr, path, "{\"user_id\":null}").status()).isEqualTo(200);
        assertThat(api.get(colleague, path).status()).isEqualTo(404);
        assertThat(api.patch(hr, path, "{\"status\":\"completed\"}").status()).isEqualTo(422);
    }

    @Test
    @DisplayName("F5 F8 F11 the list is filtered and paged; a form is one object for a step that there is")
    void listAndForms() {
        UUID other = api.organization("Pages");
        UUID property = api.property(other, "P");
        User boss = api.user(other, Role.ADMIN);
        for (int i = 0; i < 3; i++) {
            UUID application = api.post(
                            null,
                            "/api/v1/properties/" + property + "/applications",
                            "{\"applicant_name\":\"A" + i + "\",\"email\":\"a@b.example\",\"position\":\"Porter\"}")
                    .id();
            api.post(boss, "/api/v1/applications/" + application + "/approve", "{}");
        }
        Answer page = api.get(boss, "/api/v1/onboardings?limit=2&status=in_progress&property_id=" + property);
        assertThat(page.json().path("items").findValuesAsText("employee_name")).containsExactly("A2", "A1");
        String link = page.header("Link");
        assertThat(api.get(boss, link.substring(1, link.indexOf('>')))
                        .json()
                        .path("items")
                        .findValuesAsText("employee_name"))
                .containsExactly("A0");
        assertThat(api.get(boss, "/api/v1/onboardings?status=completed").json().path("items"))
                .isEmpty();
        String path = "/api/v1/onboardings/"
                + page.json().path("items").path(0).path("id").textValue();
        assertThat(submit(boss, path, "shoe_size", "{}").status()).isEqualTo(404);
        assertThat(submit(boss, path, "policies", "[]").status()).isEqualTo(400);
        assertThat(submit(boss, path, "policies", "{\"a\":1,\"a\":2}").status()).isEqualTo(400);
        assertThat(submit(boss, path, "policies", "{}", "If-Match", "\"9\"").status())
                .isEqualTo(412);
        assertThat(submit(boss, path, "policies", "{\"agreed\":true}").header("ETag"))
                .isEqualTo("\"2\"");
        assertThat(submit(boss, path, "policies", "{\"agreed\":false}")
                        .json()
                        .path("progress")
                        .path("done")
                        .asInt())
                .isEqualTo(1);
    }
}
