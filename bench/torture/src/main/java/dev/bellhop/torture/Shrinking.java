package dev.bellhop.torture;

import java.util.ArrayList;
import java.util.List;

/**
 * Finds few causes of a failure among many by leaving more and more out: delta debugging, the algorithm ddmin (Zeller and Hildebrandt,
 * "Simplifying and Isolating Failure-Inducing Input", 2002). It asks first whether any cause is needed. What it finds has failed; where
 * failing is a matter of luck, or the trials were used up, less might have done.
 */
final class Shrinking {
    /** One trial. */
    interface Trial<T> {
        /** @return whether it fails with these causes only */
        boolean fails(List<T> causes) throws Exception;
    }

    private Shrinking() {}

    /**
     * @param causes with which it has failed
     * @param most trials
     * @return the fewest that have failed, in their order
     */
    static <T> List<T> shrink(List<T> causes, Trial<T> trial, int most) throws Exception {
        Counted<T> counted = new Counted<>(trial, most);
        if (counted.fails(List.of())) {
            return List.of();
        }
        List<T> failing = causes;
        int parts = 2;
        while (failing.size() > 1 && counted.left > 0) {
            List<T> smaller = smaller(failing, parts, counted);
            if (smaller.size() < failing.size()) {
                // A part alone is cut in two again; where one part was left out, the others keep their size.
                parts = smaller.size() <= (failing.size() + parts - 1) / parts ? 2 : Math.max(2, parts - 1);
                failing = smaller;
            } else if (parts < failing.size()) {
                parts = Math.min(failing.size(), 2 * parts);
            } else {
                break;
            }
        }
        return failing;
    }

    /** @return a part that fails alone, or all but a part that fail; otherwise the same */
    private static <T> List<T> smaller(List<T> failing, int parts, Counted<T> trial) throws Exception {
        for (int part = 0; part < parts; part++) {
            List<T> only = slice(failing, part, parts);
            if (trial.fails(only)) {
                return only;
            }
        }
        for (int part = 0; parts > 2 && part < parts; part++) {
            List<T> others = new ArrayList<>(failing);
            others.removeAll(slice(failing, part, parts));
            if (trial.fails(others)) {
                return others;
            }
        }
        return failing;
    }

    private static <T> List<T> slice(List<T> all, int part, int parts) {
        return all.subList(all.size() * part / parts, all.size() * (part + 1) / parts);
    }

    private static final class Counted<T> {
        private final Trial<T> trial;
        private int left;

        Counted(Trial<T> trial, int most) {
            this.trial = trial;
            this.left = most;
        }

        boolean fails(List<T> causes) throws Exception {
            if (left == 0) {
                return false;
            }
            left--;
            return trial.fails(List.copyOf(causes));
        }
    }
}
