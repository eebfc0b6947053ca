package dev.bellhop.api.contract;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.wire.Json;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;

/** The contract as one HTML page that needs nothing else: no script, no font, no address but its own. */
final class DocumentPage {
    private static final String STYLE = """
            body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1f;background:#fff}
            h2{margin-top:3rem;border-bottom:1px solid #ccc}h3{margin:2rem 0 .25rem}code,pre{font:14px/1.45 ui-monospace,monospace}
            pre{background:#f4f4f6;padding:.75rem;overflow:auto}table{border-collapse:collapse}
            td,th{text-align:left;padding:.15rem .75rem .15rem 0;vertical-align:top}.method{display:inline-block;min-width:4.5rem}
            @media(prefers-color-scheme:dark){body{color:#e4e4e8;background:#16161a}pre{background:#222228}a{color:#9db8ff}}
            """;

    static final String CONTENT_SECURITY_POLICY =
            "default-src 'none'; style-src 'sha256-" + hash() + "'; frame-ancestors 'none'; base-uri 'none'";

    private final StringBuilder html = new StringBuilder();

    private DocumentPage() {}

    static String of(JsonNode document) {
        DocumentPage page = new DocumentPage();
        page.write(document);
        return page.html.toString();
    }

    private static String hash() {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(STYLE.getBytes(StandardCharsets.UTF_8));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private void write(JsonNode document) {
        String title = escaped(document.path("info").path("title").textValue());
        html.append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width\"><title>")
                .append(title)
                .append("</title><style>")
                .append(STYLE)
                .append("</style></head><body><h1>")
                .append(title)
                .append("</h1><p>")
                .append(escaped(document.path("info").path("description").textValue()))
                .append(" The same for programs: <a href=\"/openapi.json\">/openapi.json</a>.</p>");
        String[] tag = {""};
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().forEach(operation -> {
                    JsonNode described = operation.getValue();
                    String next = described.path("tags").path(0).textValue();
                    if (!next.equals(tag[0])) {
                        html.append("<h2>").append(escaped(next)).append("</h2>");
                        tag[0] = next;
                    }
                    write(operation.getKey(), path.getKey(), described);
                }));
        html.append("<h2>Schemas</h2>");
        document.path("components")
                .path("schemas")
                .properties()
                .forEach(schema -> html.append("<h3 id=\"")
                        .append(escaped(schema.getKey()))
                        .append("\"><code>")
                        .append(escaped(schema.getKey()))
                        .append("</code></h3><pre>")
                        .append(escaped(schema.getValue().toPrettyString()))
                        .append("</pre>"));
        html.append("</body></html>");
    }

    private void write(String method, String path, JsonNode operation) {
        html.append("<h3 id=\"")
                .append(escaped(operation.path("operationId").textValue()))
                .append("\"><code><span class=\"method\">")
                .append(method.toUpperCase(Locale.ROOT))
                .append("</span>")
                .append(escaped(path))
                .append("</code></h3><p>")
                .append(escaped(operation.path("summary").textValue()))
                .append(". ")
                .append(escaped(operation.path("description").textValue()))
                .append("</p><table>");
        operation
                .path("parameters")
                .forEach(parameter -> row(
                        parameter.path("in").textValue() + " "
                                + parameter.path("name").textValue(),
                        parameter.path("description").asText(""),
                        parameter.path("schema")));
        JsonNode body = operation
                .path("requestBody")
                .path("content")
                .path("application/json")
                .path("schema");
        if (!body.isMissingNode()) {
            row("body", operation.path("requestBody").path("required").asBoolean() ? "" : "may be left out", body);
        }
        operation.path("responses").properties().forEach(response -> {
            JsonNode content = response.getValue().path("content");
            JsonNode schema =
                    content.isEmpty() ? content : content.iterator().next().path("schema");
            row(response.getKey(), response.getValue().path("description").textValue(), schema);
        });
        html.append("</table>");
    }

    private void row(String name, String text, JsonNode schema) {
        html.append("<tr><th scope=\"row\"><code>")
                .append(escaped(name))
                .append("</code></th><td>")
                .append(escaped(text))
                .append("</td><td>");
        String reference = schema.path("$ref").asText("");
        String target = reference.substring(reference.lastIndexOf('/') + 1);
        if (!target.isEmpty()) {
            html.append("<a href=\"#")
                    .append(escaped(target))
                    .append("\">")
                    .append(escaped(target))
                    .append("</a>");
        } else if (!schema.isEmpty()) {
            html.append("<code>").append(escaped(Json.text(schema))).append("</code>");
        }
        html.append("</td></tr>");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
