package dev.bellhop.api.contract;

import com.fasterxml.jackson.annotation.JsonAnyGetter;
import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.applications.Application;
import dev.bellhop.api.audit.AuditEntry;
import dev.bellhop.api.auth.Account;
import dev.bellhop.api.auth.SessionResource;
import dev.bellhop.api.calls.Call;
import dev.bellhop.api.chat.Chat;
import dev.bellhop.api.dashboard.Dashboard;
import dev.bellhop.api.members.Colleague;
import dev.bellhop.api.members.Member;
import dev.bellhop.api.notifications.Notification;
import dev.bellhop.api.onboarding.Onboarding;
import dev.bellhop.api.organizations.Organization;
import dev.bellhop.api.shares.Share;
import dev.bellhop.model.events.ChatEvent;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.events.OnboardingEvent;
import dev.bellhop.model.problem.Problem;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The schemas of answers, read off the records that are written as answers. What a record's type does not say (which fields
 * may be null, which texts are words out of a set) stands here and is held against real answers by a test.
 */
final class Schemas {
    static final List<String> ENTITY_TYPES = List.of("candidate", "client", "contractor", "lead", "partner", "custom");
    static final List<String> ENTITY_STATUSES =
            List.of("new", "screening", "interview", "offer", "hired", "rejected", "archived");
    static final List<String> APPLICATION_STATUSES = List.of("submitted", "approved", "rejected");
    static final List<String> ONBOARDING_STATUSES = List.of("in_progress", "completed");
    static final List<String> STEPS =
            List.of("personal_info", "tax_form", "direct_deposit", "health_insurance", "policies");
    static final List<String> ROLES = List.of("ADMIN", "HR", "MANAGER", "MEMBER");
    static final List<String> STATUSES = List.of("active", "disabled");
    static final List<String> RESOURCE_TYPES = List.of("entity", "chat", "call", "onboarding");
    static final List<String> ACCESS_LEVELS = List.of("view", "edit", "full");
    static final List<String> CALL_STATUSES = List.of("processing", "ready", "failed");
    static final List<String> SEVERITIES = List.of("info", "warning", "critical");
    static final List<String> KINDS = List.of("maintenance", "alert");

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final Map<Class<?>, Set<String>> NULLABLE = Map.ofEntries(
            Map.entry(Account.class, Set.of("departmentId")),
            Map.entry(Member.class, Set.of("departmentId")),
            Map.entry(Colleague.class, Set.of("departmentId")),
            Map.entry(Entity.class, Set.of("department", "notes")),
            Map.entry(Entity.Contact.class, Set.of("email", "phone")),
            Map.entry(
                    Application.class, Set.of("phone", "message", "reason", "decidedBy", "decidedAt", "onboardingId")),
            Map.entry(Onboarding.class, Set.of("userId", "completedAt")),
            Map.entry(Onboarding.Step.class, Set.of("submittedAt")),
            Map.entry(Share.class, Set.of("expiresAt")),
            Map.entry(Chat.class, Set.of("entityId")),
            Map.entry(ChatEvent.Message.class, Set.of("authorId")),
            Map.entry(Call.class, Set.of("entityId", "durationS", "recordingUrl", "summary")),
            Map.entry(Notification.class, Set.of("userId", "targetRole", "title", "kind", "readAt")),
            Map.entry(Dashboard.class, Set.of("lastActivityAt")),
            Map.entry(AuditEntry.class, Set.of("actorId", "actorName", "requestId")));

    private static final Map<Class<?>, Map<String, List<String>>> WORDS = Map.of(
            Account.class, Map.of("role", ROLES),
            Organization.class, Map.of("status", STATUSES),
            Member.class, Map.of("role", ROLES, "status", STATUSES),
            Colleague.class, Map.of("role", ROLES),
            Entity.class, Map.of("type", ENTITY_TYPES, "status", ENTITY_STATUSES),
            Application.class, Map.of("status", APPLICATION_STATUSES),
            Onboarding.class, Map.of("status", ONBOARDING_STATUSES),
            Share.class, Map.of("resourceType", RESOURCE_TYPES, "accessLevel", ACCESS_LEVELS),
            Call.class, Map.of("status", CALL_STATUSES),
            Notification.class, Map.of("targetRole", ROLES, "severity", SEVERITIES, "kind", KINDS));

    private static final Map<Class<?>, String> NAMES = Map.of(
            Problem.Body.class, "Problem",
            Problem.FieldError.class, "FieldError",
            ChatEvent.Message.class, "ChatMessage",
            OnboardingEvent.Progress.class, "OnboardingProgress",
            Onboarding.Step.class, "OnboardingStep",
            SessionResource.Login.class, "Login",
            Entity.Contact.class, "Contact",
            Entity.DepartmentName.class, "DepartmentName",
            Organization.Admin.class, "OrganizationAdmin",
            Dashboard.Onboardings.class, "OnboardingFigures");

    private static final SnakeCaseStrategy SNAKE_CASE = new SnakeCaseStrategy();

    private final Map<String, ObjectNode> components = new TreeMap<>();

    /** All schemas that were referred to, by name. */
    Map<String, ObjectNode> components() {
        return components;
    }

    /** A reference to a schema under {@code components}, which is given here. */
    ObjectNode named(String name, ObjectNode schema) {
        components.putIfAbsent(name, schema);
        return JSON.objectNode().put("$ref", "#/components/schemas/" + name);
    }

    ObjectNode of(Class<?> record) {
        String name = NAMES.getOrDefault(record, record.getSimpleName());
        if (!components.containsKey(name)) {
            components.put(name, JSON.objectNode()); // taken, should the record lead back to itself
            components.put(name, read(record));
        }
        return JSON.objectNode().put("$ref", "#/components/schemas/" + name);
    }

    /** A page of a list. */
    ObjectNode pageOf(String name, ObjectNode item) {
        return named(
                name + "Page",
                Shape.object(
                        Shape.required("items", Shape.array(item, 0, 200)),
                        Shape.required(
                                "next_cursor", Shape.nullable(JSON.objectNode().put("type", "string")))));
    }

    private ObjectNode read(Class<?> record) {
        ObjectNode schema = JSON.objectNode().put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = JSON.arrayNode();
        boolean open = false;
        for (RecordComponent component : record.getRecordComponents()) {
            if (component.getAccessor().isAnnotationPresent(JsonIgnore.class)) {
                continue;
            }
            if (component.getAccessor().isAnnotationPresent(JsonAnyGetter.class)) {
                open = true;
                continue;
            }
            String name = SNAKE_CASE.translate(component.getName());
            properties.set(name, property(record, component));
            if (!component.getAccessor().isAnnotationPresent(JsonInclude.class)) {
                required.add(name);
            }
        }
        schema.set("required", required);
        return schema.put("additionalProperties", open);
    }

    private ObjectNode property(Class<?> record, RecordComponent component) {
        List<String> words = WORDS.getOrDefault(record, Map.of()).get(component.getName());
        ObjectNode schema = words == null ? type(component.getGenericType()) : Shape.word(words);
        boolean nullable = NULLABLE.getOrDefault(record, Set.of()).contains(component.getName());
        return nullable ? Shape.nullable(schema) : schema;
    }

    private ObjectNode type(Type type) {
        if (type instanceof ParameterizedType generic) {
            Type last = generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1];
            ObjectNode collection = JSON.objectNode();
            if (generic.getRawType() == List.class) {
                collection.put("type", "array").set("items", type(last));
            } else {
                collection.put("type", "object").set("additionalProperties", type(last));
            }
            return collection;
        }
        Class<?> plain = (Class<?>) type;
        if (plain.isRecord()) {
            return of(plain);
        }
        if (plain == UUID.class) {
            return Shape.id();
        }
        if (plain == Instant.class) {
            return Shape.time();
        }
        if (plain == JsonNode.class) {
            return Shape.anyObject();
        }
        if (plain == boolean.class) {
            return JSON.objectNode().put("type", "boolean");
        }
        if (plain == int.class || plain == long.class || plain == Integer.class || plain == Long.class) {
            return JSON.objectNode().put("type", "integer");
        }
        if (plain == String.class) {
            return JSON.objectNode().put("type", "string");
        }
        throw new IllegalArgumentException("no schema is known for " + type);
    }
}
