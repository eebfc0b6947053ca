package dev.bellhop.realtime.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jsoup.nodes.Attribute;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.jsoup.parser.Parser;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SanitizerTest {
    private static final Pattern TAG =
            Pattern.compile("<\\x00*/?\\x00*([a-z][a-z0-9\\x00]*)[\\s/>]", Pattern.CASE_INSENSITIVE);
    private static final Pattern HANDLER_IN_TAG =
            Pattern.compile("<[a-z][^>]*[\\s/]on[a-z\\x00]{3,}\\s*=", Pattern.CASE_INSENSITIVE);

    /** What strips, with the library and without. */
    enum By {
        JSOUP,
        OURSELVES;

        String strip(String text) {
            return switch (this) {
                case JSOUP -> WITH_JSOUP.strip(text);
                case OURSELVES -> WITHOUT.strip(text);
            };
        }
    }

    private static final Sanitizer WITH_JSOUP = new Sanitizer(new JsoupCutter());
    private static final Sanitizer WITHOUT = new Sanitizer(new ScanningCutter());

    @ParameterizedTest
    @EnumSource
    @DisplayName("S1-073 no hostile text keeps an element or an event handler")
    void hostile(By by) {
        List<String> texts = lines("hostile.txt");
        assertThat(texts).hasSizeGreaterThan(190);
        assertThat(texts).allSatisfy(text -> {
            String rest = by.strip(text);
            assertInert(rest);
            assertThat(by.strip(rest)).isSameAs(rest);
            assertThat(rest).matches(stripped -> isLeftOf(stripped, text), "holds nothing that was not there");
        });
    }

    /** Read as a page of its own and inside of others, and read by patterns, which see what a parser drops. */
    private static void assertInert(String text) {
        assertThat(elements(text)).as("elements of %s", text).isEmpty();
        for (String page :
                List.of("%s", "<div>%s</div>", "<table>%s</table>", "<select>%s</select>", "<svg>%s</svg>")) {
            assertThat(handlers(page.replace("%s", text)))
                    .as("handlers of %s in %s", text, page)
                    .isEmpty();
        }
        for (Matcher tags = TAG.matcher(text); tags.find(); ) {
            boolean closed = text.indexOf('>', tags.start()) >= 0;
            assertThat(closed && Html.isElement(tags.group(1).replace("\0", "").toLowerCase(java.util.Locale.ROOT)))
                    .as("%s in %s", tags.group(), text)
                    .isFalse();
        }
        assertThat(text).doesNotContainPattern(HANDLER_IN_TAG);
    }

    /** Of those that were written: what a parser adds of its own stands nowhere. */
    private static Stream<String> elements(String text) {
        Document page =
                Parser.htmlParser().setTrackPosition(true).parseInput(text.replace("\0", ""), "https://page.example/");
        return page.getAllElements().stream()
                .filter(element -> !element.sourceRange().isImplicit() && !(element instanceof Document))
                .map(Element::normalName)
                .filter(Html::isElement);
    }

    private static Stream<String> handlers(String page) {
        return Parser.htmlParser().parseInput(page, "https://page.example/").getAllElements().stream()
                .flatMap(element -> element.attributes().asList().stream())
                // Without a value it runs nothing.
                .filter(Attribute::hasDeclaredValue)
                .map(Attribute::getKey)
                .filter(Html::isHandler);
    }

    /** Whether the rest is the text with some of its characters left out. */
    private static boolean isLeftOf(String rest, String text) {
        int found = 0;
        for (int i = 0; i < text.length() && found < rest.length(); i++) {
            if (text.charAt(i) == rest.charAt(found)) {
                found++;
            }
        }
        return found == rest.length();
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("S1-073 text that only looks like markup stays byte for byte")
    void harmless(By by) {
        List<String> texts = lines("harmless.txt");
        assertThat(texts).hasSizeGreaterThan(50);
        assertThat(texts)
                .allSatisfy(text -> assertThat(by.strip(text)).isSameAs(text))
                // What belongs together stays together, too.
                .allSatisfy(text ->
                        assertThat(by.strip(text + " | \u2028\ud83d\ude00")).startsWith(text));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Hello <b>Ann</b> &amp; <i>Bob</i>!          | Hello Ann &amp; Bob!",
                "a<script>1</script>b<style>2</style>c       | abc",
                "a<svg><g><path d=x /></g></svg>b            | ab",
                "a<svg/>b<svg><svg>x</svg>y</svg>c           | abc",
                "a<iframe src=x>y</iframe>b                  | ab",
                "a<object><p>x</p></object>b                 | ab",
                "a<title>b</title>c<textarea>d</textarea>e   | abcde",
                "a<script>x < y; '</b>' </script>b           | ab",
                "O'Brien & <b>Sons</b> <ann@example.com>     | O'Brien & Sons <ann@example.com>",
                "1 < 2 <br> 3 > 2                            | 1 < 2  3 > 2",
                "<a href=\"x>y\" title='>'>link</a> > z      | link > z",
                "<IMG SRC=x>a<Br/>b</P>c                     | abc",
                "a<!-- b -->c<!doctype html>d                | acd",
                "<td>cell</td> <unknown>x</unknown>          | cell <unknown>x</unknown>",
                "<x class=y onclick=\"z()\" id=1>t           | <x class=y  id=1>t",
                "a<script>never closed                       | a",
                "<b x=\"y>quote never closed                 | quote never closed",
            })
    @DisplayName("S1-073 what is cut, and what is left")
    void cut(String text, String rest) {
        for (By by : By.values()) {
            assertThat(by.strip(text)).as("%s by %s", text, by).isEqualTo(rest);
        }
    }

    @Test
    @DisplayName("S1-076 without the library an element that is not closed takes the rest with it")
    void ourOwnIsStricter() {
        assertThat(By.JSOUP.strip("a<svg>b")).isEqualTo("ab");
        assertThat(By.OURSELVES.strip("a<svg>b")).isEqualTo("a");
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("S1-073 no mixture of markup comes through")
    void mixtures(By by) {
        List<String> parts = Stream.concat(
                        Stream.of(
                                "<",
                                ">",
                                "/",
                                "\"",
                                "'",
                                "=",
                                " ",
                                "a",
                                "<b",
                                "<script",
                                "</script",
                                "script>",
                                "<x ",
                                "onclick=",
                                "onerror",
                                "<!--",
                                "-->",
                                "<svg",
                                "</svg>",
                                "<img src=",
                                "<scr",
                                "ipt>",
                                "<td",
                                "<p ",
                                "\0",
                                "\n",
                                "<select>",
                                "<title>",
                                "<table>",
                                "</",
                                "<a href="),
                        lines("hostile.txt").stream().limit(20))
                .toList();
        Random random = new Random(73);
        for (int i = 0; i < 4000; i++) {
            StringBuilder mixture = new StringBuilder();
            for (int j = random.nextInt(12); j >= 0; j--) {
                mixture.append(parts.get(random.nextInt(parts.size())));
            }
            String text = mixture.toString();
            String rest = by.strip(text);
            assertInert(rest);
            assertThat(isLeftOf(rest, text)).as(text).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    @DisplayName("S1-073 the longest texts take no time that a sender could use")
    void longTexts(By by) {
        // Each takes milliseconds; anything quadratic would take minutes for all of them.
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            for (String part : List.of(
                    "<",
                    "</",
                    "<b ",
                    "<b>",
                    "</b>",
                    "<b \"",
                    "<b a='",
                    "<b a=\">\" ",
                    "<x ",
                    "<x a=\"",
                    "<x onclick=",
                    "<x onabc =",
                    "<script",
                    "<script>",
                    "<scr<script>ipt>",
                    "<svg>",
                    "<iframe><",
                    "<table>a<b>",
                    "<p><b>",
                    "<a>",
                    "<select>",
                    "<!--",
                    "<!-- -->",
                    "<img src=\"",
                    "<!doctype ",
                    "on",
                    "<\0")) {
                String text = part.repeat(65_536 / part.length());
                assertThat(by.strip(text).length()).isLessThanOrEqualTo(text.length());
            }
        });
    }

    @Test
    @DisplayName("S1-073 a text that grows tags for ever loses its angle brackets")
    void growsTags() {
        StringBuilder text = new StringBuilder("script>alert(1)</script>");
        for (int i = 0; i < 50; i++) {
            text.insert(0, "<sc<b").append("</b>");
        }
        text.insert(0, "<scr".repeat(50));
        for (By by : By.values()) {
            assertInert(by.strip(text.toString()));
        }
    }

    @Test
    @DisplayName("S1-073 texts and names at any depth are stripped, nothing else is touched")
    void payload() throws IOException {
        JsonNode given = Json.tree("""
                {"text":"<b>x</b>","n":1.50,"t":true,"nil":null,"a < b":["<i>y</i>",{"deep":"<script>z</script>ok"},7],
                 "<b>name</b>":1,"<i>n</i>":"gives way","n\\u0000":"stays"}""");
        JsonNode before = given.deepCopy();
        assertThat(new Sanitizer(new JsoupCutter()).apply(given)).isEqualTo(Json.tree("""
                {"text":"x","n":1.50,"t":true,"nil":null,"a < b":["y",{"deep":"ok"},7],"name":1,"n\\u0000":"stays"}"""));
        assertThat(given).isEqualTo(before);
    }

    @Test
    @DisplayName("S1-073 a payload that needs no change is not copied")
    void untouched() {
        JsonNode payload = Json.mapper()
                .valueToTree(Map.of("text", "a < b", "list", List.of("O'Brien & Sons", 1, Map.of("deep", "<3"))));
        assertThat(new Sanitizer(new JsoupCutter()).apply(payload)).isSameAs(payload);
    }

    @Test
    @DisplayName("S1-073 a change at the bottom of the deepest payload is made once")
    void deep() {
        assertTimeoutPreemptively(Duration.ofSeconds(30), () -> {
            String json = "{\"a\":".repeat(Json.MAX_DEPTH) + "\"<b>x</b>\"" + "}".repeat(Json.MAX_DEPTH);
            JsonNode rest = new Sanitizer(new JsoupCutter()).apply(Json.tree(json));
            assertThat(rest).hasToString(json.replace("<b>x</b>", "x"));
        });
    }

    @Test
    @DisplayName("S1-076 S1-114 the library does the work where it is, and our own where it is not")
    void choice() throws Exception {
        assertThat(Sanitizer.create().strip("a<svg>b")).isEqualTo("ab");

        WithoutJsoup loader = new WithoutJsoup();
        Class<?> sanitizer = loader.loadClass(Sanitizer.class.getName());
        assertThat(sanitizer).isNotSameAs(Sanitizer.class);
        Method create = sanitizer.getDeclaredMethod("create");
        create.setAccessible(true);
        Method strip = sanitizer.getDeclaredMethod("strip", String.class);
        strip.setAccessible(true);
        Object ourselves = create.invoke(null);
        assertThat(strip.invoke(ourselves, "a<svg>b")).isEqualTo("a");
        for (String text : lines("hostile.txt")) {
            assertInert((String) strip.invoke(ourselves, text));
        }
        assertThat(loader.hasLoaded(JsoupCutter.class)).isFalse();
    }

    /** A class path that has everything but jsoup. */
    private static final class WithoutJsoup extends ClassLoader {
        private static final String OURS = Sanitizer.class.getPackageName() + ".";

        WithoutJsoup() {
            super(SanitizerTest.class.getClassLoader());
        }

        boolean hasLoaded(Class<?> type) {
            return findLoadedClass(type.getName()) != null;
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("org.jsoup.")) {
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(OURS)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded == null ? define(name) : loaded;
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                if (in == null) {
                    throw new ClassNotFoundException(name);
                }
                byte[] code = in.readAllBytes();
                return defineClass(name, code, 0, code.length);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** One text a line, with the escapes of a Java text block; lines with a number sign are remarks. */
    private static List<String> lines(String resource) {
        try (InputStream in = SanitizerTest.class.getResourceAsStream(resource)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("# "))
                    .map(String::translateEscapes)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
