package dev.bellhop.realtime.ingest;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds what looks like a tag, wherever it stands: it knows no tree and no context, so it also cuts the tags that a parser
 * would drop or take for text. Cut are closed comments, document types, the tags of elements that HTML knows, the content of
 * those whose content is not text, and event handlers inside the tags of unknown elements. An element of the second kind
 * that is never closed takes the rest of the text with it.
 *
 * <p>A tag ends at the first {@code >} outside a quoted attribute. One that never ends stays ({@code if a <b then}), unless it
 * holds an attribute that could do harm once more text follows. Takes time linear in the length of the text.
 */
final class ScanningCutter implements ElementCutter {
    /** Only a text that was made to slow us down reads its characters more often than this. */
    private static final int READINGS = 16;

    private static final Pattern HANDLER =
            Pattern.compile("on[a-z\\x00-\\x08\\x0e-\\x1f]{3,64}\\s*+=", Pattern.CASE_INSENSITIVE);

    @Override
    public String cut(String text) {
        int first = text.indexOf('<');
        return first < 0 ? text : new Scan(text).from(first);
    }

    /** One reading of one text. */
    private static final class Scan {
        private final String text;
        private final Cuts cuts = new Cuts();
        private final long mostWork;
        private long work;
        private boolean openComment;
        private final int lastGreater;
        private final int lastEquals;
        /** Where the last event handler stands, -1 for none, or -2 before that was looked up. */
        private int lastHandler = -2;

        // Of the tag that was read last.
        private String name = "";
        private int nameEnd;
        private boolean active;

        Scan(String text) {
            this.text = text;
            this.lastGreater = text.lastIndexOf('>');
            this.lastEquals = text.lastIndexOf('=');
            this.mostWork = (long) READINGS * text.length() + 1024;
        }

        String from(int first) {
            for (int at = first; at >= 0; ) {
                at = text.indexOf('<', tag(at));
                if (work > mostWork) {
                    return text.replace("<", "");
                }
            }
            return cuts.applyTo(text);
        }

        /** @return where to go on */
        private int tag(int at) {
            if (text.startsWith("<!--", at)) {
                return comment(at);
            }
            if (text.regionMatches(true, at, "<!doctype", 0, 9)) {
                int end = text.indexOf('>', at);
                if (end >= 0) {
                    cuts.add(at, end + 1);
                    return end + 1;
                }
                return at + 1;
            }
            boolean end = text.startsWith("/", at + 1);
            readName(at + (end ? 2 : 1));
            if (name.isEmpty()) {
                return at + 1;
            }
            if (isDelimited() && Html.isElement(name)) {
                return element(at, end);
            }
            if (!end && at < lastHandler()) {
                readTag(unknownNameEnd(), true);
            }
            return nameEnd;
        }

        /** What else stands there before a delimiter belongs to the name, be it an equals sign or a quote. */
        private int unknownNameEnd() {
            int i = nameEnd;
            while (i < text.length()
                    && text.charAt(i) != '>'
                    && text.charAt(i) != '/'
                    && !Html.isSpace(text.charAt(i))) {
                i++;
            }
            work += i - nameEnd;
            return i;
        }

        private int comment(int at) {
            if (openComment) {
                return at + 4;
            }
            // "<!-->" and "<!--->" are whole comments, so the end may overlap the start.
            int plain = text.indexOf("-->", at + 2);
            int banged = text.indexOf("--!>", at + 4);
            if (plain < 0 && banged < 0) {
                openComment = true;
                return at + 4;
            }
            int end = banged < 0 || (plain >= 0 && plain < banged) ? plain + 3 : banged + 4;
            cuts.add(at, end);
            return end;
        }

        /** Reads letters, digits and dashes; the name is empty when the first of them is no letter. */
        private void readName(int from) {
            int i = from;
            StringBuilder letters = null;
            for (; i < text.length(); i++) {
                char c = text.charAt(i);
                if (!isNameCharacter(c)) {
                    if (!Html.isInvisible(c)) {
                        break;
                    }
                    continue;
                }
                if (letters == null) {
                    if (!isLetter(c)) {
                        break;
                    }
                    letters = new StringBuilder(Html.LONGEST_NAME);
                }
                if (letters.length() <= Html.LONGEST_NAME) {
                    letters.append(c);
                }
            }
            work += i - from;
            nameEnd = i;
            name = letters == null ? "" : Html.lowerCase(letters.toString());
        }

        private static boolean isLetter(char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        }

        private static boolean isNameCharacter(char c) {
            return isLetter(c) || (c >= '0' && c <= '9') || c == '-';
        }

        private boolean isDelimited() {
            if (nameEnd == text.length()) {
                return true;
            }
            char c = text.charAt(nameEnd);
            return c == '>' || c == '/' || Html.isSpace(c);
        }

        private int element(int at, boolean end) {
            String element = name;
            int tagStart = nameEnd;
            int tagEnd = readTag(tagStart, false);
            if (tagEnd < 0) {
                // A quote that never closes: to a browser the tag has no end, to a reader it ends here.
                tagEnd = text.indexOf('>', tagStart) + 1;
            }
            if (tagEnd == 0) {
                if (!active && (end || !Html.isRaw(element))) {
                    return tagStart;
                }
                tagEnd = text.length();
            }
            int cutEnd = tagEnd;
            if (!end && Html.isRaw(element)) {
                cutEnd = contentEnd(element, tagEnd, false);
            } else if (!end
                    && Html.isEmbedded(element)
                    && text.charAt(tagEnd - 1) == '>'
                    && text.charAt(tagEnd - 2) != '/') {
                cutEnd = contentEnd(element, tagEnd, true);
            }
            cuts.add(at, cutEnd);
            return cutEnd;
        }

        /** Behind the end tag of the element whose content begins at {@code from}; the end of the text when there is none. */
        private int contentEnd(String element, int from, boolean nests) {
            int depth = 1;
            for (int at = text.indexOf('<', from); at >= 0; at = text.indexOf('<', at + 1)) {
                boolean end = text.startsWith("/", at + 1);
                if (!end && !nests) {
                    continue;
                }
                readName(at + (end ? 2 : 1));
                if (name.equals(element) && isDelimited()) {
                    depth += end ? -1 : 1;
                    if (depth == 0) {
                        int close = text.indexOf('>', nameEnd);
                        return close < 0 ? text.length() : close + 1;
                    }
                }
            }
            return text.length();
        }

        /**
         * Reads the attributes as a browser does, and notes whether one of them is {@link #active}.
         *
         * @param cutHandlers whether event handlers are cut out of this tag
         * @return behind the end of the tag, or -1 when it has none
         */
        private int readTag(int from, boolean cutHandlers) {
            active = false;
            if (from > lastGreater && from > lastEquals) {
                return -1;
            }
            int i = from;
            try {
                while (i < text.length()) {
                    char c = text.charAt(i);
                    if (c == '>') {
                        return i + 1;
                    }
                    if (c == '/' || c <= ' ') {
                        i++;
                        continue;
                    }
                    int attribute = i;
                    i = attributeNameEnd(i + 1);
                    int attributeEnd = i;
                    i = skipSpaces(i);
                    if (i == text.length() || text.charAt(i) != '=') {
                        continue;
                    }
                    i = valueEnd(skipSpaces(i + 1));
                    attribute(attribute, attributeEnd, i, cutHandlers);
                }
                return -1;
            } finally {
                work += i - from;
            }
        }

        /** An equals sign ends a name, unless it is the first character of it. */
        private int attributeNameEnd(int from) {
            int i = from;
            while (i < text.length()) {
                char c = text.charAt(i);
                if (c == '=' || c == '/' || c == '>' || Html.isSpace(c)) {
                    break;
                }
                i++;
            }
            return i;
        }

        private int valueEnd(int from) {
            if (from == text.length()) {
                return from;
            }
            char quote = text.charAt(from);
            if (quote == '"' || quote == '\'') {
                int close = text.indexOf(quote, from + 1);
                return close < 0 ? text.length() : close + 1;
            }
            int i = from;
            while (i < text.length() && text.charAt(i) != '>' && !Html.isSpace(text.charAt(i))) {
                i++;
            }
            return i;
        }

        private int skipSpaces(int from) {
            int i = from;
            while (i < text.length() && Html.isSpace(text.charAt(i))) {
                i++;
            }
            return i;
        }

        private void attribute(int start, int nameEnd, int end, boolean cutHandlers) {
            int nameStart = start;
            while (nameStart < nameEnd && !isLetter(text.charAt(nameStart))) {
                nameStart++;
            }
            if (nameEnd - nameStart > 64) {
                return;
            }
            String attribute = withoutInvisible(Html.lowerCase(text.substring(nameStart, nameEnd)));
            active |= Html.isActive(attribute);
            if (cutHandlers && Html.isHandler(attribute)) {
                cuts.add(start, end);
            }
        }

        private static String withoutInvisible(String name) {
            if (name.chars().noneMatch(c -> Html.isInvisible((char) c))) {
                return name;
            }
            StringBuilder visible = new StringBuilder(name.length());
            name.chars().filter(c -> !Html.isInvisible((char) c)).forEach(c -> visible.append((char) c));
            return visible.toString();
        }

        private int lastHandler() {
            if (lastHandler == -2) {
                lastHandler = -1;
                for (Matcher handlers = HANDLER.matcher(text); handlers.find(); ) {
                    lastHandler = handlers.start();
                }
            }
            return lastHandler;
        }
    }
}
