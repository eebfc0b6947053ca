package dev.bellhop.api.contract;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.http.Fields;
import java.util.List;

/** The building blocks of request schemas (JSON Schema 2020-12), as {@link Fields} reads them. */
final class Shape {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final String CONTROLS = "\\u0000-\\u001f\\u007f";
    private static final String CONTROLS_IN_PROSE = "\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f";
    private static final String DIRECTIONS = "\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069";

    private Shape() {}

    record Field(String name, ObjectNode schema, boolean required) {}

    static Field required(String name, ObjectNode schema) {
        return new Field(name, schema, true);
    }

    /** A field that may be missing or null, which is the same. */
    static Field optional(String name, ObjectNode schema) {
        return new Field(name, nullable(schema), false);
    }

    /** A field of a merge patch that cannot be removed. */
    static Field kept(String name, ObjectNode schema) {
        return new Field(name, schema, false);
    }

    static ObjectNode object(Field... fields) {
        ObjectNode object = JSON.objectNode().put("type", "object");
        ObjectNode properties = object.putObject("properties");
        ArrayNode required = JSON.arrayNode();
        for (Field field : fields) {
            properties.set(field.name(), field.schema());
            if (field.required()) {
                required.add(field.name());
            }
        }
        if (!required.isEmpty()) {
            object.set("required", required);
        }
        return object.put("additionalProperties", false);
    }

    /** Whatever fields. */
    static ObjectNode anyObject() {
        return JSON.objectNode().put("type", "object").put("additionalProperties", true);
    }

    static ObjectNode array(ObjectNode items, int min, int max) {
        ObjectNode array = JSON.objectNode().put("type", "array");
        array.set("items", items);
        return array.put("minItems", min).put("maxItems", max);
    }

    static ObjectNode anyOf(ObjectNode... schemas) {
        ObjectNode any = JSON.objectNode();
        any.putArray("anyOf").addAll(List.of(schemas));
        return any;
    }

    /** A text of one line that is not blank. */
    static ObjectNode line(int maxLength) {
        String refused = CONTROLS + DIRECTIONS;
        return text(1, maxLength, "^[^" + refused + "]*[^\\s" + refused + "][^" + refused + "]*$");
    }

    static ObjectNode prose(int maxLength) {
        return text(0, maxLength, "^[^" + CONTROLS_IN_PROSE + "]*$");
    }

    static ObjectNode proseNotBlank(int maxLength) {
        return text(
                1,
                maxLength,
                "^[^" + CONTROLS_IN_PROSE + "]*[^\\s" + CONTROLS_IN_PROSE + "][^" + CONTROLS_IN_PROSE + "]*$");
    }

    static ObjectNode email() {
        String part = "[^\\s@<>\"" + CONTROLS + DIRECTIONS + "]";
        return text(3, Fields.EMAIL, "^" + part + "{1,64}@" + part + "+$");
    }

    static ObjectNode url() {
        return text(8, Fields.URL, "^https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?([/?#][!-~]*)?$");
    }

    private static ObjectNode text(int minLength, int maxLength, String pattern) {
        ObjectNode text = JSON.objectNode().put("type", "string");
        if (minLength > 0) {
            text.put("minLength", minLength);
        }
        return text.put("maxLength", maxLength).put("pattern", pattern);
    }

    static ObjectNode password(int minLength, int maxLength) {
        return text(minLength, maxLength, "^[^" + CONTROLS_IN_PROSE + "]*$");
    }

    static ObjectNode word(List<String> words) {
        ObjectNode word = JSON.objectNode().put("type", "string");
        words.forEach(word.putArray("enum")::add);
        return word;
    }

    static ObjectNode id() {
        return JSON.objectNode().put("type", "string").put("format", "uuid");
    }

    static ObjectNode time() {
        return JSON.objectNode().put("type", "string").put("format", "date-time");
    }

    static ObjectNode integer(int min, int max) {
        return JSON.objectNode().put("type", "integer").put("minimum", min).put("maximum", max);
    }

    static ObjectNode nullable(ObjectNode schema) {
        if (!schema.path("type").isTextual()) {
            return anyOf(schema, JSON.objectNode().put("type", "null"));
        }
        ObjectNode nullable = schema.deepCopy();
        nullable.putArray("type").add(schema.path("type").textValue()).add("null");
        if (nullable.path("enum") instanceof ArrayNode words) {
            words.addNull();
        }
        return nullable;
    }
}
