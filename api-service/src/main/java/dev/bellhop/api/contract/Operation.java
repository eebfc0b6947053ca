package dev.bellhop.api.contract;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** What the contract says of one route besides what follows from its address and who may call it. */
final class Operation {
    /** @param schema of a JSON answer, null for one without a body or of another type */
    record Answered(String description, ObjectNode schema, String mediaType) {}

    record Parameter(String name, ObjectNode schema, String description) {}

    final String summary;
    /** Null for a request without a body. */
    ObjectNode body;

    boolean bodyOptional;
    boolean list;
    boolean conditional;
    boolean cached;
    final TreeMap<Integer, Answered> answers = new TreeMap<>();
    final List<Parameter> query = new ArrayList<>();
    /** Problems besides those that every route of its kind can answer with. */
    final TreeSet<Integer> problems = new TreeSet<>();

    Operation(String summary) {
        this.summary = summary;
    }

    Operation takes(ObjectNode schema) {
        body = schema;
        return this;
    }

    /** Nothing sent is the same as nothing said. */
    Operation takesOptionally(ObjectNode schema) {
        bodyOptional = true;
        return takes(schema);
    }

    Operation answers(int status, String description, ObjectNode schema) {
        answers.put(status, new Answered(description, schema, schema == null ? null : "application/json"));
        return this;
    }

    Operation answersText(String mediaType, String description) {
        answers.put(200, new Answered(description, null, mediaType));
        return this;
    }

    /** One record with its ETag, which the caller may have already. */
    Operation answersRecord(ObjectNode schema) {
        cached = true;
        return answers(200, "The record", schema);
    }

    Operation creates(ObjectNode schema) {
        return answers(201, "The new record", schema);
    }

    Operation lists(ObjectNode page, Parameter... filters) {
        list = true;
        query.addAll(List.of(filters));
        return answers(200, "A page of the list", page);
    }

    /** Heeds If-Match. */
    Operation conditional() {
        conditional = true;
        return this;
    }

    Operation problem(int... statuses) {
        for (int status : statuses) {
            problems.add(status);
        }
        return this;
    }
}
