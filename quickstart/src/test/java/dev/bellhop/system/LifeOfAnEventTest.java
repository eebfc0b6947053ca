package dev.bellhop.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Timestamps;
import dev.bellhop.realtime.testing.TestSocket;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A write over REST becomes one frame for those whom it concerns, with one identity all the way, and for nobody else. */
class LifeOfAnEventTest {
    @RegisterExtension
    static final RunningSystem system = new RunningSystem();

    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private ApiClient hrApi;
    private TestSocket hr;
    private TestSocket downtown;
    private TestSocket airport;
    private TestSocket member;
    private TestSocket summitHr;
    private TestSocket summitLodge;

    @BeforeEach
    void connect() {
        system.awaitEmptyOutbox();
        hrApi = system.as("hr@harbor.example");
        hr = system.connect("hr@harbor.example");
        downtown = system.connect("downtown@harbor.example");
        airport = system.connect("airport@harbor.example");
        member = system.connect("member@harbor.example");
        summitHr = system.connect("hr@summit.example");
        summitLodge = system.connect("lodge@summit.example");
    }

    @Test
    @DisplayName("S2-021 S2-022 S2-023 S2-032 an entity's creation, change and deletion reach the whole organisation")
    void entity() {
        JdkSocket jdk = system.dialWithJdk(system.webSocketUri(system.token("admin@harbor.example")));
        jdk.next("connected");

        ApiClient.Answer created = hrApi.post(
                "/api/v1/entities",
                Map.of(
                        "type",
                        "candidate",
                        "name",
                        "Zoë O'Brien & Söhne, a < b",
                        "contact",
                        Map.of("email", "zoe@people.example")),
                "traceparent",
                TRACE);
        JsonNode frame = hr.next("entity.created");
        assertThat(frame.path("payload")).isEqualTo(created.expect(201));
        assertIsTheOutboxRow(frame, TRACE);
        assertThat(etag(created)).isEqualTo("\"1\"").isEqualTo(versionTag(frame));
        assertThat(frame.path("rooms")).extracting(JsonNode::textValue).containsExactly("org");
        assertThat(jdk.next("entity.created")).isEqualTo(frame);
        for (TestSocket colleague : List.of(downtown, airport, member)) {
            assertThat(colleague.next()).isEqualTo(frame);
        }

        String path = "/api/v1/entities/" + created.json().path("id").textValue();
        ApiClient.Answer changed = hrApi.patch(path, Map.of("status", "interview"), "If-Match", etag(created));
        JsonNode update = jdk.next("entity.updated");
        assertThat(update.path("payload"))
                .isEqualTo(changed.expect(200))
                .isEqualTo(hrApi.get(path).expect(200));
        assertThat(etag(changed)).isEqualTo("\"2\"").isEqualTo(versionTag(update));
        assertIsTheOutboxRow(update, null);

        assertThat(hrApi.delete(path).status()).isEqualTo(204);
        JsonNode removal = jdk.next("entity.deleted");
        assertThat(removal.path("payload").path("id")).isEqualTo(created.json().path("id"));
        assertThat(removal.path("payload").path("resource_type").textValue()).isEqualTo("entity");
        assertThat(removal.path("payload").path("version").longValue()).isEqualTo(3);
        assertThat(hrApi.get(path).status()).isEqualTo(404);

        for (TestSocket colleague : List.of(hr, downtown, airport, member)) {
            assertThat(colleague.next()).isEqualTo(update);
            assertThat(colleague.next()).isEqualTo(removal);
        }
        Frames.assertContiguous(Frames.position(frame) - 1, List.of(frame, update, removal));
        assertSummitHeardNothing();
    }

    @Test
    @DisplayName("a refused write is no event")
    void refusedWrites() {
        hrApi.post("/api/v1/entities", Map.of("type", "starship", "name", "x")).expect(422);
        JsonNode record = entity("Refused");
        assertThat(hr.next("entity.created").path("payload")).isEqualTo(record);
        String path = "/api/v1/entities/" + record.path("id").textValue();
        hrApi.patch(path, Map.of("name", "y"), "If-Match", "\"7\"").expect(412);
        hrApi.patch(path, Map.of("name", "y", "owner", "z")).expect(422);
        system.as("member@harbor.example")
                .patch(path, Map.of("name", "not mine"))
                .expect(403);
        JsonNode next = entity("Accepted");
        assertThat(hr.next("entity.created").path("payload")).isEqualTo(next);
    }

    @Test
    @DisplayName(
            "S1-030 S1-031 S1-072 an application reaches its property's manager and HR; approving starts an onboarding")
    void applicationApproved() {
        ApiClient.Answer submitted = submit("Ada Lindqvist");
        JsonNode frame = hr.next("application.submitted");
        assertIsApplication(frame, submitted.expect(201), "submitted");
        assertIsTheOutboxRow(frame, TRACE);
        assertThat(etag(submitted)).isEqualTo(versionTag(frame));
        assertThat(frame.path("rooms"))
                .extracting(JsonNode::textValue)
                .containsExactly("property-" + downtownId(), "global");
        assertThat(frame.path("payload").has("email")).isFalse();
        assertThat(downtown.next()).isEqualTo(frame);

        String employee = userId("member@harbor.example");
        String path = "/api/v1/applications/" + submitted.json().path("id").textValue();
        ApiClient.Answer approved =
                system.as("downtown@harbor.example").post(path + "/approve", Map.of("user_id", employee));
        JsonNode approval = hr.next("application.approved");
        assertIsApplication(approval, approved.expect(200), "approved");
        assertThat(etag(approved)).isEqualTo("\"2\"").isEqualTo(versionTag(approval));
        JsonNode onboarding = hr.next("onboarding.started");
        assertThat(onboarding.path("payload").path("onboarding_id"))
                .isEqualTo(approved.json().path("onboarding_id"));
        assertThat(onboarding.path("payload").path("application_id"))
                .isEqualTo(approved.json().path("id"));
        assertThat(onboarding.path("payload").path("employee_name").textValue()).isEqualTo("Ada Lindqvist");
        assertThat(onboarding.path("payload").path("progress").path("done").intValue())
                .isZero();
        Frames.assertContiguous(Frames.position(approval) - 1, List.of(approval, onboarding));
        assertThat(downtown.next()).isEqualTo(approval);
        assertThat(downtown.next()).isEqualTo(onboarding);
        assertThat(member.next()).as("the employee's own onboarding").isEqualTo(onboarding);

        hrApi.post(path + "/approve", Map.of()).expect(409);
        assertNobodyElseInHarborHeard();
        assertSummitHeardNothing();
    }

    @Test
    @DisplayName("S1-032 a rejection carries its reason")
    void applicationRejected() {
        ApiClient.Answer submitted = submit("Bo Karlsson");
        submitted.expect(201);
        hr.next("application.submitted");
        downtown.next("application.submitted");
        String path = "/api/v1/applications/" + submitted.json().path("id").textValue();
        system.as("airport@harbor.example")
                .post(path + "/reject", Map.of("reason", "not mine"))
                .expect(404);
        system.as("hr@summit.example")
                .post(path + "/reject", Map.of("reason", "not ours"))
                .expect(404);
        JsonNode record = hrApi.post(path + "/reject", Map.of("reason", "The position is filled."))
                .expect(200);
        JsonNode frame = hr.next("application.rejected");
        assertIsApplication(frame, record, "rejected");
        assertThat(frame.path("payload").path("reason").textValue()).isEqualTo("The position is filled.");
        assertThat(downtown.next()).isEqualTo(frame);
        assertNobodyElseInHarborHeard();
        assertSummitHeardNothing();
    }

    @Test
    @DisplayName("S2-025 S2-026 S2-033 S2-041 a share and its withdrawal reach the receiver and nobody else")
    void share() {
        JsonNode entity = entity("To be shared");
        for (TestSocket colleague : List.of(hr, downtown, airport, member)) {
            colleague.next("entity.created");
        }
        JsonNode record = share(entity).expect(201);
        JsonNode frame = member.next("share.created");
        assertIsTheOutboxRow(frame, null);
        assertThat(frame.path("payload").path("share_id")).isEqualTo(record.path("id"));
        for (String field :
                List.of("resource_type", "resource_id", "resource_name", "access_level", "shared_by", "created_at")) {
            assertThat(frame.path("payload").path(field)).as(field).isEqualTo(record.path(field));
        }
        share(entity).expect(409);
        String path = "/api/v1/shares/" + record.path("id").textValue();
        assertThat(hrApi.delete(path).status()).isEqualTo(204);
        JsonNode withdrawal = member.next("share.revoked");
        assertThat(withdrawal.path("payload").path("share_id")).isEqualTo(record.path("id"));
        assertThat(withdrawal.path("payload").path("resource_id")).isEqualTo(entity.path("id"));
        assertThat(withdrawal.path("payload").path("resource_type").textValue()).isEqualTo("entity");

        JsonNode again = share(entity).expect(201);
        member.next("share.created");
        hrApi.delete("/api/v1/entities/" + entity.path("id").textValue());
        assertThat(member.next("share.revoked").path("payload").path("share_id"))
                .as("the entity takes its shares with it, and the receiver hears of it first")
                .isEqualTo(again.path("id"));
        for (TestSocket colleague : List.of(member, hr, downtown, airport)) {
            assertThat(colleague.next("entity.deleted").path("payload").path("id"))
                    .isEqualTo(entity.path("id"));
        }
        assertSummitHeardNothing();
    }

    private JsonNode entity(String name) {
        return hrApi.post("/api/v1/entities", Map.of("type", "lead", "name", name))
                .expect(201);
    }

    private ApiClient.Answer submit(String applicant) {
        return system.anonymous()
                .post(
                        "/api/v1/properties/" + downtownId() + "/applications",
                        Map.of(
                                "applicant_name",
                                applicant,
                                "email",
                                "applicant@people.example",
                                "position",
                                "Concierge"),
                        "traceparent",
                        TRACE);
    }

    private ApiClient.Answer share(JsonNode entity) {
        return hrApi.post(
                "/api/v1/shares",
                Map.of(
                        "resource_type",
                        "entity",
                        "resource_id",
                        entity.path("id").textValue(),
                        "user_id",
                        userId("member@harbor.example"),
                        "access_level",
                        "view"));
    }

    private static String userId(String email) {
        return system.as(email).get("/api/v1/me").expect(200).path("id").textValue();
    }

    private static String downtownId() {
        return system.as("downtown@harbor.example")
                .get("/api/v1/me")
                .expect(200)
                .path("property_ids")
                .path(0)
                .textValue();
    }

    private static String etag(ApiClient.Answer answer) {
        return answer.response().headers().firstValue("ETag").orElseThrow();
    }

    private static String versionTag(JsonNode frame) {
        return "\"" + frame.path("payload").path("version").longValue() + "\"";
    }

    private static void assertIsApplication(JsonNode frame, JsonNode record, String status) {
        JsonNode payload = frame.path("payload");
        assertThat(record.path("status").textValue()).isEqualTo(status);
        assertThat(payload.path("application_id")).isEqualTo(record.path("id"));
        for (String field :
                List.of("property_id", "applicant_name", "status", "position", "created_at", "updated_at", "version")) {
            assertThat(payload.path(field)).as(field).isEqualTo(record.path(field));
        }
    }

    /** One identity, the same bytes of payload, the same time, from the transaction of the write to the client. */
    private static void assertIsTheOutboxRow(JsonNode frame, String traceparent) {
        Map<String, Object> row = system.jdbi()
                .withHandle(handle -> handle.createQuery(
                                "select type, payload, occurred_at, traceparent from api.outbox where event_id = :id")
                        .bind("id", UUID.fromString(Frames.id(frame)))
                        .mapToMap()
                        .one());
        assertThat(Frames.type(frame)).isEqualTo(row.get("type"));
        assertThat(frame.path("payload")).isEqualTo(Frames.parse((String) row.get("payload")));
        assertThat(frame.path("timestamp").textValue())
                .isEqualTo(Timestamps.format(((java.sql.Timestamp) row.get("occurred_at")).toInstant()));
        assertThat(row.get("traceparent")).isEqualTo(traceparent);
        assertThat(frame.path("traceparent").textValue()).isEqualTo(traceparent);
    }

    /** The next that the airport's manager and the member hear is an event for everybody. */
    private void assertNobodyElseInHarborHeard() {
        JsonNode fence = entity("Fence");
        for (TestSocket bystander : List.of(airport, member)) {
            assertThat(bystander.next("entity.created").path("payload")).isEqualTo(fence);
        }
    }

    private void assertSummitHeardNothing() {
        JsonNode fence = system.as("hr@summit.example")
                .post("/api/v1/entities", Map.of("type", "lead", "name", "Fence"))
                .expect(201);
        for (TestSocket stranger : List.of(summitHr, summitLodge)) {
            assertThat(stranger.next("entity.created").path("payload")).isEqualTo(fence);
        }
    }
}
