package dev.bellhop.api.contract;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.auth.Access;
import dev.bellhop.model.problem.Problem;
import io.javalin.router.Endpoint;
import io.javalin.security.Roles;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Puts the OpenAPI 3.1 document together from the routes that are served and the contract's line for each. */
final class Contract {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final Pattern IN_PATH = Pattern.compile("\\{([a-z_]+)}");

    private static final Map<Integer, String> PROBLEMS = Map.ofEntries(
            Map.entry(400, "The request is not well-formed"),
            Map.entry(401, "No access token, or none that counts"),
            Map.entry(403, "The caller's role forbids it"),
            Map.entry(404, "There is no such record in the caller's organisation"),
            Map.entry(406, "The caller reads no JSON"),
            Map.entry(409, "It does not go with what there is"),
            Map.entry(412, "The record has changed since"),
            Map.entry(413, "The body is larger than 1 MiB"),
            Map.entry(415, "The body does not say that it is JSON in UTF-8"),
            Map.entry(422, "Some fields are not acceptable"),
            Map.entry(429, "Too many attempts"),
            Map.entry(500, "A fault of the service"),
            Map.entry(503, "Not available at the moment"));

    private final Schemas schemas = new Schemas();
    private final Operations operations = new Operations(schemas);

    /** @throws IllegalStateException when a route has no line, or a line no route */
    ObjectNode of(List<Endpoint> routes) {
        ObjectNode document = JSON.objectNode().put("openapi", "3.1.0");
        document.putObject("info")
                .put("title", "Bellhop API")
                .put("version", "1")
                .put(
                        "description",
                        "Every record lives in one organisation; a foreign id is answered as one that is not there.");
        ObjectNode paths = document.putObject("paths");
        Set<String> served = new HashSet<>();
        for (Endpoint route : routes) {
            String name = route.method.name() + " " + route.path;
            Operation operation = operations.all().get(name);
            if (operation == null) {
                throw new IllegalStateException("The contract says nothing of " + name + ".");
            }
            served.add(name);
            paths.withObjectProperty(route.path)
                    .set(route.method.name().toLowerCase(Locale.ROOT), describe(route, operation));
        }
        if (!served.equals(operations.all().keySet())) {
            throw new IllegalStateException("The contract speaks of routes that are not served.");
        }
        ObjectNode components = document.putObject("components");
        schemas.of(Problem.Body.class);
        ObjectNode all = components.putObject("schemas");
        schemas.components().forEach(all::set);
        components
                .putObject("securitySchemes")
                .putObject("bearer")
                .put("type", "http")
                .put("scheme", "bearer")
                .put("bearerFormat", "JWT");
        return document;
    }

    private ObjectNode describe(Endpoint route, Operation operation) {
        Access access =
                (Access) route.metadata(Roles.class).getRoles().iterator().next();
        ObjectNode description = JSON.objectNode();
        description.putArray("tags").add(tag(route.path));
        description
                .put("operationId", operationId(route))
                .put("summary", operation.summary)
                .put("description", callers(access));
        ArrayNode security = description.putArray("security");
        if (access != Access.PUBLIC) {
            security.addObject().putArray("bearer");
        }
        ArrayNode parameters = parameters(route, operation);
        if (!parameters.isEmpty()) {
            description.set("parameters", parameters);
        }
        if (operation.body != null) {
            ObjectNode body = description.putObject("requestBody").put("required", !operation.bodyOptional);
            ObjectNode content = body.putObject("content");
            content.putObject("application/json").set("schema", operation.body);
            if (route.method.name().equals("PATCH")) {
                content.putObject("application/merge-patch+json").set("schema", operation.body);
            }
        }
        description.set("responses", responses(route, operation, access));
        return description;
    }

    private static String tag(String path) {
        return path.startsWith("/api/v1/") ? path.split("/", -1)[3] : "service";
    }

    private static String operationId(Endpoint route) {
        String path =
                route.path.replaceAll("^/api/v1", "").replaceAll("[{}]", "").replaceAll("[^a-z]+", "_");
        return route.method.name().toLowerCase(Locale.ROOT) + path;
    }

    private static String callers(Access access) {
        return switch (access) {
            case PUBLIC -> "Without login.";
            case MEMBERS -> "For every member.";
            case REVIEWERS -> "For ADMIN, HR and MANAGER.";
            case HR -> "For ADMIN and HR.";
            case ADMIN -> "For ADMIN.";
            case SERVICE -> "For machines.";
        };
    }

    private static ArrayNode parameters(Endpoint route, Operation operation) {
        ArrayNode parameters = JSON.arrayNode();
        for (MatchResult name : IN_PATH.matcher(route.path).results().toList()) {
            parameter(parameters, "path", name.group(1), name.group(1).equals("step") ? Operations.step() : Shape.id())
                    .put("required", true);
        }
        if (operation.list) {
            parameter(parameters, "query", "limit", Shape.integer(1, 200)).put("description", "50 without a word");
            parameter(parameters, "query", "cursor", Operations.text())
                    .put("description", "next_cursor of the page before");
        }
        operation.query.forEach(filter -> parameter(parameters, "query", filter.name(), filter.schema())
                .put("description", filter.description()));
        if (isIdempotent(route)) {
            ObjectNode key = Operations.text().put("pattern", "^[!-~]{1,255}$");
            parameter(parameters, "header", "Idempotency-Key", key)
                    .put("description", "The same key and request within 24 hours get the first answer again");
        }
        if (operation.conditional) {
            parameter(parameters, "header", "If-Match", Operations.text())
                    .put("description", "ETag of the version that is meant");
        }
        return parameters;
    }

    private static ObjectNode parameter(ArrayNode all, String in, String name, ObjectNode schema) {
        ObjectNode parameter = all.addObject().put("name", name).put("in", in);
        parameter.set("schema", schema);
        return parameter;
    }

    private static boolean isIdempotent(Endpoint route) {
        return route.method.name().equals("POST") && !route.path.startsWith("/api/v1/auth/");
    }

    private ObjectNode responses(Endpoint route, Operation operation, Access access) {
        ObjectNode responses = JSON.objectNode();
        operation.answers.forEach((status, answer) -> {
            ObjectNode response = responses.putObject(status.toString()).put("description", answer.description());
            if (answer.mediaType() != null) {
                ObjectNode content = response.putObject("content").putObject(answer.mediaType());
                content.set("schema", answer.schema() == null ? Operations.text() : answer.schema());
            }
            if (status == 201 && !route.path.endsWith("/batch")) {
                header(response, "Location");
            }
            boolean single = operation.cached || operation.conditional || status == 201;
            if (single && answer.schema() != null && !route.path.endsWith("/batch")) {
                header(response, "ETag");
            }
        });
        if (operation.cached) {
            header(responses.putObject("304").put("description", "The caller has this version"), "ETag");
        }
        for (int status : problems(route, operation, access)) {
            ObjectNode response =
                    responses.putObject(Integer.toString(status)).put("description", PROBLEMS.get(status));
            response.putObject("content").putObject(Problem.CONTENT_TYPE).set("schema", schemas.of(Problem.Body.class));
            if (status == 429 || status == 503) {
                header(response, "Retry-After");
            }
        }
        return responses;
    }

    private static void header(ObjectNode response, String name) {
        response.withObjectProperty("headers").putObject(name).set("schema", Operations.text());
    }

    private static Set<Integer> problems(Endpoint route, Operation operation, Access access) {
        Set<Integer> problems = new TreeSet<>(operation.problems);
        if (route.path.startsWith("/api/v1/")) {
            problems.addAll(Set.of(400, 406, 500, 503));
        }
        if (access != Access.PUBLIC) {
            problems.addAll(Set.of(401, 403, 429));
        }
        if (route.path.contains("{")) {
            problems.add(404);
        }
        if (operation.body != null) {
            problems.addAll(Set.of(413, 415, 422));
        }
        if (isIdempotent(route)) {
            problems.addAll(Set.of(409, 422));
        }
        if (operation.conditional) {
            problems.add(412);
        }
        if (operation.body != null && !route.method.name().equals("GET")) {
            // What it names can be deleted while it is written.
            problems.add(409);
        }
        return problems;
    }
}
