package dev.bellhop.api.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientAddressesTest {
    private final ClientAddresses addresses = new ClientAddresses(List.of("10.0.0.0/8", "2001:db8::1"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "203.0.113.7 |                              | 203.0.113.7",
                "203.0.113.7 | 198.51.100.1                 | 203.0.113.7",
                "10.1.2.3    |                              | 10.1.2.3",
                "10.1.2.3    | 198.51.100.1                 | 198.51.100.1",
                "10.1.2.3    | 6.6.6.6, 198.51.100.1        | 198.51.100.1",
                "10.1.2.3    | 6.6.6.6, 198.51.100.1, 10.9.9.9 | 198.51.100.1",
                "2001:db8::1 | 2001:db8::2                  | 2001:db8::2",
                "2001:db8::2 | 198.51.100.1                 | 2001:db8::2",
                "10.1.2.3    | evil.example                 | 10.1.2.3",
                "10.1.2.3    | 198.51.100.1, garbage        | 10.1.2.3",
                "11.1.2.3    | 198.51.100.1                 | 11.1.2.3"
            })
    @DisplayName("B15 the header counts from a named proxy only, and from its right end")
    void client(String peer, String header, String expected) {
        assertThat(addresses.client(peer, header)).isEqualTo(expected);
    }

    @Test
    @DisplayName("B15 without the setting nobody is believed")
    void off() {
        assertThat(new ClientAddresses(List.of()).client("127.0.0.1", "198.51.100.1"))
                .isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"proxy.example", "10.0.0.0/33", "10.0.0.0/x", "10.0.0/8", ""})
    @DisplayName("what is no address is named at the start")
    void wrong(String setting) {
        assertThatThrownBy(() -> new ClientAddresses(List.of(setting)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"" + setting + "\"");
    }
}
