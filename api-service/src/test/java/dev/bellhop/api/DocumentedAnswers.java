package dev.bellhop.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.bellhop.api.RunningApi.Answer;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Holds answers against the contract that the service gives of itself. */
final class DocumentedAnswers {
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
    private final Map<JsonNode, Schema> schemas = new HashMap<>();
    private final JsonNode document;

    DocumentedAnswers(RunningApi api) {
        document = api.get(null, "/openapi.json").json();
    }

    /** @param path with the names of its parameters in braces */
    void check(String method, String path, Answer answer) {
        JsonNode response = document.path("paths")
                .path(path)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(Integer.toString(answer.status()));
        assertThat(response.isObject())
                .as("%s %s may answer with %d", method, path, answer.status())
                .isTrue();
        response.path("headers")
                .fieldNames()
                .forEachRemaining(
                        header -> assertThat(answer.header(header)).as(header).isNotEmpty());
        String mediaType = answer.header("Content-Type").replaceAll(";.*", "");
        JsonNode content = response.path("content");
        assertThat(content.isEmpty()).as("no body").isEqualTo(answer.text().isEmpty());
        if (content.isEmpty()) {
            return;
        }
        assertThat(content.has(mediaType)).as("%s is documented", mediaType).isTrue();
        if (mediaType.endsWith("json")) {
            List<Error> errors = schemas.computeIfAbsent(content.path(mediaType).path("schema"), this::schema)
                    .validate(
                            answer.json(),
                            context -> context.executionConfig(config -> config.formatAssertionsEnabled(true)));
            assertThat(errors).as("%s %s: %s", method, path, answer.text()).isEmpty();
        }
    }

    /** The references of a schema lead to the components of the document that it stands in. */
    private Schema schema(JsonNode schema) {
        ObjectNode whole = schema.deepCopy();
        whole.set("components", document.path("components"));
        return registry.getSchema(whole);
    }
}
