package dev.bellhop.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProfileTest {
    @Test
    void aProfileOfItsOwnLengthDemandsWhatItsNameSays() {
        assertThat(Profile.lasting(Duration.ofSeconds(90))).isEqualTo(Profile.CI);
        assertThat(Profile.lasting(Duration.ofMinutes(5))).isEqualTo(Profile.MAIN);
        assertThat(Profile.lasting(Duration.ofHours(1))).isEqualTo(Profile.SOAK);
    }

    @Test
    void aShorterRunIsAskedForLess() {
        Profile half = Profile.lasting(Duration.ofMinutes(30));

        assertThat(half.name()).isEqualTo("soak");
        assertThat(half.kills()).isBetween(90, 110);
        assertThat(half.deliveries()).isBetween(450_000L, 550_000L);
    }

    @Test
    void fewerClientsAreToldLess() {
        assertThat(Profile.MAIN.withClients(30).deliveries()).isEqualTo(75_000);
        assertThat(Profile.MAIN.withClients(600).deliveries()).isEqualTo(150_000);
    }

    @Test
    void mostOfTheTimeIsForFaults() {
        assertThat(Profile.CI.faultTime()).isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
        assertThat(Profile.MAIN.faultTime()).isGreaterThan(Duration.ofSeconds(225));
    }
}
