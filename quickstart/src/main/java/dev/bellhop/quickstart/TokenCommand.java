package dev.bellhop.quickstart;

import java.io.PrintWriter;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints an access token and nothing else, so that it fits into {@code $(…)}. */
@Command(name = "token", description = "Print an access token, for curl.", mixinStandardHelpOptions = true)
final class TokenCommand implements Callable<Integer> {
    private static final Duration SERVICE_LIFE = Duration.ofHours(1);

    /** Whose token. */
    static final class Bearer {
        @Parameters(paramLabel = "EMAIL", description = "The user who logs in at the running API service.")
        private String email;

        @Option(
                names = "--service",
                description = "A token for machines, good for an hour, made with the installation's own secret or key.")
        private boolean service;
    }

    @ArgGroup(multiplicity = "1")
    private Bearer bearer;

    @Option(
            names = "--password",
            paramLabel = "PASSWORD",
            description = "The user's password; that of the demo by default.")
    private String password = DemoData.PASSWORD;

    @Option(
            names = "--api",
            paramLabel = "URL",
            description = "Where the API service is; http://127.0.0.1 and BELLHOP_API_PORT by default.")
    private URI api;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws StartFailure {
        PrintWriter out = spec.commandLine().getOut();
        if (bearer.service) {
            out.println(Keys.from(System.getenv()).service(SERVICE_LIFE));
        } else {
            out.println(new Http(api()).login(bearer.email, password));
        }
        return 0;
    }

    private URI api() throws StartFailure {
        return api == null ? Addresses.local(System.getenv(), "BELLHOP_API_PORT", 8080) : api;
    }
}
