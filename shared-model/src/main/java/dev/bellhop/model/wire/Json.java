package dev.bellhop.model.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.util.BufferRecycler;
import com.fasterxml.jackson.core.util.JsonRecyclerPools;
import com.fasterxml.jackson.core.util.RecyclerPool;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdScalarSerializer;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/**
 * The one JSON dialect of both services: snake_case names, times in UTC with six fractional digits, and bytes that are
 * inert inside HTML. Reading is strict: duplicate keys, unknown fields, trailing text, coerced scalars, nesting beyond
 * {@value #MAX_DEPTH} and absurd numbers or strings are errors.
 */
public final class Json {
    /** Deepest nesting that is read; RFC 8259 section 9 lets a parser set one. */
    public static final int MAX_DEPTH = 64;

    /** Longest string value that is read, in characters. */
    public static final int MAX_STRING = 1 << 20;

    /** Most tokens of a request's body: more than the largest good one has, few enough to be read in milliseconds. */
    public static final int MAX_TOKENS = 20_000;

    /** A few sets of buffers for all threads: a set of its own for each would grow to the largest text that the thread ever saw. */
    private static final RecyclerPool<BufferRecycler> BUFFERS = JsonRecyclerPools.newBoundedPool(16);

    private static final JsonMapper MAPPER = mapper(MAX_DEPTH, Long.MAX_VALUE);
    private static final JsonMapper SHALLOW = mapper(16, Long.MAX_VALUE);
    private static final JsonMapper REQUEST = mapper(MAX_DEPTH, MAX_TOKENS);

    private Json() {}

    /** The shared mapper, for frameworks that ask for one. Not to be reconfigured. */
    public static ObjectMapper mapper() {
        return MAPPER;
    }

    /** UTF-8 JSON of a value made by this code base; never fails for one. */
    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not serialisable: " + value.getClass(), e);
        }
    }

    /** As {@link #bytes}, as text. */
    public static String text(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not serialisable: " + value.getClass(), e);
        }
    }

    /** @throws JsonProcessingException when the text is not strict JSON of that shape */
    public static <T> T read(String json, Class<T> shape) throws JsonProcessingException {
        return MAPPER.readValue(json, shape);
    }

    /** @throws IOException when the bytes are not strict JSON of that shape (never a real I/O fault) */
    public static <T> T read(byte[] json, Class<T> shape) throws IOException {
        return MAPPER.readValue(json, shape);
    }

    /** @throws JsonProcessingException when the text is not one strict JSON value */
    public static JsonNode tree(String json) throws JsonProcessingException {
        return MAPPER.readTree(json);
    }

    /** As {@link #tree(String)} for text from a socket, nested at most 16 deep. */
    public static JsonNode shallowTree(String json) throws JsonProcessingException {
        return SHALLOW.readTree(json);
    }

    /** As {@link #tree(String)} for the body of a request, of at most {@value #MAX_TOKENS} tokens. */
    public static JsonNode requestTree(String json) throws JsonProcessingException {
        return REQUEST.readTree(json);
    }

    private static JsonMapper mapper(int maxDepth, long maxTokens) {
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(maxDepth)
                        .maxTokenCount(maxTokens)
                        .maxNumberLength(64)
                        .maxNameLength(256)
                        .maxStringLength(MAX_STRING)
                        .maxDocumentLength(4L << 20)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .recyclerPool(BUFFERS)
                .build();
        factory.setCharacterEscapes(new HtmlInert());
        JsonMapper mapper = JsonMapper.builder(factory)
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
                .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                // Numbers of a payload that passes through keep every digit.
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                .addModule(new SimpleModule("bellhop")
                        .addSerializer(Instant.class, new InstantWriter())
                        .addDeserializer(Instant.class, new InstantReader()))
                .build();
        for (CoercionInputShape shape : new CoercionInputShape[] {
            CoercionInputShape.Integer, CoercionInputShape.Float, CoercionInputShape.Boolean
        }) {
            mapper.coercionConfigFor(LogicalType.Textual).setCoercion(shape, CoercionAction.Fail);
        }
        return mapper;
    }

    /** Writes {@code < > & '} and the two line separators that break JavaScript as {@code \\uXXXX}: same value, inert bytes. */
    private static final class HtmlInert extends CharacterEscapes {
        private static final long serialVersionUID = 1;
        private static final SerializedString LINE_SEPARATOR = new SerializedString("\\u2028");
        private static final SerializedString PARAGRAPH_SEPARATOR = new SerializedString("\\u2029");
        private final int[] ascii = standardAsciiEscapesForJSON();

        HtmlInert() {
            for (char c : new char[] {'<', '>', '&', '\''}) {
                ascii[c] = ESCAPE_STANDARD;
            }
        }

        /** Shared: each generator asks for it, and none may change it. */
        @Override
        public int[] getEscapeCodesForAscii() {
            return ascii;
        }

        @Override
        public SerializableString getEscapeSequence(int ch) {
            return switch (ch) {
                case 0x2028 -> LINE_SEPARATOR;
                case 0x2029 -> PARAGRAPH_SEPARATOR;
                default -> null;
            };
        }
    }

    private static final class InstantWriter extends StdScalarSerializer<Instant> {
        private static final long serialVersionUID = 1;

        InstantWriter() {
            super(Instant.class);
        }

        @Override
        public void serialize(Instant value, JsonGenerator out, SerializerProvider provider) throws IOException {
            out.writeString(Timestamps.format(value));
        }
    }

    private static final class InstantReader extends StdScalarDeserializer<Instant> {
        private static final long serialVersionUID = 1;

        InstantReader() {
            super(Instant.class);
        }

        @Override
        public Instant deserialize(JsonParser in, DeserializationContext context) throws IOException {
            String text =
                    in.currentToken().isScalarValue() && !in.currentToken().isNumeric() ? in.getText() : "";
            try {
                return Timestamps.parse(text);
            } catch (DateTimeParseException e) {
                return (Instant) context.handleWeirdStringValue(Instant.class, text, "not an RFC 3339 time");
            }
        }
    }
}
