package dev.bellhop.model.wire;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** The one shape of everything that the server says: {@code type, payload, timestamp} and, of domain events, more. */
public final class Envelope {
    private Envelope() {}

    /**
     * A domain event as it stands at its position of the log.
     *
     * @param payload a JSON object as {@link Json} writes it; taken as it is
     * @param traceparent of the request that caused it (W3C Trace Context), or null
     * @return one UTF-8 JSON object whose last field is the cursor
     */
    public static byte[] event(
            String type,
            String payload,
            Instant occurredAt,
            UUID id,
            List<RoomName> rooms,
            String traceparent,
            Cursor cursor) {
        return encode(payload.length(), out -> {
            out.writeStringField("type", type);
            out.writeFieldName("payload");
            out.writeRawValue(payload);
            out.writeStringField("timestamp", Timestamps.format(occurredAt));
            out.writeStringField("id", id.toString());
            out.writeArrayFieldStart("rooms");
            for (RoomName room : rooms) {
                out.writeString(room.toString());
            }
            out.writeEndArray();
            if (traceparent != null) {
                out.writeStringField("traceparent", traceparent);
            }
            out.writeStringField("cursor", cursor.toString());
        });
    }

    /** The same event for a client that joined the room late: marked as a replay, and without the cursor. */
    public static byte[] replayed(byte[] event, Cursor cursor) {
        byte[] cursorField = ("\"cursor\":\"" + cursor + "\"}").getBytes(StandardCharsets.US_ASCII);
        byte[] mark = "\"replay\":true}".getBytes(StandardCharsets.US_ASCII);
        int kept = event.length - cursorField.length;
        byte[] replayed = Arrays.copyOf(event, kept + mark.length);
        System.arraycopy(mark, 0, replayed, kept, mark.length);
        return replayed;
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
