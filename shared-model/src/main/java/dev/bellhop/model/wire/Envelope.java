package dev.bellhop.model.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/** The one shape of everything that the server says: {@code type, payload, timestamp} and, of domain events, more. */
public final class Envelope {
    private Envelope() {}

    /**
     * A domain event as it stands at its position of the log.
     *
     * @param payload a JSON object as {@link Json} writes it; taken as it is
     * @return one UTF-8 JSON object
     */
    public static byte[] event(
            String type, String payload, Instant occurredAt, UUID id, List<String> rooms, Cursor cursor) {
        return encode(payload.length(), out -> {
            start(out, type, payload, occurredAt);
            identity(out, id, rooms);
            out.writeStringField("cursor", cursor.toString());
        });
    }

    /** An event that a client missed in a room which it joined later: marked, and without a cursor. */
    public static byte[] replayed(String type, String payload, Instant occurredAt, UUID id, List<String> rooms) {
        return encode(payload.length(), out -> {
            start(out, type, payload, occurredAt);
            identity(out, id, rooms);
            out.writeBooleanField("replay", true);
        });
    }

    /** Anything that is not in the log; its fields beside the payload are the message's own. */
    public static byte[] message(ServerMessage message, Instant now) {
        return encode(256, out -> {
            out.writeStringField("type", message.type());
            out.writeObjectField("payload", message.payload());
            out.writeStringField("timestamp", Timestamps.format(now));
            if (message.cursor() != null) {
                out.writeStringField("cursor", message.cursor().toString());
            }
            if (message.ref() != null) {
                out.writeStringField("ref", message.ref());
            }
        });
    }

    private static void start(JsonGenerator out, String type, String payload, Instant occurredAt) throws IOException {
        out.writeStringField("type", type);
        out.writeFieldName("payload");
        out.writeRawValue(payload);
        out.writeStringField("timestamp", Timestamps.format(occurredAt));
    }

    private static void identity(JsonGenerator out, UUID id, List<String> rooms) throws IOException {
        out.writeStringField("id", id.toString());
        out.writeArrayFieldStart("rooms");
        for (String room : rooms) {
            out.writeString(room);
        }
        out.writeEndArray();
    }

    private interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    private static byte[] encode(int payloadLength, Body body) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(payloadLength + 320);
        try (JsonGenerator out = Json.mapper().createGenerator(bytes)) {
            out.writeStartObject();
            body.write(out);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }
}
