package dev.bellhop.quickstart;

import dev.bellhop.model.config.LogFormat;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The commands of {@code ./bellhop} that need Java. */
@Command(
        name = "bellhop",
        description = "A REST API and a realtime service that never silently lose, repeat, reorder or leak an event.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {UpCommand.class, TokenCommand.class, TryCommand.class})
public final class Bellhop implements Runnable {
    private Bellhop() {}

    /** Ends with status 0 when all went well, 1 when the command could not do its work, 2 for a wrong command line. */
    public static void main(String[] arguments) {
        LogFormat.apply(System.getenv());
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Bellhop()).setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof StartFailure) {
                complain(command.getErr(), failure.getMessage());
                return CommandLine.ExitCode.SOFTWARE;
            }
            throw failure;
        });
    }

    private static void complain(PrintWriter err, String message) {
        message.lines().forEach(line -> err.println("bellhop: " + line));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
