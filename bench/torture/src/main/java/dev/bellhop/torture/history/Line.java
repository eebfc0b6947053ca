package dev.bellhop.torture.history;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.jsontype.NamedType;
import java.io.IOException;
import java.util.Locale;
import java.util.stream.Stream;

/** An entry as JSON. The names of the fields are those of the records. */
final class Line {
    private static final JsonMapper MAPPER = mapper();
    private static final ObjectWriter WRITER = MAPPER.writerFor(Entry.class);
    private static final ObjectReader READER = MAPPER.readerFor(Entry.class);

    private Line() {}

    private static JsonMapper mapper() {
        JsonMapper.Builder builder = JsonMapper.builder()
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);
        Stream.of(Entry.class.getPermittedSubclasses())
                .forEach(type -> builder.registerSubtypes(
                        new NamedType(type, type.getSimpleName().toLowerCase(Locale.ROOT))));
        return builder.build();
    }

    static byte[] of(Entry entry) {
        try {
            return WRITER.writeValueAsBytes(entry);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not an entry: " + entry, e);
        }
    }

    /** @throws IOException for anything but one whole entry */
    static Entry parse(byte[] bytes, int from, int to) throws IOException {
        return READER.readValue(bytes, from, to - from);
    }
}
