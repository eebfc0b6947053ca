package dev.bellhop.model.config;

import dev.bellhop.model.security.Secret;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Typed reads of the {@code BELLHOP_*} settings. Collects every fault and reports them at once, so that an operator mends
 * the configuration in one go. Values of secrets are never part of a message.
 */
public final class Env {
    /** What an operator has to mend, one sentence a setting. */
    public static final class Faults extends RuntimeException {
        private static final long serialVersionUID = 1;

        Faults(List<String> faults) {
            super(String.join("\n", faults));
        }
    }

    private final Map<String, String> variables;
    private final List<String> faults = new ArrayList<>();

    /** Blank values count as not set, as an empty line of an env file does. */
    public Env(Map<String, String> variables) {
        this.variables = new TreeMap<>(variables);
        this.variables.values().removeIf(String::isBlank);
    }

    public String text(String name, String fallback) {
        return variables.getOrDefault(name, fallback);
    }

    public Optional<String> text(String name) {
        return Optional.ofNullable(variables.get(name));
    }

    public String required(String name) {
        return text(name).orElseGet(() -> {
            faults.add(name + " is not set.");
            return "";
        });
    }

    public int integer(String name, int fallback, int min, int max) {
        return read(name, fallback, "a whole number from " + min + " to " + max, text -> {
            int value = Integer.parseInt(text);
            if (value < min || value > max) {
                throw new NumberFormatException();
            }
            return value;
        });
    }

    /** A TCP port; 0 takes a free one. */
    public int port(String name, int fallback) {
        return integer(name, fallback, 0, 65_535);
    }

    public Duration milliseconds(String name, Duration fallback, Duration min) {
        int value = integer(name, Math.toIntExact(fallback.toMillis()), Math.toIntExact(min.toMillis()), 86_400_000);
        return Duration.ofMillis(value);
    }

    public boolean flag(String name, boolean fallback) {
        return read(name, fallback, "true or false", text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException();
        });
    }

    public String oneOf(String name, String fallback, Set<String> allowed) {
        return read(name, fallback, "one of " + String.join(", ", allowed), text -> {
            if (!allowed.contains(text)) {
                throw new IllegalArgumentException();
            }
            return text;
        });
    }

    /** A required text of at least 32 bytes. */
    public Secret secret(String name) {
        return readSecret(name, Secret::ofText, "");
    }

    /** One or more required {@code whsec_…} secrets, separated by spaces. */
    public List<Secret> webhookSecrets(String name) {
        return Arrays.stream(required(name).trim().split("\\s+"))
                .filter(part -> !part.isEmpty())
                .map(part -> readSecret(name, Secret::ofWebhook, part))
                .toList();
    }

    /** An http or https address without user, query or fragment. */
    public URI httpUri(String name, String fallback) {
        String text = text(name, fallback);
        try {
            URI uri = new URI(text);
            boolean plain = uri.getHost() != null && uri.getUserInfo() == null && uri.getQuery() == null;
            if (plain && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))) {
                return uri;
            }
            faults.add(name + " is not an http or https address without user and query.");
        } catch (URISyntaxException e) {
            faults.add(name + " is not an address.");
        }
        return URI.create(fallback);
    }

    /** Words separated by white space. */
    public List<String> words(String name) {
        return text(name)
                .map(value -> Arrays.asList(value.trim().split("\\s+")))
                .orElse(List.of());
    }

    /** Says that a setting which was read is wrong in a way that only the caller can see. */
    public void fault(String sentence) {
        faults.add(sentence);
    }

    /**
     * Ends the reading.
     *
     * @throws Faults when anything that was read was wrong
     */
    public void rejectFaults() {
        if (!faults.isEmpty()) {
            throw new Faults(faults);
        }
    }

    private Secret readSecret(String name, Function<String, Secret> parse, String part) {
        String text = part.isEmpty() ? required(name) : part;
        try {
            if (!text.isEmpty()) {
                return parse.apply(text);
            }
        } catch (IllegalArgumentException e) {
            faults.add(name + " " + e.getMessage() + ".");
        }
        return Secret.ofText("0".repeat(32));
    }

    private <T> T read(String name, T fallback, String expected, Function<String, T> parse) {
        String text = variables.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            return parse.apply(text.trim());
        } catch (IllegalArgumentException e) {
            faults.add(name + " is \"" + text + "\", expected " + expected + ".");
            return fallback;
        }
    }
}
