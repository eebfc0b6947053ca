package dev.bellhop.torture;

import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.HistoryWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;

/**
 * Inflicts faults by a plan that the seed decides: those that the profile demands, spread over the run, and in between others
 * at intervals of chance. Never more than two at once, and never two on the same part.
 */
final class Nemesis {
    private static final int AT_ONCE = 2;

    /** Mean time between those that come by chance. */
    private static final Duration GAP = Duration.ofSeconds(9);

    private static final Duration PATIENCE = Duration.ofSeconds(3);
    private static final Duration POLL = Duration.ofMillis(100);

    /**
     * @param number in the plan, which is the same in every run of a seed and a profile
     * @param demanded by the profile: not left out when the time is over
     */
    private record Planned(int number, Duration at, Troubles.Trouble trouble, boolean demanded) {}

    /** A fault of the plan that came to pass. */
    record Inflicted(int number, Duration at, String name, String target) {
        @Override
        public String toString() {
            return "fault %d at %.1f s: %s, %s".formatted(number, at.toMillis() / 1e3, name, target);
        }
    }

    private final Troubles troubles;
    private final HistoryWriter history;
    private final Numbers numbers;
    private final List<Planned> plan = new ArrayList<>();
    /** Guarded by this, as are the following ones. */
    private final Set<String> busy = new HashSet<>();

    private int active;
    private final List<Inflicted> inflicted = new ArrayList<>();
    private TortureFailure failure;
    private volatile boolean stopping;
    private Thread thread;

    /**
     * @param time for which faults are inflicted
     * @param wanted of the faults of the plan, by their numbers
     */
    Nemesis(
            Troubles troubles,
            Profile profile,
            Duration time,
            IntPredicate wanted,
            HistoryWriter history,
            Chance chance,
            Numbers numbers) {
        this.troubles = troubles;
        this.history = history;
        this.numbers = numbers;
        // A long run follows the heap of one service of each kind: that one is spared after the first sixth.
        Duration sparing = profile.followsHeap() ? time.dividedBy(6) : time;
        spread(profile.kills() * 13 / 10, time, sparing, chance, troubles::kill);
        spread(profile.databaseCrashes(), time, sparing, chance, troubles::databaseCrash);
        spread(profile.rollingRestarts(), sparing, sparing, chance, troubles::rollingRestart);
        spread(profile.redisRestarts(), time, sparing, chance, troubles::redisRestart);
        spread(profile.retentions(), time, sparing, chance, troubles::retention);
        for (Duration at = chance.poisson(GAP); at.compareTo(time) < 0; at = at.plus(chance.poisson(GAP))) {
            troubles.spare(at.compareTo(sparing) > 0);
            add(at, troubles.other(), false);
        }
        plan.removeIf(planned -> !wanted.test(planned.number()));
        plan.sort(Comparator.comparing(Planned::at));
    }

    private interface Choice {
        Troubles.Trouble next();
    }

    private void spread(int count, Duration time, Duration sparing, Chance chance, Choice choice) {
        for (int i = 0; i < count; i++) {
            long slot = time.toMillis() / count;
            Duration at = Duration.ofMillis(slot * i + chance.below((int) slot));
            troubles.spare(at.compareTo(sparing) > 0);
            Troubles.Trouble trouble = choice.next();
            if (trouble != null) {
                add(at, trouble, true);
            }
        }
    }

    private void add(Duration at, Troubles.Trouble trouble, boolean demanded) {
        plan.add(new Planned(plan.size(), at, trouble, demanded));
    }

    void start() {
        thread = new Thread(this::run, "nemesis");
        thread.start();
    }

    private void run() {
        long begin = System.nanoTime();
        try {
            for (Planned planned : plan) {
                boolean taken = false;
                while (!taken && isWanted(planned, System.nanoTime() - begin)) {
                    taken = System.nanoTime() - begin >= planned.at().toNanos() && take(planned.trouble());
                    if (!taken) {
                        TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
                    }
                }
                if (!taken) {
                    continue;
                }
                new Thread(() -> inflict(planned), "fault-" + planned.trouble().name()).start();
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** What comes by chance makes way for what is demanded when there is no room at its time. */
    private boolean isWanted(Planned planned, long nanos) {
        return planned.demanded()
                || (!stopping && nanos < planned.at().plus(PATIENCE).toNanos());
    }

    private synchronized boolean take(Troubles.Trouble trouble) {
        boolean free = active < AT_ONCE && trouble.parts().stream().noneMatch(busy::contains);
        if (free) {
            active++;
            busy.addAll(trouble.parts());
        }
        return free;
    }

    private void inflict(Planned planned) {
        Troubles.Trouble trouble = planned.trouble();
        int fault = numbers.fault();
        history.write(new Entry.Fault(
                history.now(), fault, trouble.name(), trouble.target(), trouble.isKill(), trouble.hitsControl()));
        try {
            trouble.act().run();
            history.write(new Entry.Heal(history.now(), fault));
        } catch (TortureFailure e) {
            fail(e);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            fail(new TortureFailure("The fault " + trouble.name() + " could not be inflicted: " + e, e));
        } finally {
            give(planned);
        }
    }

    private synchronized void fail(TortureFailure e) {
        failure = e;
    }

    private synchronized void give(Planned planned) {
        Troubles.Trouble trouble = planned.trouble();
        active--;
        busy.removeAll(trouble.parts());
        inflicted.add(new Inflicted(planned.number(), planned.at(), trouble.name(), trouble.target()));
    }

    /**
     * Begins nothing new but what the profile demands, and waits until everything is healed.
     *
     * @throws TortureFailure when one could not be inflicted or healed
     */
    void stop() throws InterruptedException, TortureFailure {
        stopping = true;
        thread.join();
        while (isActive()) {
            TimeUnit.NANOSECONDS.sleep(POLL.toNanos());
        }
        troubles.requireHealed();
        requireAlive();
    }

    private synchronized boolean isActive() {
        return active > 0;
    }

    synchronized void requireAlive() throws TortureFailure {
        if (failure != null) {
            throw failure;
        }
    }

    /** In the order of the plan. */
    synchronized List<Inflicted> inflicted() {
        return inflicted.stream().sorted(Comparator.comparing(Inflicted::at)).toList();
    }
}
