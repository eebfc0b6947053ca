package dev.bellhop.realtime.ingest;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** The vocabulary of HTML (Living Standard, with its obsolete names), in lower case. */
final class Html {
    /** What they contain is not text, and it ends at the first end tag of that name, whatever stands between. */
    private static final Set<String> RAW = Set.of("script", "style", "iframe", "noembed", "noframes");

    /** What they contain is a document or a drawing of its own, or stands in for one. They nest. */
    private static final Set<String> EMBEDDED =
            Set.of("svg", "math", "object", "applet", "audio", "video", "canvas", "template", "noscript");

    private static final Set<String> OTHERS = Set.of(
            // the root, metadata, sections
            "html",
            "head",
            "body",
            "base",
            "link",
            "meta",
            "title",
            "address",
            "article",
            "aside",
            "footer",
            "header",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hgroup",
            "main",
            "nav",
            "section",
            "search",
            // grouping and text
            "blockquote",
            "dd",
            "div",
            "dl",
            "dt",
            "figcaption",
            "figure",
            "hr",
            "li",
            "menu",
            "ol",
            "p",
            "pre",
            "ul",
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "br",
            "cite",
            "code",
            "data",
            "dfn",
            "em",
            "i",
            "kbd",
            "mark",
            "q",
            "rp",
            "rt",
            "ruby",
            "s",
            "samp",
            "small",
            "span",
            "strong",
            "sub",
            "sup",
            "time",
            "u",
            "var",
            "wbr",
            "del",
            "ins",
            // embedded, tables, forms, interaction
            "area",
            "embed",
            "img",
            "map",
            "picture",
            "source",
            "track",
            "caption",
            "col",
            "colgroup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "tr",
            "button",
            "datalist",
            "fieldset",
            "form",
            "input",
            "label",
            "legend",
            "meter",
            "optgroup",
            "option",
            "output",
            "progress",
            "select",
            "selectedcontent",
            "textarea",
            "details",
            "dialog",
            "summary",
            "slot",
            "fencedframe",
            "portal",
            // obsolete; browsers still know them
            "acronym",
            "basefont",
            "bgsound",
            "big",
            "blink",
            "center",
            "command",
            "content",
            "dir",
            "font",
            "frame",
            "frameset",
            "image",
            "isindex",
            "keygen",
            "layer",
            "ilayer",
            "listing",
            "marquee",
            "menuitem",
            "multicol",
            "nextid",
            "nobr",
            "param",
            "plaintext",
            "rb",
            "rbc",
            "rtc",
            "shadow",
            "spacer",
            "strike",
            "tt",
            "xmp");

    /** Longest name of an element, in characters; longer words need no look-up. */
    static final int LONGEST_NAME = 16;

    /** Attributes that run or load something; a tag that holds one is never mere text, even when it is not closed. */
    private static final Set<String> ACTIVE = Set.of(
            "href",
            "src",
            "srcdoc",
            "srcset",
            "style",
            "action",
            "formaction",
            "data",
            "background",
            "poster",
            "xlink:href",
            "http-equiv",
            "dynsrc",
            "lowsrc",
            "code",
            "codebase",
            "classid",
            "ping");

    private static final Pattern HANDLER = Pattern.compile("on[a-z]{3,}");

    /** Words that begin like the name of an event handler. No handler is called so. */
    private static final Set<String> NO_HANDLERS = Set.of(
            "online", "ongoing", "onward", "onwards", "onset", "onion", "onions", "onboard", "onboarding", "onsite");

    private Html() {}

    static boolean isElement(String name) {
        return OTHERS.contains(name) || isRaw(name) || isEmbedded(name);
    }

    static boolean isRaw(String name) {
        return RAW.contains(name);
    }

    static boolean isEmbedded(String name) {
        return EMBEDDED.contains(name);
    }

    static boolean isActive(String attribute) {
        return ACTIVE.contains(attribute) || isHandler(attribute);
    }

    /** New handlers come with every browser, so that any such word counts that is not known to be another. */
    static boolean isHandler(String attribute) {
        return HANDLER.matcher(attribute).matches() && !NO_HANDLERS.contains(attribute);
    }

    /** White space between attributes; the vertical tab counts because old browsers took it. */
    static boolean isSpace(char c) {
        return c == ' ' || (c >= '\t' && c <= '\r');
    }

    /** A control character that is no white space: old browsers, and some filters, read over it. */
    static boolean isInvisible(char c) {
        return c < ' ' && !isSpace(c);
    }

    static String lowerCase(String text) {
        return text.toLowerCase(Locale.ROOT);
    }
}
