package dev.bellhop.api.onboarding;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Hides what is sensitive in a form: by the name of the field, and by the look of a social security number. */
final class Masking {
    /** Parts of field names, in lower case and without separators. */
    private static final List<String> SENSITIVE = List.of(
            "ssn",
            "socialsecurity",
            "taxid",
            "taxpayer",
            "itin",
            "nationalid",
            "passport",
            "driverslicense",
            "driverlicense",
            "licensenumber",
            "accountnumber",
            "bankaccount",
            "routingnumber",
            "iban",
            "cardnumber",
            "creditcard",
            "cvv",
            "cvc",
            "pin",
            "password",
            "secret",
            "token",
            "dateofbirth",
            "birthdate",
            "birthday",
            "dob");

    private static final Pattern SEPARATORS = Pattern.compile("[^a-z0-9]");

    /** Where a word of a name ends: {@code tax_id}, {@code employeeSsn}, {@code SSNNumber}, {@code pin2}. */
    private static final Pattern WORD_ENDS = Pattern.compile(
            "[^A-Za-z0-9]+|(?<=[a-z])(?=[A-Z0-9])|(?<=[A-Z])(?=[0-9]|[A-Z][a-z])|(?<=[0-9])(?=[A-Za-z])");

    private static final Pattern SSN = Pattern.compile("\\b\\d{3}[- ]\\d{2}[- ]\\d{4}\\b");
    private static final String MASK = "****";

    /** Of shorter texts, the last four characters would give too much away. */
    private static final int MIN_LENGTH_FOR_LAST_FOUR = 8;

    private Masking() {}

    /** @return a copy in which sensitive texts keep at most their last four characters, other sensitive values nothing */
    static JsonNode masked(JsonNode node) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = JsonNodeFactory.instance.objectNode();
            object.properties()
                    .forEach(field -> copy.set(
                            field.getKey(),
                            isSensitive(field.getKey()) ? hidden(field.getValue()) : masked(field.getValue())));
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = JsonNodeFactory.instance.arrayNode();
            array.forEach(element -> copy.add(masked(element)));
            return copy;
        }
        return node.isTextual() ? TextNode.valueOf(SSN.matcher(node.textValue()).replaceAll(MASK)) : node;
    }

    private static boolean isSensitive(String name) {
        String plain = SEPARATORS.matcher(name.toLowerCase(Locale.ROOT)).replaceAll("");
        return SENSITIVE.stream().anyMatch(part -> part.length() > 3 ? plain.contains(part) : isWord(name, part));
    }

    /** Short names count as words only: "shipping" is no PIN. */
    private static boolean isWord(String name, String part) {
        for (String word : WORD_ENDS.split(name, -1)) {
            if (word.equalsIgnoreCase(part)) {
                return true;
            }
        }
        return false;
    }

    private static JsonNode hidden(JsonNode value) {
        if (value.isNull()) {
            return value;
        }
        String text = value.isValueNode() ? value.asText() : "";
        return TextNode.valueOf(
                text.length() < MIN_LENGTH_FOR_LAST_FOUR ? MASK : MASK + text.substring(text.length() - 4));
    }
}
