package dev.bellhop.torture.check;

import dev.bellhop.torture.history.Entry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** When the services were being hurt. {@link #finish} stands between what is added and what is asked. */
final class FaultWindows {
    private record Window(long from, long to, boolean control) {}

    /** By their beginning, each with the latest end of those up to it. */
    private static final class Sorted {
        private final long[] from;
        private final long[] latestEnd;

        Sorted(List<Window> windows) {
            List<Window> sorted = new ArrayList<>(windows);
            sorted.sort(Comparator.comparingLong(Window::from));
            from = sorted.stream().mapToLong(Window::from).toArray();
            latestEnd = sorted.stream().mapToLong(Window::to).toArray();
            Arrays.parallelPrefix(latestEnd, Math::max);
        }

        boolean overlaps(long begin, long end) {
            int low = 0;
            int high = from.length;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (from[middle] <= end) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low > 0 && latestEnd[low - 1] >= begin;
        }
    }

    private final Map<Integer, Entry.Fault> open = new HashMap<>();
    private final List<Window> windows = new ArrayList<>();
    private Sorted all = new Sorted(List.of());
    private Sorted control = new Sorted(List.of());
    private int faults;
    private int kills;

    void add(Entry.Fault fault) {
        faults++;
        kills += fault.kill() ? 1 : 0;
        open.put(fault.fault(), fault);
    }

    void add(Entry.Heal heal, Findings findings) {
        Entry.Fault fault = open.remove(heal.fault());
        if (fault == null) {
            findings.refuse("fault %d was healed and had not begun", heal.fault());
        } else {
            windows.add(new Window(fault.at(), heal.at(), fault.control()));
        }
    }

    /** Every fault has to be over before the end can be quiet. */
    void finish(Findings findings) {
        open.values()
                .forEach(fault -> findings.refuse(
                        "fault %d (%s of %s) was not healed", fault.fault(), fault.name(), fault.target()));
        all = new Sorted(windows);
        control = new Sorted(windows.stream().filter(Window::control).toList());
    }

    int faults() {
        return faults;
    }

    int kills() {
        return kills;
    }

    /** Whether there was a fault at some moment of a time. */
    boolean overlap(long from, long to) {
        return all.overlaps(from, to);
    }

    /** The same of faults that slow down control events. */
    boolean overlapControl(long from, long to) {
        return control.overlaps(from, to);
    }
}
