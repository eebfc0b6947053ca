package dev.bellhop.quickstart;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine.Command;

/** Starts everything and stays until it is told to stop. */
@Command(
        name = "up",
        description = "Start everything: PostgreSQL, both services, demo data. Ctrl-C stops it.",
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
    /** A stop that was asked for is no failure; the JVM alone would answer a signal with 128 and its number. */
    private final AtomicInteger status = new AtomicInteger();

    @Override
    public Integer call() throws Exception {
        Settings settings = Settings.from(System.getenv());
        Installation installation = new Installation();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(installation), "stop"));
        try {
            installation.start(settings, System.out);
        } catch (Exception e) {
            if (installation.isStopping()) {
                new CountDownLatch(1).await(); // the thread above ends the process
            }
            status.set(1);
            throw e;
        }
        installation.awaitDatabaseExit();
        if (installation.isStopping()) {
            new CountDownLatch(1).await();
        }
        status.set(1);
        throw new StartFailure("The embedded PostgreSQL has ended; its log is "
                + settings.dataDirectory().resolve("postgresql/server.log") + ".");
    }

    private void stop(Installation installation) {
        installation.close();
        System.out.flush();
        Runtime.getRuntime().halt(status.get());
    }
}
