package dev.bellhop.realtime.ingest;

import org.jsoup.nodes.Comment;
import org.jsoup.nodes.DocumentType;
import org.jsoup.nodes.Element;
import org.jsoup.nodes.Node;
import org.jsoup.nodes.Range;
import org.jsoup.parser.Parser;

/**
 * Reads the text as a browser does and cuts what came out as an element: its tags, and its content where that is not text.
 * The elements that a parser adds of its own (html, head, body) stand nowhere in the text and have no range. Tags that a
 * parser drops have none either ({@code <td>} outside a table), nor is there one for a tag inside of what is text to it; the
 * {@link ScanningCutter} takes those.
 *
 * <p>The only class that needs jsoup; it is not loaded where there is none.
 */
final class JsoupCutter implements ElementCutter {
    /** Building a tree of hostile markup can take quadratic time, and nobody writes this many tags into one field. */
    private static final int MAX_OPENINGS = 1000;

    private final ElementCutter leftovers = new ScanningCutter();

    @Override
    public String cut(String text) {
        if (leftovers.cut(text).equals(text)) {
            return text;
        }
        if (text.chars().filter(c -> c == '<').limit(MAX_OPENINGS + 1L).count() > MAX_OPENINGS) {
            return leftovers.cut(text);
        }
        Cuts cuts = new Cuts();
        // A parser keeps state while it works, so each text gets its own.
        Parser parser = Parser.htmlParser().setTrackPosition(true);
        parser.parseInput(text, "").forEachNode(node -> collect(node, text, cuts));
        return leftovers.cut(cuts.applyTo(text));
    }

    private static void collect(Node node, String text, Cuts cuts) {
        Range range = node.sourceRange();
        if (!stands(range, text)) {
            return;
        }
        if (node instanceof Element element && Html.isElement(element.normalName())) {
            Range end = element.endSourceRange();
            cuts.add(range.startPos(), range.endPos());
            if (Html.isRaw(element.normalName())) {
                // The end tag of raw text is said to begin where the element does; its end is right.
                boolean closed = end.isTracked() && end.endPos() > range.endPos();
                cuts.add(range.startPos(), closed ? end.endPos() : text.length());
            } else if (stands(end, text) && end.startPos() >= range.endPos()) {
                cuts.add(Html.isEmbedded(element.normalName()) ? range.startPos() : end.startPos(), end.endPos());
            }
        } else if (node instanceof DocumentType
                || (node instanceof Comment
                        && text.startsWith("<!--", range.startPos())
                        && text.startsWith(">", range.endPos() - 1))) {
            // Other things that a parser calls a comment, as "</3", are not.
            cuts.add(range.startPos(), range.endPos());
        }
    }

    /** Whether the range is that of something which was written, not of something which the parser added. */
    private static boolean stands(Range range, String text) {
        return range.isTracked() && range.endPos() > range.startPos() && text.startsWith("<", range.startPos());
    }
}
