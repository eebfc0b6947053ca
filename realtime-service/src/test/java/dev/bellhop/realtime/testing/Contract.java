package dev.bellhop.realtime.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** A contract as it was served, read strictly: a property that it does not name is a fault. */
public final class Contract {
    private static final SchemaRegistry SCHEMAS = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);

    private final JsonNode document;
    private final ObjectNode strict;

    public Contract(JsonNode served) {
        document = served;
        strict = served.deepCopy();
        visit(strict, node -> {
            if ("object".equals(node.path("type").textValue()) && node.has("properties")) {
                node.put("additionalProperties", false);
            }
        });
        // A problem may say more (RFC 9457 section 3.2).
        if (strict.at("/components/schemas/Body") instanceof ObjectNode problem) {
            problem.remove("additionalProperties");
        }
    }

    private static void visit(JsonNode node, Consumer<ObjectNode> visitor) {
        if (node instanceof ObjectNode object) {
            visitor.accept(object);
        }
        node.forEach(child -> visit(child, visitor));
    }

    public JsonNode document() {
        return document;
    }

    /** What is wrong with a value by the schema at that place of the document; empty for nothing. */
    public List<String> faults(String pointer, JsonNode value) {
        if (strict.at(pointer).isMissingNode()) {
            return List.of("the contract has nothing at " + pointer);
        }
        ObjectNode schema = strict.at(pointer).deepCopy();
        schema.set("components", strict.path("components")); // what its references point to
        return texts(SCHEMAS.getSchema(schema).validate(value));
    }

    /** What is wrong with an answer to an operation of an OpenAPI document. */
    public List<String> faults(String method, String path, RunningRealtime.Answer answer) {
        String operation = "/paths/" + path.replace("/", "~1") + "/" + method.toLowerCase(Locale.ROOT);
        JsonNode response = document.at(operation + "/responses/" + answer.status());
        if (response.has("$ref")) {
            response = document.at(response.path("$ref").textValue().substring(1));
        }
        if (response.isMissingNode()) {
            return List.of(method + " " + path + " does not speak of " + answer.status());
        }
        JsonNode content = response.path("content");
        if (content.isMissingNode()) {
            return answer.body().isNull() ? List.of() : List.of("a body where none is promised: " + answer);
        }
        String type = content.fieldNames().next();
        String sent = String.valueOf(answer.headers().get("Content-Type"));
        if (!sent.startsWith(type)) {
            return List.of("promised " + type + ", sent " + sent);
        }
        ObjectNode schema = content.path(type).path("schema").deepCopy();
        schema.set("components", strict.path("components"));
        return texts(SCHEMAS.getSchema(schema).validate(answer.body()));
    }

    private static List<String> texts(List<Error> errors) {
        return errors.stream().map(Error::toString).toList();
    }

    /** References that point to nothing, and schemas that are none by the meta-schema of JSON Schema 2020-12. */
    public List<String> ownFaults() {
        List<String> faults = new ArrayList<>();
        visit(document, node -> {
            String reference = node.path("$ref").asText("#");
            if (!reference.startsWith("#")
                    || document.at(reference.substring(1)).isMissingNode()) {
                faults.add("nothing is at " + reference);
            }
        });
        var metaSchema = SCHEMAS.getSchema(SchemaLocation.of(SpecificationVersion.DRAFT_2020_12.getDialectId()));
        document.at("/components/schemas")
                .properties()
                .forEach(schema -> metaSchema
                        .validate(schema.getValue())
                        .forEach(error -> faults.add(schema.getKey() + ": " + error)));
        document.at("/components/messages")
                .properties()
                .forEach(message -> metaSchema
                        .validate(message.getValue().path("payload"))
                        .forEach(error -> faults.add(message.getKey() + ": " + error)));
        return faults;
    }
}
