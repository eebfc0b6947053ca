package dev.bellhop.torture;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CanaryScanTest {
    private static final String ONE = "cn01a234b567c890d1";
    private static final String OTHER = "cnffe0112233a45566";

    private final CanaryScan scan = new CanaryScan();
    private final List<String> found = new ArrayList<>();

    private void feed(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        scan.feed(bytes, 0, bytes.length, found::add);
    }

    @Test
    void findsEveryCanaryWhereverTheBytesAreCut() {
        String text = "{\"name\":\"Guest " + ONE + "\"}" + OTHER + ONE;
        for (int cut = 0; cut <= text.length(); cut++) {
            found.clear();
            feed(text.substring(0, cut));
            feed(text.substring(cut));
            assertThat(found).as("cut at %d", cut).containsExactly(ONE, OTHER, ONE);
        }
    }

    @Test
    void findsOneBehindABeginningThatCameToNothing() {
        feed("cn01ac" + ONE + " ccn " + "c" + OTHER);

        assertThat(found).containsExactly(ONE, OTHER);
    }

    @Test
    void takesNothingElseForACanary() {
        feed("cn01a234b567c890d CN01A234B567C890D1 cn01a234b567c890dg");

        assertThat(found).isEmpty();
    }

    @Test
    void takesTheEndOfOneStreamAndTheBeginningOfTheNextForTwoThings() {
        feed(ONE.substring(0, 9));
        scan.restart();
        feed(ONE.substring(9));

        assertThat(found).isEmpty();
        assertThat(scan.bytes()).isEqualTo(ONE.length());
    }
}
