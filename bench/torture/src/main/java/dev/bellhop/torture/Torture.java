package dev.bellhop.torture;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Kills, cuts and stalls everything for a while and checks that every promise was kept. Docs: docs/reliability.md. */
@Command(
        name = "./bellhop torture",
        description =
                "Run two of each service with their stores, make them suffer, and prove from a recorded history that"
                        + " nothing was lost, repeated, reordered or leaked; see docs/reliability.md.",
        mixinStandardHelpOptions = true,
        sortOptions = false)
public final class Torture implements Callable<Integer> {
    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides load, clients and faults; by default another one each time.")
    private Long seed;

    @Option(
            names = "--duration",
            paramLabel = "SECONDS",
            description = "From the first process to the check, 45 to 86400; that of the profile by default.")
    private Integer seconds;

    @Option(
            names = "--profile",
            paramLabel = "NAME",
            description = "ci (90 s), main (5 min) or soak (1 h); by default the one that fits the duration.")
    private String profileName;

    @Option(names = "--clients", paramLabel = "N", description = "Connected at any time, 10 to 2000.")
    private Integer clients;

    @Option(
            names = "--engine",
            paramLabel = "NAME",
            defaultValue = "postgres",
            description = "Where the log is: postgres or redis; ${DEFAULT-VALUE} by default.")
    private String engine;

    @Option(
            names = "--retentions",
            paramLabel = "N",
            description =
                    "So often a node comes that takes all but the newest events out of the logs, 0 to 20; that of the"
                            + " profile by default. Only with it may a resume be refused.")
    private Integer retentions;

    @Option(
            names = "--cut",
            paramLabel = "MILLISECONDS",
            defaultValue = "1000",
            description =
                    "Longest time until the sockets of somebody are closed whose right has ended, outside of faults;"
                            + " ${DEFAULT-VALUE} by default. More where other programs take the processors.")
    private int cutMillis;

    @Option(
            names = "--defect",
            paramLabel = "NAME",
            description = "Plant a defect of bench/torture-agent into the services: then the run has to fail.")
    private String defect;

    @Option(
            names = "--shrink",
            paramLabel = "RUNS",
            defaultValue = "0",
            description =
                    "When a promise was broken, run again with fewer and fewer of the faults, at most so many times, and say"
                            + " which of them were enough.")
    private int shrinkRuns;

    @Option(
            names = "--check",
            paramLabel = "FILE",
            description = "Run nothing; judge the history of an earlier run by the demands of the profile.")
    private Path recorded;

    @Option(names = "--home", paramLabel = "DIRECTORY", defaultValue = ".", hidden = true)
    private Path home;

    @Spec
    private CommandSpec spec;

    private Torture() {}

    /** Ends with status 0 when every promise was kept, else with 1; the last line on standard output says which. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Torture()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        Profile profile = profile();
        long chosen = seed == null ? System.nanoTime() % 1_000_000_007 : seed;
        Path root = home.toAbsolutePath().normalize();
        Path directory = root.resolve("bench/torture/target");
        Run run = run(root, directory.resolve("run"), profile, number -> true, chosen);
        try {
            if (recorded != null) {
                return run.judge(recorded) ? 0 : 1;
            }
            boolean passed = run.call();
            if (!passed && shrinkRuns > 0 && !run.violated().isEmpty()) {
                shrink(run, wanted -> run(root, directory.resolve("shrink"), profile, wanted, chosen));
            }
            return passed ? 0 : 1;
        } catch (TortureFailure e) {
            if (e.getCause() != null) {
                e.getCause().printStackTrace();
            }
            System.out.println("FAIL seed " + chosen + ": the test did not come to its end: " + e.getMessage());
            return 1;
        }
    }

    private Run run(Path root, Path work, Profile profile, IntPredicate faults, long chosen) {
        return new Run(
                root,
                work,
                profile,
                engine(),
                Optional.ofNullable(defect),
                faults,
                Duration.ofMillis(cutMillis),
                chosen,
                System.out);
    }

    /** A run with fewer faults fails as the first one did when it breaks one of the same promises. */
    private void shrink(Run failed, Function<IntPredicate, Run> again) throws Exception {
        List<Nemesis.Inflicted> enough = Shrinking.shrink(
                failed.inflicted(),
                faults -> {
                    Set<Integer> numbers =
                            faults.stream().map(Nemesis.Inflicted::number).collect(Collectors.toSet());
                    Run run = again.apply(numbers::contains);
                    run.call();
                    return run.violated().stream().anyMatch(failed.violated()::contains);
                },
                shrinkRuns);
        System.out.println("shrunk        of " + failed.inflicted().size() + " faults these were enough: "
                + (enough.isEmpty() ? "none" : ""));
        enough.forEach(fault -> System.out.println("              " + fault));
    }

    private Profile profile() {
        Profile profile = Profile.MAIN;
        if (profileName != null) {
            try {
                profile = Profile.named(profileName);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(spec.commandLine(), e.getMessage(), e);
            }
        }
        if (seconds != null) {
            requireRange("--duration", seconds, 45, 86_400);
            Duration duration = Duration.ofSeconds(seconds);
            profile = profileName == null ? Profile.lasting(duration) : profile.scaled(duration);
        }
        if (clients != null) {
            requireRange("--clients", clients, 10, 2000);
            profile = profile.withClients(clients);
        }
        if (retentions != null) {
            requireRange("--retentions", retentions, 0, 20);
            profile = profile.withRetentions(retentions);
        }
        return profile;
    }

    private Cluster.Engine engine() {
        return switch (engine) {
            case "postgres" -> Cluster.Engine.POSTGRES;
            case "redis" -> Cluster.Engine.REDIS;
            default -> throw new ParameterException(spec.commandLine(), "--engine is postgres or redis.");
        };
    }

    private void requireRange(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " is " + value + " and must be " + least + " to " + most + ".");
        }
    }
}
