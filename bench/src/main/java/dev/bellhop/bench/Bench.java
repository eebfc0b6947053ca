package dev.bellhop.bench;

import dev.bellhop.model.wire.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the realtime service against other servers in one run. Docs: docs/benchmark.md. */
@Command(
        name = "./bellhop bench",
        description = "Measure the realtime service against Centrifugo and the least that a server can do."
                + " Takes minutes and both processors; see docs/benchmark.md.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class Bench implements Callable<Integer> {
    private static final String SERVER_PROCESSOR = "0";
    private static final String CLIENT_PROCESSOR = "1";
    private static final DateTimeFormatter CLOCK = DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT);

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "SERVER",
            description =
                    "bellhop, bellhop-redis, centrifugo-history, centrifugo, anycable-history, anycable, floor; all by"
                            + " default.")
    private List<String> only = List.of();

    @Option(
            names = "--tests",
            split = ",",
            paramLabel = "TEST",
            description =
                    "fan1k, fan5k, fan1k-4, rate1k, idle10k, storm, reconnect, return5k, cuts, hold15k, stalled, ingest, api-writes, api-list,"
                            + " api-latency; all by default.")
    private List<String> tests =
            Arrays.stream(Workload.values()).map(Workload::id).toList();

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "3",
            description = "Length of each measured phase, 1 to 60; ${DEFAULT-VALUE} by default.")
    private int seconds;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Rounds over all servers, 1 to 20; the table holds the medians; ${DEFAULT-VALUE} by default.")
    private int runs;

    @Option(
            names = "--window",
            paramLabel = "N",
            defaultValue = "64",
            description = "Messages in flight in fan1k and fan5k, 1 to 10000; ${DEFAULT-VALUE} by default.")
    private int window;

    @Option(
            names = "--home",
            paramLabel = "DIRECTORY",
            defaultValue = ".",
            hidden = true,
            description = "The project's directory.")
    private Path home;

    @Spec
    private CommandSpec spec;

    private Bench() {}

    /** Ends with status 0 when all went well, 1 when a message was missing, doubled or out of order, or nothing could be measured. */
    public static void main(String[] arguments) {
        CommandLine command = new CommandLine(new Bench()).setExecutionExceptionHandler((failure, line, parsed) -> {
            if (failure instanceof BenchFailure || failure instanceof ProtocolFailure) {
                line.getErr().println("bellhop: " + failure.getMessage());
                return CommandLine.ExitCode.SOFTWARE;
            }
            throw failure;
        });
        System.exit(command.execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        requireRange("--seconds", seconds, 1, 60);
        requireRange("--runs", runs, 1, 20);
        requireRange("--window", window, 1, 10_000);
        List<Workload> workloads = new ArrayList<>();
        for (String test : tests) {
            workloads.add(Workload.of(test));
        }
        if (Linux.processors() < 2) {
            throw new BenchFailure("The benchmark needs a processor for the server and one for the load.");
        }
        Linux.pinThisProcess(CLIENT_PROCESSOR);
        Path root = home.toAbsolutePath().normalize();
        Path work = Files.createDirectories(root.resolve("bench/target/run"));
        try (Processes processes = new Processes();
                Servers servers = new Servers(root, work, SERVER_PROCESSOR, processes)) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(processes, servers), "stop"));
            try {
                return measure(processes, servers, workloads, root.resolve("bench/target/bench.json"));
            } catch (BenchFailure | ProtocolFailure | IOException e) {
                if (processes.isClosed()) {
                    new CountDownLatch(1).await(); // the run was stopped, and the thread above ends the process
                }
                throw e;
            }
        }
    }

    private void requireRange(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " is " + value + " and must be " + least + " to " + most + ".");
        }
    }

    private static void stop(Processes processes, Servers servers) {
        processes.close();
        try {
            servers.close();
        } catch (BenchFailure e) {
            System.err.println("bellhop: " + e.getMessage());
        }
    }

    private Integer measure(Processes processes, Servers servers, List<Workload> workloads, Path json)
            throws BenchFailure, IOException {
        Measurements measurements = new Measurements(
                Duration.ofSeconds(seconds),
                window,
                servers::databaseProcess,
                new Ingest(servers.clients().organization(), servers.eventSecret()));
        List<Server> present = present(servers);
        List<Workload> ofServers =
                workloads.stream().filter(workload -> !workload.isOfApi()).toList();
        List<Workload> ofApi = workloads.stream().filter(Workload::isOfApi).toList();
        ApiMeasurements api = new ApiMeasurements(Duration.ofSeconds(seconds), servers);
        Report report = new Report();
        List<String> faults = new ArrayList<>();
        // Rounds, so that a slow phase of the machine meets every server alike.
        for (int run = 1; run <= runs; run++) {
            for (Server server : ofServers.isEmpty() ? List.<Server>of() : present) {
                say("round " + run + " of " + runs + ", " + server.name());
                try {
                    measurements.measure(server, ofServers, (workload, figures) -> {
                        report.add(server.name(), workload, figures);
                        say("  " + workload.id() + " " + figures);
                    });
                } catch (BenchFailure | ProtocolFailure e) {
                    if (processes.isClosed()) {
                        throw e;
                    }
                    faults.add(server.name() + ", round " + run + ": " + e.getMessage());
                    say("  failed: " + e.getMessage());
                }
                write(json, report);
            }
            if (!ofApi.isEmpty() && (only.isEmpty() || only.contains("bellhop"))) {
                say("round " + run + " of " + runs + ", the API service");
                Linux.unpin(ProcessHandle.current());
                try {
                    api.measure(ofApi, (server, workload, figures) -> {
                        report.add(server, workload, figures);
                        say("  " + workload.id() + " " + server + " " + figures);
                    });
                } catch (BenchFailure | ProtocolFailure e) {
                    if (processes.isClosed()) {
                        throw e;
                    }
                    faults.add("API service, round " + run + ": " + e.getMessage());
                    say("  failed: " + e.getMessage());
                }
                write(json, report);
                Linux.pinThisProcess(CLIENT_PROCESSOR);
            }
        }
        faults.addAll(measurements.faults());
        PrintWriter out = spec.commandLine().getOut();
        out.println("Medians of " + runs + " runs of " + seconds + " s, " + window
                + " messages in flight where nothing else is said, 200 bytes a message.");
        out.println();
        out.print(report.markdown());
        out.println("Every figure of every run: " + json);
        faults.forEach(fault -> out.println("FAILED: " + fault));
        out.flush();
        return faults.isEmpty() ? 0 : 1;
    }

    /** Those that were asked for and can run here. */
    private List<Server> present(Servers servers) throws BenchFailure {
        List<Server> present = new ArrayList<>();
        for (String name : only) {
            if (servers.all().stream().noneMatch(server -> server.name().equals(name))) {
                throw new BenchFailure("There is no server \"" + name + "\" to measure.");
            }
        }
        for (Server server : servers.all()) {
            if (!only.isEmpty() && !only.contains(server.name())) {
                continue;
            }
            Optional<String> absence = server.absence();
            if (absence.isPresent()) {
                say(server.name() + " is left out: " + absence.get());
            } else {
                present.add(server);
            }
        }
        if (present.isEmpty()) {
            throw new BenchFailure("There is no server to measure.");
        }
        return present;
    }

    private void write(Path json, Report report) throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("written_at", Instant.now().toString());
        document.put("seconds", seconds);
        document.put("window", window);
        document.put("java", System.getProperty("java.vm.version"));
        document.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        document.put("tests", report.values());
        Files.writeString(json, Json.mapper().writerWithDefaultPrettyPrinter().writeValueAsString(document));
    }

    private void say(String line) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(CLOCK.format(LocalTime.now(ZoneOffset.UTC)) + " " + line);
        err.flush();
    }
}
