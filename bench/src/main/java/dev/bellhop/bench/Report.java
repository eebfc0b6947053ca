package dev.bellhop.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/** All figures of a run, and the table that people read: medians, and what they are to those of the other servers. */
final class Report {
    /** A measurement during which others used more of the machine counts only when there is no better one. */
    private static final double DISTURBED = 15;

    private static final List<String> COMPARED_WITH = List.of("centrifugo", "centrifugo-history", "floor", "sql");

    private final Map<Workload, Map<String, List<Figures>>> measured = new LinkedHashMap<>();

    void add(String server, Workload workload, Figures figures) {
        measured.computeIfAbsent(workload, added -> new LinkedHashMap<>())
                .computeIfAbsent(server, added -> new ArrayList<>())
                .add(figures);
    }

    /** The figures of every run by workload and server, as JSON writes them. */
    Map<String, Map<String, List<Map<String, Double>>>> values() {
        Map<String, Map<String, List<Map<String, Double>>>> values = new LinkedHashMap<>();
        measured.forEach((workload, servers) -> {
            Map<String, List<Map<String, Double>>> byServer = new LinkedHashMap<>();
            servers.forEach((server, runs) ->
                    byServer.put(server, runs.stream().map(Figures::values).toList()));
            values.put(workload.id(), byServer);
        });
        return values;
    }

    String markdown() {
        StringBuilder text = new StringBuilder();
        measured.forEach((workload, servers) -> table(text, workload, servers));
        return text.toString();
    }

    private static void table(StringBuilder text, Workload workload, Map<String, List<Figures>> servers) {
        Set<String> names = new LinkedHashSet<>();
        servers.values()
                .forEach(runs -> runs.forEach(run -> names.addAll(run.values().keySet())));
        names.remove(Figures.OTHERS);
        List<String> peers = COMPARED_WITH.stream().filter(servers::containsKey).toList();
        List<String> head = new ArrayList<>(List.of("server"));
        for (String name : names) {
            head.add(name);
            if (workload.compared().contains(name)) {
                peers.forEach(peer -> head.add("/ " + peer));
            }
        }
        head.add(Figures.OTHERS);
        text.append("### ")
                .append(workload.title())
                .append(" (")
                .append(workload.id())
                .append(")\n\n");
        row(text, head);
        row(text, head.stream().map(column -> "---").toList());
        servers.forEach((server, runs) -> {
            List<String> cells = new ArrayList<>(List.of(server));
            for (String name : names) {
                OptionalDouble value = median(runs, name);
                cells.add(cell(value));
                if (workload.compared().contains(name)) {
                    peers.forEach(peer -> cells.add(ratio(value, median(servers.get(peer), name))));
                }
            }
            cells.add(cell(median(runs, Figures.OTHERS)));
            row(text, cells);
        });
        text.append('\n');
    }

    private static void row(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    /** Of the runs that were not disturbed, if there are any. */
    static OptionalDouble median(List<Figures> runs, String name) {
        List<Figures> quiet = runs.stream()
                .filter(run -> run.get(Figures.OTHERS).orElse(0) <= DISTURBED)
                .toList();
        double[] values = (quiet.isEmpty() ? runs : quiet)
                .stream()
                        .map(run -> run.get(name))
                        .filter(OptionalDouble::isPresent)
                        .mapToDouble(OptionalDouble::getAsDouble)
                        .sorted()
                        .toArray();
        if (values.length == 0) {
            return OptionalDouble.empty();
        }
        int middle = values.length / 2;
        return OptionalDouble.of(values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2);
    }

    private static String cell(OptionalDouble value) {
        if (value.isEmpty()) {
            return "–";
        }
        double number = value.getAsDouble();
        boolean whole = Math.abs(number) >= 100 || number == Math.rint(number);
        return String.format(Locale.ROOT, whole ? "%,.0f" : "%.1f", number);
    }

    private static String ratio(OptionalDouble value, OptionalDouble other) {
        if (value.isEmpty() || other.isEmpty() || other.getAsDouble() <= 0) {
            return "–";
        }
        return String.format(Locale.ROOT, "%.2f", value.getAsDouble() / other.getAsDouble());
    }
}
