package dev.bellhop.realtime;

import dev.bellhop.realtime.testing.RunningRealtime;
import org.junit.jupiter.api.extension.RegisterExtension;

class PostgresClusterTest extends ClusterContractTest {
    @RegisterExtension
    static final RunningRealtime realtime = node();

    @Override
    RunningRealtime first() {
        return realtime;
    }
}
