package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/**
 * A walk over a JSON value that changes names and leaves. What needs no change is not copied: an untouched value comes back
 * as the same instance, and nothing that was given is ever altered. The depth is bounded by the parser that made the value.
 */
@SuppressWarnings("ReferenceEquality") // the same instance says that nothing changed
abstract sealed class JsonRewrite permits Sanitizer, Redactor {

    /** A text, number, boolean or null; the same instance when it may stay. */
    abstract JsonNode leaf(JsonNode value);

    /** The name of a field; the same instance when it may stay. */
    abstract String name(String name);

    /** The value of a field whose name decides what may stay of it. */
    JsonNode field(String name, JsonNode value) {
        return apply(value);
    }

    JsonNode apply(JsonNode value) {
        if (value.isObject()) {
            return object((ObjectNode) value);
        }
        return value.isArray() ? array((ArrayNode) value) : leaf(value);
    }

    /** A name that becomes another field's name gives way to it: nobody names a field like that in good faith. */
    private JsonNode object(ObjectNode object) {
        ObjectNode copy = null;
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            String name = name(field.getKey());
            JsonNode value = field(field.getKey(), field.getValue());
            boolean renamed = !name.equals(field.getKey());
            if (copy == null && (renamed || value != field.getValue())) {
                copy = fieldsBefore(field.getKey(), object);
            }
            if (copy != null && !(renamed && (object.has(name) || copy.has(name)))) {
                copy.set(name, value);
            }
        }
        return copy == null ? object : copy;
    }

    private static ObjectNode fieldsBefore(String name, ObjectNode object) {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (field.getKey().equals(name)) {
                break;
            }
            copy.set(field.getKey(), field.getValue());
        }
        return copy;
    }

    private JsonNode array(ArrayNode array) {
        ArrayNode copy = null;
        for (int i = 0; i < array.size(); i++) {
            JsonNode item = array.get(i);
            JsonNode changed = apply(item);
            if (changed != item) {
                copy = copy == null ? JsonNodeFactory.instance.arrayNode().addAll(array) : copy;
                copy.set(i, changed);
            }
        }
        return copy == null ? array : copy;
    }
}
