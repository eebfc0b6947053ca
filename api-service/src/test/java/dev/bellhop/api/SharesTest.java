package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.bellhop.api.Receiver.Logged;
import dev.bellhop.api.RunningApi.Answer;
import dev.bellhop.api.RunningApi.User;
import dev.bellhop.model.security.Role;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class SharesTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    private static UUID orgId;
    private static User hr;
    private static User manager;
    private static User member;
    private static User stranger;

    @BeforeAll
    static void organizations() {
        orgId = api.organization("Harbor Hotels");
        hr = api.user(orgId, Role.HR);
        manager = api.user(orgId, Role.MANAGER);
        member = api.user(orgId, Role.MEMBER);
        stranger = api.user(api.organization("Summit Stays"), Role.ADMIN);
    }

    private static UUID entity() {
        return api.post(hr, "/api/v1/entities", "{\"type\":\"lead\",\"name\":\"Shared one\"}")
                .id();
    }

    private static Answer share(User giver, UUID entity, UUID receiver, String more) {
        return api.post(
                giver,
                "/api/v1/shares",
                "{\"resource_type\":\"entity\",\"resource_id\":\"" + entity + "\",\"user_id\":\"" + receiver
                        + "\",\"access_level\":\"view\"" + more + "}");
    }

    private static List<Logged> eventsOf(UUID shareId, int count) {
        return await().atMost(Duration.ofSeconds(5))
                .until(
                        () -> api.receiver().log(orgId).stream()
                                .filter(event -> event.payload()
                                        .path("share_id")
                                        .asText()
                                        .equals(shareId.toString()))
                                .toList(),
                        events -> events.size() >= count);
    }

    @Test
    @DisplayName("S2-025 S2-026 S2-031 S2-033 S2-041 a share's life is two events for its receiver alone")
    void lifeOfAShare() {
        UUID entity = entity();
        Answer created = share(manager, entity, member.id(), "");
        assertThat(created.status()).isEqualTo(201);
        String path = "/api/v1/shares/" + created.id();
        assertThat(created.header("Location")).isEqualTo(path);
        assertThat(created.json().path("resource_name").textValue()).isEqualTo("Shared one");
        assertThat(api.get(member, path).json()).isEqualTo(created.json());
        assertThat(share(hr, entity, member.id(), "").status()).isEqualTo(409);
        assertThat(api.get(member, "/api/v1/shares").json().path("items").findValuesAsText("id"))
                .contains(created.id().toString());
        assertThat(api.get(manager, "/api/v1/shares?direction=given")
                        .json()
                        .path("items")
                        .findValuesAsText("id"))
                .contains(created.id().toString());
        assertThat(api.get(manager, "/api/v1/shares?direction=received").json().path("items"))
                .isEmpty();

        assertThat(api.delete(member, path).status()).isEqualTo(403);
        assertThat(api.delete(manager, path).status()).isEqualTo(204);
        assertThat(api.delete(manager, path).status()).isEqualTo(404);
        List<Logged> events = eventsOf(created.id(), 2);
        assertThat(events).extracting(Logged::type).containsExactly("share.created", "share.revoked");
        assertThat(events).allSatisfy(event -> assertThat(event.rooms()).containsExactly("user-" + member.id()));
        assertThat(events.get(0).payload().path("shared_by").textValue())
                .isEqualTo(manager.id().toString());
        assertThat(events.get(1).payload().path("resource_id").textValue()).isEqualTo(entity.toString());
    }

    @Test
    @DisplayName("a share that runs out is withdrawn by itself, with its event")
    void expiry() {
        Answer created = share(
                hr, entity(), member.id(), ",\"expires_at\":\"" + Instant.now().plusSeconds(2) + "\"");
        assertThat(created.status()).isEqualTo(201);
        assertThat(eventsOf(created.id(), 2))
                .extracting(Logged::type)
                .containsExactly("share.created", "share.revoked");
        assertThat(api.get(member, "/api/v1/shares/" + created.id()).status()).isEqualTo(404);
        assertThat(share(hr, entity(), member.id(), ",\"expires_at\":\"2020-01-01T00:00:00Z\"")
                        .status())
                .isEqualTo(422);
        assertThat(share(hr, entity(), member.id(), ",\"expires_at\":\"tomorrow\"")
                        .status())
                .isEqualTo(422);
    }

    @Test
    @DisplayName("an entity takes its shares with it, before it goes itself")
    void deletedEntity() {
        UUID entity = entity();
        Answer created = share(hr, entity, member.id(), "");
        assertThat(api.delete(hr, "/api/v1/entities/" + entity).status()).isEqualTo(204);
        List<Logged> events = eventsOf(created.id(), 2);
        Logged deleted = api.receiver().log(orgId).stream()
                .filter(event -> event.type().equals("entity.deleted"))
                .filter(event -> event.payload().path("id").asText().equals(entity.toString()))
                .findFirst()
                .orElseThrow();
        assertThat(events.get(1).seq()).isLessThan(deleted.seq());
    }

    @Test
    @DisplayName("F1 neither a foreign record nor a foreign receiver can be shared, nor a foreign share be seen")
    void tenancy() {
        UUID entity = entity();
        assertThat(share(stranger, entity, stranger.id(), "").status()).isEqualTo(404);
        assertThat(share(hr, entity, stranger.id(), "").status()).isEqualTo(404);
        assertThat(share(hr, UUID.randomUUID(), member.id(), "").status()).isEqualTo(404);
        Answer created = share(hr, entity, member.id(), "");
        assertThat(api.get(stranger, "/api/v1/shares/" + created.id()).status()).isEqualTo(404);
        assertThat(api.delete(stranger, "/api/v1/shares/" + created.id()).status())
                .isEqualTo(404);
        assertThat(api.get(manager, "/api/v1/shares/" + created.id()).status()).isEqualTo(404);
        assertThat(share(member, entity, manager.id(), "").status()).isEqualTo(403);
    }
}
