package dev.bellhop.model.events;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import dev.bellhop.model.wire.ClientMessage;
import dev.bellhop.model.wire.CloseCode;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.RoomName;
import dev.bellhop.model.wire.ServerMessage;
import java.io.IOException;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * The client's TypeScript, made from the records, the catalogue of events and the close codes. After a wanted change run
 * with {@code -Dgolden=write}, as for the golden files, and commit what it wrote.
 */
class TypeScriptTest {
    private static final Path CLIENT = Path.of("../client");

    private static final String NOTICE =
            "// Made from shared-model by TypeScriptTest. Do not edit: run it with -Dgolden=write.\n";

    /** Interfaces by their TypeScript name, in the order in which they were first needed. */
    private final Map<String, String> interfaces = new LinkedHashMap<>();

    /** Which record has a name, so that two of them never share one. */
    private final Map<String, Class<?>> named = new LinkedHashMap<>();

    @Test
    @DisplayName("S1-091 the client's types are those of the records, and its close codes are those of the server")
    void typesOfTheClient() throws IOException {
        assertGenerated("src/generated/model.ts", NOTICE + model());
        assertGenerated("src/generated/tables.ts", NOTICE + tables());
        assertGenerated("test/generated/golden.ts", NOTICE + golden());
    }

    private static void assertGenerated(String name, String text) throws IOException {
        Path file = CLIENT.resolve(name);
        if ("write".equals(System.getProperty("golden"))) {
            Files.createDirectories(file.getParent());
            Files.writeString(file, text);
        }
        assertThat(Files.readString(file)).isEqualTo(text);
    }

    // ---- types ----

    private String model() {
        StringBuilder events = new StringBuilder("/** Payloads of all events that Bellhop itself emits, by type. */\n")
                .append("export interface EventPayloads {\n");
        for (EventType type : shown()) {
            events.append("  '")
                    .append(type.wireName())
                    .append("': ")
                    .append(typeScript(type.payload()))
                    .append(";\n");
        }
        events.append("}\n\n/** The first seed's spellings, and the types that they stand for. */\n")
                .append("export interface EventAliases {\n");
        aliases()
                .forEach((alias, type) -> events.append("  ")
                        .append(alias)
                        .append(": '")
                        .append(type)
                        .append("';\n"));
        events.append("}\n\n/** Payloads of the server's own frames, by type; `stats` is in `stats.ts`. */\n")
                .append("export interface ServerPayloads {\n");
        for (ServerMessage message : serverMessages()) {
            events.append("  '")
                    .append(message.type())
                    .append("': ")
                    .append(typeScript(message.payload().getClass()))
                    .append(";\n");
        }
        events.append("}\n\n/** What a client may say. An answer carries the `ref` of its request. */\n")
                .append("export type ClientMessage =\n");
        String messages = clientMessages()
                .map(record -> "  | { type: '" + wireName(record) + "'" + fields(record, "; ", "") + " }")
                .collect(Collectors.joining("\n"));
        events.append(messages).append(";\n");
        String closeReasons = Stream.of(CloseCode.values())
                .map(code -> "'" + code.reason() + "'")
                .collect(Collectors.joining(" | "));
        events.append("\n/** Why the server ends a connection. */\nexport type CloseReason = ")
                .append(closeReasons)
                .append(";\n");
        return "\n" + String.join("\n", interfaces.values()) + "\n" + events;
    }

    /** Control events have no rooms and reach no client. */
    private static List<EventType> shown() {
        return EventCatalogueTest.samples()
                .filter(event -> !event.rooms().isEmpty())
                .map(Event::type)
                .toList();
    }

    private static Map<String, String> aliases() {
        Map<String, String> aliases = new LinkedHashMap<>();
        for (EventType type : shown()) {
            String name = type.wireName();
            for (String alias : List.of(name.replace('.', '_'), name.substring(name.indexOf('.') + 1))) {
                if (!alias.equals(name) && EventType.canonicalName(alias).equals(name)) {
                    aliases.put(alias, name);
                }
            }
        }
        return aliases;
    }

    private static List<ServerMessage> serverMessages() {
        return new ArrayList<>(EventCatalogueTest.messages().values());
    }

    private static Stream<Class<?>> clientMessages() {
        return Arrays.stream(ClientMessage.class.getPermittedSubclasses())
                .filter(record -> record != ClientMessage.Faulty.class)
                .map(record -> {
                    assertThat(ClientMessage.parse("{\"type\":\"" + wireName(record)
                                    + "\",\"room\":\"org\",\"token\":\"t\",\"since\":\"c\",\"every_ms\":0}"))
                            .isInstanceOf(record);
                    return record;
                });
    }

    private static String wireName(Class<?> record) {
        return snake(record.getSimpleName());
    }

    private static String snake(String name) {
        return new SnakeCaseStrategy().translate(name);
    }

    private String fields(Class<?> record, String before, String after) {
        StringBuilder fields = new StringBuilder();
        for (RecordComponent component : record.getRecordComponents()) {
            boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
            // What a client leaves out is absent; what the server does not know is null, unless the record omits it.
            boolean optional = isOmittedWhenNull(record, component) || (nullable && before.equals("; "));
            fields.append(before)
                    .append(snake(component.getName()))
                    .append(optional ? "?: " : ": ")
                    .append(typeScript(component.getGenericType(), component.getAnnotatedType()))
                    .append(nullable && !optional ? " | null" : "")
                    .append(after);
        }
        return fields.toString();
    }

    private static boolean isOmittedWhenNull(Class<?> record, RecordComponent component) {
        try {
            JsonInclude include = record.getDeclaredField(component.getName()).getAnnotation(JsonInclude.class);
            return include != null && include.value() == JsonInclude.Include.NON_NULL;
        } catch (NoSuchFieldException e) {
            throw new AssertionError(e);
        }
    }

    private String typeScript(Type type, AnnotatedType annotated) {
        if (type instanceof ParameterizedType parameterized) {
            Type[] arguments = parameterized.getActualTypeArguments();
            return parameterized.getRawType() == List.class
                    ? typeScript(arguments[0], annotated) + "[]"
                    : "Record<string, unknown>";
        }
        return typeScript((Class<?>) type);
    }

    private String typeScript(Class<?> type) {
        if (type == String.class || type == UUID.class || type == Instant.class || type == RoomName.class) {
            return "string";
        }
        if (type == long.class || type == int.class || type == Long.class || type == Integer.class) {
            return "number";
        }
        if (type == boolean.class) {
            return "boolean";
        }
        if (type.isEnum()) {
            return Stream.of(type.getEnumConstants())
                    .map(constant -> Json.text(constant).replace('"', '\''))
                    .collect(Collectors.joining(" | "));
        }
        assertThat(type.isRecord()).as(type.getName()).isTrue();
        String name = interfaceName(type);
        Class<?> known = named.putIfAbsent(name, type);
        assertThat(known == null || known == type)
                .as("two records called " + name)
                .isTrue();
        if (known == null) {
            String body = fields(type, "  ", ";\n");
            interfaces.put(
                    name,
                    body.isEmpty()
                            ? "export type " + name + " = Record<string, never>;\n"
                            : "export interface " + name + " {\n" + body + "}\n");
        }
        return name;
    }

    /** {@code ApplicationEvent.Payload} is {@code ApplicationPayload}; frames of the server keep their names. */
    private static String interfaceName(Class<?> record) {
        Class<?> outer = record.getDeclaringClass();
        return outer == null || outer == ServerMessage.class
                ? record.getSimpleName()
                : outer.getSimpleName().replaceFirst("Event$", "") + record.getSimpleName();
    }

    // ---- tables ----

    private static String tables() {
        String types =
                shown().stream().map(type -> "  '" + type.wireName() + "',\n").collect(Collectors.joining());
        String odd = aliases().entrySet().stream()
                .filter(alias -> !alias.getKey().equals(alias.getValue().replace('.', '_')))
                .map(alias -> "  " + alias.getKey() + ": '" + alias.getValue() + "',\n")
                .collect(Collectors.joining());
        String codes = Stream.of(CloseCode.values())
                .map(code -> "  [" + code.code() + ", '" + code.reason() + "', " + code.reconnect() + "],\n")
                .collect(Collectors.joining());
        return "\n/** Every event type that Bellhop itself emits to clients. */\nexport const EVENT_TYPES = [\n" + types
                + "] as const;\n\n/** Spellings of the first seed that are more than a type with its dots as underscores. */\n"
                + "export const ODD_ALIASES = {\n" + odd
                + "} as const;\n\n/** Every way in which the server ends a connection: code, reason, whether to come back by itself. */\n"
                + "export const CLOSE_CODES = [\n" + codes + "] as const;\n";
    }

    // ---- samples ----

    /** The golden files as source, so that the compiler holds them against the types. */
    private static String golden() throws IOException {
        StringBuilder source =
                new StringBuilder("import type { DomainEvent, ServerFrame } from '../../src/index.js';\n");
        Map<String, String> events = new TreeMap<>();
        for (EventType type : shown()) {
            events.put(type.wireName(), "DomainEvent");
        }
        Map<String, String> frames = new TreeMap<>();
        for (ServerMessage message : serverMessages()) {
            frames.put(message.type(), "ServerFrame");
        }
        append(source, "goldenEvents", events);
        append(source, "goldenFrames", frames);
        return source.toString();
    }

    private static void append(StringBuilder source, String name, Map<String, String> samples) throws IOException {
        source.append("\nexport const ").append(name).append(" = {\n");
        for (Map.Entry<String, String> sample : samples.entrySet()) {
            Path file = EventCatalogueTest.GOLDEN.resolve(sample.getKey() + ".json");
            String json = Files.readString(file, StandardCharsets.UTF_8).strip();
            source.append("  '")
                    .append(sample.getKey())
                    .append("': ")
                    .append(json)
                    .append(" satisfies ")
                    .append(sample.getValue())
                    .append(",\n");
        }
        source.append("};\n");
    }
}
