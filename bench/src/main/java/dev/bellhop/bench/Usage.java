package dev.bellhop.bench;

import java.io.IOException;
import java.util.Optional;

/** Processor time in seconds: of the whole machine, and of those who take part in a measurement. */
record Usage(Linux.Machine machine, double server, double client, double database) {
    static Usage now(Server.Running server, Optional<ProcessHandle> database) throws IOException {
        return new Usage(
                Linux.Machine.now(),
                Linux.treeSeconds(server.process()),
                Linux.ownSeconds(),
                database.isPresent() ? Linux.treeSeconds(database.get()) : 0);
    }

    Usage since(Usage before) {
        return new Usage(
                new Linux.Machine(machine.total() - before.machine.total(), machine.busy() - before.machine.busy()),
                server - before.server,
                client - before.client,
                database - before.database);
    }

    /** The share of all processors that neither side nor the database used: above 0.15 a figure is disturbed. */
    double others() {
        return Math.max(0, machine.busy() - server - client - database) / Math.max(0.01, machine.total());
    }
}
