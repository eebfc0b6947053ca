package dev.bellhop.model.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bellhop.model.security.Role;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

class RoomNameTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "org",
                "global",
                "property-12",
                "property-prop-456",
                "property-0197a3c2-7b1e-7c44-9a51-2f6f0c9d1e01",
                "department-d_1",
                "user-u-1",
                "role-HR",
                "role-MANAGER",
                "role-ADMIN",
                "role-MEMBER"
            })
    @DisplayName("S1-007 the names of the grammar are rooms, and are written as they were read")
    void names(String name) {
        assertThat(RoomName.parse(name)).hasValueSatisfying(room -> {
            assertThat(room).hasToString(name);
            assertThat(Json.text(List.of(room))).isEqualTo("[\"" + name + "\"]");
        });
    }

    @Test
    @DisplayName("what is made is what is read")
    void made() {
        assertThat(RoomName.parse("org")).contains(RoomName.ORG);
        assertThat(RoomName.parse("global")).contains(RoomName.GLOBAL);
        assertThat(RoomName.parse("property-7")).contains(RoomName.property("7"));
        assertThat(RoomName.parse("department-7")).contains(RoomName.department("7"));
        assertThat(RoomName.parse("user-7")).contains(RoomName.user("7"));
        assertThat(RoomName.parse("role-HR")).contains(RoomName.role(Role.HR));
    }

    @ParameterizedTest
    @NullAndEmptySource
    @ValueSource(
            strings = {
                "property-",
                "property",
                "property-*",
                "property-%",
                "property-1,property-2",
                "property-1\u0000",
                "property-1 ",
                " property-1",
                "property-1\n",
                "PROPERTY-1",
                "Property-1",
                "property_1",
                "property-../x",
                "property-ü",
                "../",
                "org-acme",
                "org ",
                "Org",
                "global-1",
                "role-hr",
                "role-ROOT",
                "role-",
                "user-",
                "room-1",
                "property-a/b",
                "property-a.b",
                "property-{\"a\":1}"
            })
    @DisplayName("D3 anything else is no room")
    void injections(String name) {
        assertThat(RoomName.parse(name)).isEmpty();
    }

    @Test
    @DisplayName("D3 an id is at most 64 characters, and a long name costs nothing")
    void lengths() {
        assertThat(RoomName.parse("property-" + "a".repeat(64))).isPresent();
        assertThat(RoomName.parse("department-" + "a".repeat(64))).isPresent();
        assertThat(RoomName.parse("property-" + "a".repeat(65))).isEmpty();
        assertThat(RoomName.parse("property-" + "a".repeat(10_000_000))).isEmpty();
        assertThatThrownBy(() -> RoomName.property("a b")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> RoomName.user("")).isInstanceOf(IllegalArgumentException.class);
    }
}
