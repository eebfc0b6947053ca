package dev.bellhop.realtime.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Strips HTML elements, by their known names, and event handlers from the texts and names of a payload. Nothing is escaped
 * and nothing else is touched: {@code O'Brien & Sons}, {@code a < b}, {@code <name@example.com>} and {@code List<String>} stay
 * byte for byte. Entities stay as they are; they are inert text until somebody decodes them. The defence that counts is the
 * client's, which never takes text for markup.
 *
 * <p>With jsoup on the class path a text is read as a browser reads it, without it by a stricter scanner of our own.
 */
final class Sanitizer extends JsonRewrite {
    /** A cut may join what stood apart to a new tag. A text that does so more often than this was made for it. */
    private static final int MAX_ROUNDS = 8;

    private static final String JSOUP = "org.jsoup.Jsoup";
    private static final Logger log = LoggerFactory.getLogger(Sanitizer.class);

    private final ElementCutter cutter;

    Sanitizer(ElementCutter cutter) {
        this.cutter = cutter;
    }

    /** With the best cutter that the class path has. */
    static Sanitizer create() {
        boolean jsoup = isLoadable(JSOUP);
        log.atInfo().addKeyValue("parser", jsoup ? "jsoup" : "built-in").log("event texts are stripped of HTML");
        return new Sanitizer(jsoup ? new JsoupCutter() : new ScanningCutter());
    }

    private static boolean isLoadable(String name) {
        try {
            Class.forName(name, false, Sanitizer.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException absent) {
            return false;
        }
    }

    @Override
    JsonNode leaf(JsonNode value) {
        if (!value.isTextual()) {
            return value;
        }
        String text = value.textValue();
        String stripped = strip(text);
        return stripped.equals(text) ? value : TextNode.valueOf(stripped);
    }

    @Override
    String name(String name) {
        return strip(name);
    }

    String strip(String text) {
        if (text.indexOf('<') < 0) {
            return text;
        }
        String rest = text;
        for (int round = 0; round < MAX_ROUNDS; round++) {
            String cut = cutter.cut(rest);
            if (cut.equals(rest)) {
                return rest;
            }
            rest = cut;
        }
        return cutter.cut(rest).equals(rest) ? rest : rest.replace("<", "");
    }
}
