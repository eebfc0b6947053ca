package dev.bellhop.realtime.contract;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class SchemasTest {
    @Test
    @DisplayName("what may be null is a property of a record that is in a contract")
    void nullable() throws IOException {
        Set<String> found = new TreeSet<>();
        for (byte[] document : new byte[][] {AsyncApi.document(), OpenApi.document()}) {
            JsonNode schemas = Json.mapper().readTree(document).at("/components/schemas");
            schemas.properties()
                    .forEach(schema -> schema.getValue()
                            .path("properties")
                            .fieldNames()
                            .forEachRemaining(property -> found.add(schema.getKey() + "." + property)));
        }
        assertThat(found).containsAll(Schemas.NULLABLE);
    }
}
