package dev.bellhop.quickstart;

import dev.bellhop.api.auth.Passwords;
import dev.bellhop.model.config.Env;
import dev.bellhop.model.security.Role;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes an organisation and its first administrator in the database of an installation that runs. */
@Command(
        name = "organization",
        description = "Make an organisation with its first administrator, while ./bellhop up is running.",
        mixinStandardHelpOptions = true)
final class OrganizationCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "NAME", description = "The organisation's name.")
    private String name;

    @Parameters(index = "1", paramLabel = "EMAIL", description = "The administrator's address, for the login.")
    private String email;

    @Option(
            names = "--password",
            paramLabel = "PASSWORD",
            description = "The administrator's password; by default one is made up and printed.")
    private String password;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws StartFailure {
        PrintWriter out = spec.commandLine().getOut();
        String chosen = password == null ? randomPassword() : password;
        create(chosen);
        out.println("Made " + name + ". " + email + " logs in with "
                + (password == null ? "the password " + chosen : "that password") + ".");
        return 0;
    }

    private void create(String chosen) throws StartFailure {
        Env env = new Env(System.getenv());
        Path data = Path.of(env.text("BELLHOP_DATA_DIR", "data"));
        String url = env.text("BELLHOP_DATABASE_URL").isPresent()
                ? env.text("BELLHOP_DATABASE_URL").get()
                : EmbeddedDatabase.urlOfRunning(data);
        DemoData.Member admin = new DemoData.Member(email, email, Role.ADMIN, "", "");
        DemoData.Organization organization =
                new DemoData.Organization(name, List.of(), List.of(), List.of(admin), List.of(), List.of());
        try {
            Jdbi.create(url).useTransaction(tx -> DemoData.insert(tx, organization, Passwords.hash(chosen)));
        } catch (JdbiException e) {
            throw new StartFailure(
                    "The organisation cannot be made: "
                            + e.getCause().getMessage().lines().findFirst().orElse("")
                            + ".",
                    e);
        }
    }

    private static String randomPassword() {
        byte[] bytes = new byte[12];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
