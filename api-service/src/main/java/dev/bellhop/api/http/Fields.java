package dev.bellhop.api.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.problem.Problem.FieldError;
import dev.bellhop.model.wire.Json;
import dev.bellhop.model.wire.Timestamps;
import io.javalin.http.Context;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * The fields of one JSON object of a request, read strictly: a wrong type, an unknown name, a text with characters that do
 * not belong in it are all found before {@link #rejectFaults} reports them together. Not thread-safe.
 */
public final class Fields {
    public static final int NAME = 200;
    public static final int EMAIL = 254;
    public static final int PHONE = 40;
    public static final int PROSE = 4_000;
    public static final int CHAT = 8_000;
    public static final int URL = 2_000;

    private static final Set<String> PLAIN = Set.of("application/json");
    private static final Set<String> PATCH = Set.of("application/json", "application/merge-patch+json");
    private static final Pattern EMAIL_FORM = Pattern.compile("[^\\s@<>\"]{1,64}@[^\\s@<>\"]+");

    private static final Pattern URL_FORM =
            Pattern.compile("https?://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?([/?#][!-~]*)?");
    private static final Instant FIRST_TIME = Instant.parse("0001-01-01T00:00:00Z");
    private static final Instant LAST_TIME = Instant.parse("9999-12-31T23:59:59.999999Z");

    private final ObjectNode object;
    private final String prefix;
    private final List<FieldError> faults;
    private final Set<String> known = new HashSet<>();
    private final List<Fields> nested = new ArrayList<>();

    private Fields(ObjectNode object, String prefix, List<FieldError> faults) {
        this.object = object;
        this.prefix = prefix;
        this.faults = faults;
    }

    /** @throws Problem 415 unless the body says it is JSON in UTF-8, 400 when it is not one JSON object */
    public static Fields of(Context ctx) {
        return new Fields(object(ctx, PLAIN), "", new ArrayList<>());
    }

    /** As {@link #of} for a merge patch. */
    public static Fields ofPatch(Context ctx) {
        return new Fields(object(ctx, PATCH), "", new ArrayList<>());
    }

    /** As {@link #of}, where a request without a body stands for one without fields. */
    public static Fields ofOptional(Context ctx) {
        boolean empty = ctx.bodyAsBytes().length == 0;
        return new Fields(empty ? Json.mapper().createObjectNode() : object(ctx, PLAIN), "", new ArrayList<>());
    }

    /**
     * As {@link #of}, where a bare array stands for an object whose only field is that array.
     *
     * @param name of that field, also in the names of faults
     */
    public static Fields ofListOr(Context ctx, String name) {
        JsonNode body = body(ctx, PLAIN);
        return new Fields(
                body.isArray() ? Json.mapper().createObjectNode().set(name, body) : requireObject(body),
                "",
                new ArrayList<>());
    }

    /** A JSON object of whatever fields; refused as by {@link #of}. */
    public static ObjectNode anyObject(Context ctx) {
        return object(ctx, PLAIN);
    }

    private static ObjectNode object(Context ctx, Set<String> mediaTypes) {
        return requireObject(body(ctx, mediaTypes));
    }

    private static JsonNode body(Context ctx, Set<String> mediaTypes) {
        requireMediaType(ctx, mediaTypes);
        try {
            JsonNode body = Json.requestTree(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(ctx.bodyAsBytes()))
                    .toString());
            if (holdsNumberBeyondDouble(body)) {
                throw Problem.badRequest("malformed-json", "The body holds a number that is too large or too small.");
            }
            return body;
        } catch (CharacterCodingException e) {
            throw Problem.badRequest("malformed-json", "The body is not UTF-8.");
        } catch (JsonProcessingException e) {
            throw Problem.badRequest("malformed-json", "The body is not strict JSON.");
        }
    }

    /** Ten characters can stand for a number of a million digits; what others can read ends here (RFC 8259 section 6). */
    private static boolean holdsNumberBeyondDouble(JsonNode node) {
        if (node.isBigDecimal()) {
            double value = node.doubleValue();
            return Double.isInfinite(value)
                    || (value == 0 && node.decimalValue().signum() != 0);
        }
        for (JsonNode child : node) {
            if (holdsNumberBeyondDouble(child)) {
                return true;
            }
        }
        return false;
    }

    private static ObjectNode requireObject(JsonNode body) {
        if (body instanceof ObjectNode object) {
            return object;
        }
        throw Problem.badRequest("malformed-json", "The body is not a JSON object.");
    }

    private static void requireMediaType(Context ctx, Set<String> mediaTypes) {
        String header = ctx.header("Content-Type");
        String[] parts = (header == null ? "" : header).toLowerCase(Locale.ROOT).split(";", -1);
        boolean utf8 = true;
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].trim().replace("\"", "");
            utf8 &= !parameter.startsWith("charset=") || parameter.equals("charset=utf-8");
        }
        if (!mediaTypes.contains(parts[0].trim()) || !utf8) {
            throw Problem.unsupportedMediaType("Send the body as application/json in UTF-8.");
        }
        String encoding = ctx.header("Content-Encoding");
        if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
            throw Problem.unsupportedMediaType("Send the body without a content encoding.");
        }
    }

    /** Whether the field is there, null included. */
    public boolean mentions(String name) {
        return object.has(name);
    }

    public boolean isNull(String name) {
        return object.path(name).isNull();
    }

    /** A required text of one line that is not blank. */
    public String line(String name, int maxCharacters) {
        return required(name, optionalLine(name, maxCharacters));
    }

    public Optional<String> optionalLine(String name, int maxCharacters) {
        return text(name, text -> Texts.faultOfLine(text, maxCharacters), maxCharacters)
                .filter(text -> {
                    boolean blank = Texts.isBlank(text);
                    if (blank) {
                        fault(name, "blank", "must not be blank");
                    }
                    return !blank;
                });
    }

    /** A required text of many lines that is not blank. */
    public String prose(String name, int maxCharacters) {
        return required(name, optionalProse(name, maxCharacters).filter(text -> !Texts.isBlank(text)));
    }

    public Optional<String> optionalProse(String name, int maxCharacters) {
        return text(name, text -> Texts.faultOfProse(text, maxCharacters), maxCharacters);
    }

    public String email(String name) {
        return required(name, optionalEmail(name));
    }

    public Optional<String> optionalEmail(String name) {
        Optional<String> email = optionalLine(name, EMAIL);
        if (email.isPresent() && !EMAIL_FORM.matcher(email.get()).matches()) {
            fault(name, "invalid_email", "must be an e-mail address");
            return Optional.empty();
        }
        return email;
    }

    /** A required secret: any characters but NUL, no more than a limit, and no thought given to what it looks like. */
    public String password(String name, int maxCharacters) {
        Optional<String> password = text(
                name,
                text -> text.indexOf('\0') >= 0
                        ? Optional.of("control_character")
                        : Texts.faultOfProse(text, maxCharacters),
                maxCharacters);
        return required(name, password.filter(text -> !text.isEmpty()));
    }

    /** A password that somebody chooses, of a length that makes guessing it hopeless (NIST SP 800-63B section 3.1.1). */
    public String newPassword(String name, int minCharacters, int maxCharacters) {
        String password = password(name, maxCharacters);
        if (!password.isEmpty() && password.codePointCount(0, password.length()) < minCharacters) {
            fault(name, "too_short", "must have at least " + minCharacters + " characters");
        }
        return password;
    }

    /** A required word out of a set. */
    public String choice(String name, Set<String> choices) {
        return required(name, optionalChoice(name, choices));
    }

    public Optional<String> optionalChoice(String name, Set<String> choices) {
        Optional<String> choice = text(name, text -> Optional.empty(), 0);
        if (choice.isPresent() && !choices.contains(choice.get())) {
            fault(
                    name,
                    "unknown_value",
                    "must be one of "
                            + String.join(", ", choices.stream().sorted().toList()));
            return Optional.empty();
        }
        return choice;
    }

    public UUID id(String name) {
        return requiredValue(name, optionalId(name)).orElseGet(() -> new UUID(0, 0));
    }

    public Optional<UUID> optionalId(String name) {
        Optional<String> text = text(name, any -> Optional.empty(), 0);
        Optional<UUID> id = text.flatMap(Ids::parse);
        if (text.isPresent() && id.isEmpty()) {
            fault(name, "invalid_id", "must be a UUID");
        }
        return id;
    }

    public Instant time(String name) {
        return requiredValue(name, optionalTime(name)).orElse(Instant.EPOCH);
    }

    /** An RFC 3339 time, which has four digits for the year. */
    public Optional<Instant> optionalTime(String name) {
        Optional<String> text = text(name, any -> Optional.empty(), 0);
        try {
            Optional<Instant> time = text.map(Timestamps::parse);
            if (time.isEmpty()
                    || !(time.get().isBefore(FIRST_TIME) || time.get().isAfter(LAST_TIME))) {
                return time;
            }
            fault(name, "invalid_time", "must be a time of the years 1 to 9999");
        } catch (DateTimeParseException e) {
            fault(name, "invalid_time", "must be an RFC 3339 time");
        }
        return Optional.empty();
    }

    public Optional<Integer> optionalInteger(String name, int min, int max) {
        known.add(name);
        JsonNode value = object.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.canConvertToExactIntegral()
                || !value.canConvertToInt()
                || value.intValue() < min
                || value.intValue() > max) {
            fault(
                    name,
                    value.isNumber() ? "out_of_range" : "wrong_type",
                    "must be a whole number from " + min + " to " + max);
            return Optional.empty();
        }
        return Optional.of(value.intValue());
    }

    /** An http or https address; nobody here ever fetches it. */
    public Optional<String> optionalUrl(String name) {
        Optional<String> url = optionalLine(name, URL);
        if (url.isPresent() && !URL_FORM.matcher(url.get()).matches()) {
            fault(name, "invalid_url", "must be an http or https address");
            return Optional.empty();
        }
        return url;
    }

    /** The ids of an array, each once; none when it is missing or null. */
    public Set<UUID> optionalIds(String name, int max) {
        known.add(name);
        JsonNode value = object.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Set.of();
        }
        if (!value.isArray()) {
            fault(name, "wrong_type", "must be an array of ids");
            return Set.of();
        }
        if (value.size() > max) {
            fault(name, "wrong_size", "must not hold more than " + max + " ids");
            return Set.of();
        }
        Set<UUID> ids = new LinkedHashSet<>();
        for (int i = 0; i < value.size(); i++) {
            Optional<UUID> id = Ids.parse(value.get(i).textValue());
            if (id.isEmpty()) {
                fault(name + "." + i, "invalid_id", "must be a UUID");
            }
            id.ifPresent(ids::add);
        }
        return ids;
    }

    /** A nested object; one without fields when it is missing or null. */
    public Fields object(String name) {
        known.add(name);
        JsonNode value = object.path(name);
        if (!value.isObject() && !value.isMissingNode() && !value.isNull()) {
            fault(name, "wrong_type", "must be an object");
        }
        Fields fields = new Fields(
                value instanceof ObjectNode node ? node : Json.mapper().createObjectNode(),
                prefix + name + ".",
                faults);
        nested.add(fields);
        return fields;
    }

    /** The objects of a required array. */
    public List<Fields> objects(String name, int min, int max) {
        known.add(name);
        JsonNode value = object.path(name);
        if (!value.isArray()) {
            fault(name, value.isMissingNode() ? "required" : "wrong_type", "must be an array of objects");
            return List.of();
        }
        if (value.size() < min || value.size() > max) {
            fault(name, "wrong_size", "must hold " + min + " to " + max + " objects");
            return List.of();
        }
        List<Fields> all = new ArrayList<>(value.size());
        for (int i = 0; i < value.size(); i++) {
            String path = name + "." + i;
            if (value.get(i) instanceof ObjectNode node) {
                Fields fields = new Fields(node, prefix + path + ".", faults);
                nested.add(fields);
                all.add(fields);
            } else {
                fault(path, "wrong_type", "must be an object");
            }
        }
        return all;
    }

    /** What a merge patch says of a field that cannot be removed. */
    public <T> Change<T> change(String name, BiFunction<Fields, String, T> read) {
        return mentions(name) ? Change.to(read.apply(this, name)) : Change.none();
    }

    /** What a merge patch says of a field that null removes. */
    public <T> Change<T> removableChange(String name, BiFunction<Fields, String, Optional<T>> read) {
        return mentions(name) ? Change.to(read.apply(this, name).orElse(null)) : Change.none();
    }

    /** Notes a fault that only the caller can see. */
    public void fault(String name, String code, String message) {
        faults.add(new FieldError(prefix + name, code, message));
    }

    /** @throws Problem 422 with all faults, fields that nobody asked for among them */
    public void rejectFaults() {
        rejectUnknown();
        if (!faults.isEmpty()) {
            throw Problem.invalid(faults);
        }
    }

    private void rejectUnknown() {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                String shown = Texts.faultOfLine(name, NAME).isEmpty() ? name : "?";
                fault(shown, "unknown_field", "is not a field that can be set");
            }
        });
        nested.forEach(Fields::rejectUnknown);
    }

    private Optional<String> text(String name, Function<String, Optional<String>> judge, int maxCharacters) {
        known.add(name);
        JsonNode value = object.path(name);
        if (value.isMissingNode() || value.isNull()) {
            return Optional.empty();
        }
        if (!value.isTextual()) {
            fault(name, "wrong_type", "must be a text");
            return Optional.empty();
        }
        Optional<String> fault = judge.apply(value.textValue());
        fault.ifPresent(code -> fault(name, code, message(code, maxCharacters)));
        return fault.isPresent() ? Optional.empty() : Optional.of(value.textValue());
    }

    private static String message(String code, int maxCharacters) {
        return switch (code) {
            case "too_long" -> "must not be longer than " + maxCharacters + " characters";
            case "control_character" -> "must not hold control characters";
            case "bidi_control" -> "must not hold bidirectional controls";
            default -> "must be valid Unicode";
        };
    }

    private String required(String name, Optional<String> value) {
        return requiredValue(name, value).orElse("");
    }

    /** Reports a missing field once: a value that is there and wrong has been reported already. */
    private <T> Optional<T> requiredValue(String name, Optional<T> value) {
        boolean reported = faults.stream().anyMatch(fault -> fault.field().equals(prefix + name));
        if (value.isEmpty() && !reported) {
            fault(name, "required", "is required");
        }
        return value;
    }
}
