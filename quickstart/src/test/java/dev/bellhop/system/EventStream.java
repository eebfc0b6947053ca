package dev.bellhop.system;

import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Server-sent events, read line by line with the JDK's client as {@code curl -N} would show them. */
final class EventStream implements AutoCloseable {
    private static final HttpClient HTTP =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String DATA = "data: ";

    private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    private final Stream<String> lines;
    private final Thread reader;

    private EventStream(Stream<String> lines) {
        this.lines = lines;
        this.reader = new Thread(this::read, "event stream");
        reader.setDaemon(true);
    }

    static EventStream open(URI uri) throws Exception {
        HttpResponse<Stream<String>> response =
                HTTP.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofLines());
        if (response.statusCode() != 200) {
            throw new AssertionError("status " + response.statusCode());
        }
        EventStream stream = new EventStream(response.body());
        stream.reader.start();
        return stream;
    }

    private void read() {
        try {
            for (Iterator<String> line = lines.iterator(); line.hasNext(); ) {
                String text = line.next();
                if (text.startsWith(DATA)) {
                    heard.add(text.substring(DATA.length()));
                }
            }
        } catch (UncheckedIOException closed) {
            heard.add("{\"type\":\"end of the stream\"}");
        }
    }

    /** The next frame as it came. */
    String nextText() {
        try {
            String text = heard.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            if (text == null) {
                throw new AssertionError("heard nothing in " + PATIENCE);
            }
            return text;
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        lines.close();
    }
}
