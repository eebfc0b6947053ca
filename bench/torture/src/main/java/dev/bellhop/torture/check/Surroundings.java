package dev.bellhop.torture.check;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** The piece of a history in which something went wrong. */
final class Surroundings {
    private static final int LONGEST = 400;

    private Surroundings() {}

    /** Prints the lines around one of them, each with its number and cut to a readable length. */
    static void print(Path history, long line, int lines, PrintStream out) throws IOException {
        long first = Math.max(1, line - lines / 2);
        try (BufferedReader reader = Files.newBufferedReader(history)) {
            String text = reader.readLine();
            for (long number = 1; text != null && number < first + lines; number++, text = reader.readLine()) {
                if (number >= first) {
                    String cut = text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
                    out.printf("%s%8d %s%n", number == line ? ">" : " ", number, cut);
                }
            }
        }
    }
}
