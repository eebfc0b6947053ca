package dev.bellhop.realtime.contract;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.model.events.Event;
import dev.bellhop.model.security.Role;
import dev.bellhop.model.wire.Cursor;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * JSON Schema (2020-12) of the records that are written to the wire, read off the records themselves, so that a contract
 * cannot say anything else. One component for each record; a schema of one refers to the others.
 */
final class Schemas {
    /** Properties that are always there and may be null; what Java does not say about a reference. */
    static final Set<String> NULLABLE = Set.of(
            "Call.duration_s",
            "ContactOfEntity.email",
            "ContactOfEntity.phone",
            "Entity.department",
            "Entity.notes",
            "Member.department_id",
            "Onboarding.user_id",
            "ReceiptOfEventBatch.acked");

    private static final String COMPONENTS = "#/components/schemas/";

    private final ObjectNode components = Json.mapper().createObjectNode();
    private final Map<String, Class<?>> named =
            new HashMap<>(Map.of("Timestamp", Instant.class, "Cursor", Cursor.class, "RoomName", RoomName.class));

    Schemas() {
        components
                .putObject("Timestamp")
                .put("type", "string")
                .put("description", "UTC with six fractional digits")
                .put("format", "date-time")
                .put("pattern", "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{6}Z$");
        components
                .putObject("Cursor")
                .put("type", "string")
                .put("description", "Opaque: everything of the organisation's log up to a position")
                .put("pattern", "^[A-Za-z0-9._~-]{1,200}$");
        components
                .putObject("RoomName")
                .put("type", "string")
                .put("description", "Name of a room of the caller's organisation")
                .put(
                        "pattern",
                        "^(org|global|(property|department|user)-[A-Za-z0-9_-]{1,64}|role-("
                                + Arrays.stream(Role.values()).map(Role::name).collect(Collectors.joining("|"))
                                + "))$");
    }

    /** All that was asked for so far, and what that refers to. */
    ObjectNode components() {
        return components;
    }

    static ObjectNode reference(String component) {
        return Json.mapper().createObjectNode().put("$ref", COMPONENTS + component);
    }

    /** A reference to the schema of a record, or the schema of anything else. */
    ObjectNode of(Type type) {
        if (type instanceof ParameterizedType generic && generic.getRawType() == List.class) {
            ObjectNode list = typed("array");
            list.set("items", of(generic.getActualTypeArguments()[0]));
            return list;
        }
        if (!(type instanceof Class<?> shape)) {
            return typed("object"); // a map: whatever the caller put there
        }
        if (shape == UUID.class) {
            return typed("string").put("format", "uuid");
        }
        if (shape == Instant.class) {
            return reference("Timestamp");
        }
        if (shape == RoomName.class) {
            return reference("RoomName");
        }
        if (shape.isEnum()) {
            ObjectNode words = typed("string");
            words.set("enum", Json.mapper().valueToTree(shape.getEnumConstants()));
            return words;
        }
        if (shape.isRecord()) {
            return record(shape);
        }
        return typed(scalar(shape));
    }

    private static String scalar(Class<?> shape) {
        if (shape == String.class) {
            return "string";
        }
        if (shape == boolean.class) {
            return "boolean";
        }
        if (shape == int.class || shape == long.class || shape == Integer.class || shape == Long.class) {
            return "integer";
        }
        throw new IllegalArgumentException("no schema is known for " + shape);
    }

    private static ObjectNode typed(String type) {
        return Json.mapper().createObjectNode().put("type", type);
    }

    private ObjectNode record(Class<?> shape) {
        String name = name(shape);
        Class<?> before = named.putIfAbsent(name, shape);
        if (before == null) {
            components.set(name, null); // a place among the others before those that it refers to
            components.set(name, object(name, shape));
        } else if (before != shape) {
            throw new IllegalStateException(before + " and " + shape + " would both be " + name);
        }
        return reference(name);
    }

    /** {@code CallEvent.Payload} is a Call, {@code NotificationEvent.ToAll} is {@code ToAllOfNotification}. */
    private static String name(Class<?> shape) {
        Class<?> around = shape.getEnclosingClass();
        if (around == null || !(Event.class.isAssignableFrom(around) || around.isRecord())) {
            return shape.getSimpleName();
        }
        String subject = around.getSimpleName().replaceFirst("Event$", "");
        return shape.getSimpleName().equals("Payload") ? subject : shape.getSimpleName() + "Of" + subject;
    }

    private ObjectNode object(String name, Class<?> shape) {
        ObjectNode object = typed("object");
        ObjectNode properties = Json.mapper().createObjectNode();
        ArrayNode required = Json.mapper().createArrayNode();
        for (RecordComponent component : shape.getRecordComponents()) {
            if (component.getAccessor().isAnnotationPresent(JsonAnyGetter.class)) {
                continue; // further members, which every schema allows
            }
            String property = snakeCase(component.getName());
            ObjectNode schema = of(component.getGenericType());
            properties.set(property, NULLABLE.contains(name + "." + property) ? orNull(schema) : schema);
            if (!isOptional(shape, component)) {
                required.add(property);
            }
        }
        object.set("properties", properties);
        object.set("required", required);
        return object;
    }

    static String snakeCase(String name) {
        return PropertyNamingStrategies.SnakeCaseStrategy.INSTANCE.translate(name);
    }

    private static boolean isOptional(Class<?> shape, RecordComponent component) {
        return component.getAccessor().isAnnotationPresent(JsonInclude.class)
                || (shape.isAnnotationPresent(JsonInclude.class)
                        && !component.getType().isPrimitive());
    }

    private static ObjectNode orNull(ObjectNode schema) {
        ObjectNode either = Json.mapper().createObjectNode();
        either.putArray("anyOf").add(schema).add(typed("null"));
        return either;
    }
}
