package dev.bellhop.model.config;

import dev.bellhop.model.wire.Json;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How the log looks. The services log by slf4j-simple, which writes lines of text to the standard error stream; with
 * {@code BELLHOP_LOG_FORMAT=json} each entry, its stack trace included, becomes one line with one JSON object, for machines.
 */
public final class LogFormat {
    private LogFormat() {}

    /** To be called before the first entry. Anything but {@code json} leaves the text as it is. */
    public static void apply(Map<String, String> variables) {
        if (variables.getOrDefault("BELLHOP_LOG_FORMAT", "").equals("json")) {
            System.setErr(new JsonLines(System.err));
        }
    }

    /**
     * Takes entries as slf4j-simple writes them: a line, perhaps a stack trace, and a flush. What others write is an entry
     * without level and logger.
     */
    static final class JsonLines extends PrintStream {
        /** Perhaps the time, then thread, level, logger and message. */
        private static final Pattern ENTRY = Pattern.compile(
                "(?:\\d{4}-\\S+ )?\\[(?<thread>.*?)] (?<level>TRACE|DEBUG|INFO|WARN|ERROR) (?<logger>\\S+) - (?<message>.*)",
                Pattern.DOTALL);

        private static final int MAX_CHARACTERS = 1 << 10;
        private static final int MAX_STACK_CHARACTERS = 8 << 10;

        private final PrintStream target;

        /** Both guarded by this. */
        private final StringBuilder text = new StringBuilder();

        private final StringBuilder stack = new StringBuilder();

        JsonLines(PrintStream target) {
            super(target, false, StandardCharsets.UTF_8);
            this.target = target;
        }

        @Override
        public synchronized void print(String part) {
            append(text, part, MAX_CHARACTERS);
        }

        @Override
        public synchronized void println(String line) {
            flush();
            print(line);
            if (!ENTRY.matcher(text).matches()) {
                flush(); // of somebody who may not do it
            }
        }

        /** A line of a stack trace, as {@link Throwable#printStackTrace(PrintStream)} writes them. */
        @Override
        public synchronized void println(Object line) {
            append(stack, line + "\n", MAX_STACK_CHARACTERS);
        }

        private static void append(StringBuilder entry, String part, int limit) {
            int room = Math.min(part.length(), limit - entry.length());
            boolean splitsPair = room > 0 && room < part.length() && Character.isHighSurrogate(part.charAt(room - 1));
            entry.append(part, 0, splitsPair ? room - 1 : room);
        }

        @Override
        public synchronized void flush() {
            if (text.length() > 0 || stack.length() > 0) {
                target.println(object());
                text.setLength(0);
                stack.setLength(0);
            }
            target.flush();
        }

        private String object() {
            Matcher entry = ENTRY.matcher(text);
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("time", Instant.now());
            if (entry.matches()) {
                fields.put("level", entry.group("level"));
                fields.put("logger", entry.group("logger"));
                fields.put("thread", entry.group("thread"));
                fields.put("message", entry.group("message"));
            } else {
                fields.put("message", text.toString());
            }
            if (stack.length() > 0) {
                fields.put("stack", stack.toString());
            }
            return Json.text(fields);
        }
    }
}
