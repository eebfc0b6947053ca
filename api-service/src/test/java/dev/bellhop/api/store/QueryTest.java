package dev.bellhop.api.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellhop.api.RunningApi;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class QueryTest {
    @RegisterExtension
    static final RunningApi api = new RunningApi();

    /** Echoes its parameters, with the transaction that it ran in. */
    private record Echo(List<String> words) implements Query<List<String>> {
        @Override
        public String sql() {
            return "select txid_current()::text" + ", cast(? as text)".repeat(words.size());
        }

        @Override
        public int parameters() {
            return words.size();
        }

        @Override
        public void bind(PreparedStatement statement, int before) throws SQLException {
            for (int i = 0; i < words.size(); i++) {
                statement.setString(before + i + 1, words.get(i));
            }
        }

        @Override
        public List<String> read(ResultSet rows) throws SQLException {
            assertThat(rows.next()).isTrue();
            String[] said = new String[words.size() + 1];
            for (int i = 0; i < said.length; i++) {
                said[i] = rows.getString(i + 1);
            }
            return List.of(said);
        }
    }

    @Test
    @DisplayName(
            "two queries go to the database in one message: each gets its parameters, and both are one transaction")
    void together() {
        Echo first = new Echo(List.of("a", "b"));
        Echo second = new Echo(List.of("c"));
        api.jdbi()
                .useHandle(handle -> Direct.with(handle, connection -> {
                    for (int time = 0;
                            time < 10;
                            time++) { // the driver prepares them at the server from the fifth time on
                        Query.Both<List<String>, List<String>> both = Query.on(connection, first, second);
                        String transaction = both.first().get(0);
                        assertThat(both.first()).containsExactly(transaction, "a", "b");
                        assertThat(both.second()).containsExactly(transaction, "c");
                        assertThat(first.on(connection)).doesNotContain(transaction);
                    }
                    return null;
                }));
    }
}
