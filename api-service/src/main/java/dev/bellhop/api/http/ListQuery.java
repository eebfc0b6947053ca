package dev.bellhop.api.http;

import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import io.javalin.http.Context;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;

/**
 * The query of a list: {@code limit}, {@code cursor} and the filters that the list allows. Anything else in it is an
 * error, so that a misspelled filter does not pass for a wide one.
 */
public final class ListQuery {
    private static final int DEFAULT_LIMIT = 50;
    private static final int MAX_LIMIT = 200;

    private final Context ctx;
    private final Cursors cursors;
    private final Map<String, String> values = new TreeMap<>();
    private final String list;
    private final int limit;

    /**
     * @param filters names that the list allows besides its size and place
     * @throws Problem 400 for an unknown or repeated name, or a limit outside 1 to 200
     */
    public ListQuery(Context ctx, Cursors cursors, Principal caller, Set<String> filters) {
        this.ctx = ctx;
        this.cursors = cursors;
        Set<String> allowed = new HashSet<>(filters);
        allowed.addAll(Set.of("limit", "cursor"));
        ctx.queryParamMap().forEach((name, all) -> {
            if (!allowed.contains(name)) {
                throw invalid("There is no such parameter for this list.");
            }
            if (all.size() != 1) {
                throw invalid("A parameter stands there more than once.");
            }
            values.put(name, all.get(0));
        });
        this.limit = limit();
        Map<String, String> bound = new TreeMap<>(values);
        bound.remove("limit");
        bound.remove("cursor");
        this.list = String.join("\n", ctx.path(), caller.org().toString(), caller.userId(), query(bound));
    }

    /** Most items of the page, 1 to 200. */
    public int limit() {
        String text = values.getOrDefault("limit", Integer.toString(DEFAULT_LIMIT));
        if (!text.matches("[0-9]{1,3}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_LIMIT) {
            throw invalid("The limit is a whole number from 1 to " + MAX_LIMIT + ".");
        }
        return Integer.parseInt(text);
    }

    /** @throws Problem 400 for a word outside the set */
    public Optional<String> oneOf(String name, Set<String> choices) {
        String value = values.get(name);
        if (value != null && !choices.contains(value)) {
            throw invalid(name + " is one of "
                    + String.join(", ", choices.stream().sorted().toList()) + ".");
        }
        return Optional.ofNullable(value);
    }

    /** @throws Problem 400 for a text that is no id */
    public Optional<UUID> id(String name) {
        String value = values.get(name);
        Optional<UUID> id = Ids.parse(value);
        if (value != null && id.isEmpty()) {
            throw invalid(name + " is an id.");
        }
        return id;
    }

    /** What {@code q} looks for, as a pattern for SQL's {@code like} that takes every character literally. */
    public Optional<String> search() {
        String value = values.get("q");
        if (value != null && Texts.faultOfLine(value, Fields.NAME).isPresent()) {
            throw invalid("q is a line of at most " + Fields.NAME + " characters.");
        }
        return Optional.ofNullable(value)
                .map(text ->
                        "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%");
    }

    /** @throws Problem 400 for a cursor of another list, or one that was tampered with */
    public Optional<Position> position() {
        return Optional.ofNullable(values.get("cursor")).map(cursor -> cursors.decode(list, cursor));
    }

    /**
     * Answers with a page.
     *
     * @param rows one more than the limit where there are more
     * @param position of a row in the sort of the list
     */
    public <T> void answer(List<T> rows, Function<T, Position> position) {
        if (rows.size() <= limit) {
            Answer.json(ctx, new Page<>(rows, null));
            return;
        }
        List<T> items = rows.subList(0, limit);
        String next = cursors.encode(list, position.apply(items.get(limit - 1)));
        Map<String, String> query = new TreeMap<>(values);
        query.put("cursor", next);
        ctx.header("Link", "<" + ctx.path() + "?" + query(query) + ">; rel=\"next\"");
        Answer.json(ctx, new Page<>(items, next));
    }

    private static String query(Map<String, String> values) {
        List<String> parts = new ArrayList<>();
        values.forEach((name, value) -> parts.add(name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8)));
        return String.join("&", parts);
    }

    private static Problem invalid(String detail) {
        return Problem.badRequest("invalid-parameter", detail);
    }
}
