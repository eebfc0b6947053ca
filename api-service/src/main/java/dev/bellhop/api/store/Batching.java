package dev.bellhop.api.store;

import dev.bellhop.db.SqlErrors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Does calls of one organisation that come at the same time together: under load one round trip and one commit serve many,
 * and a call that comes alone waits for nobody. What comes while a group is under way waits and is the next group, done by
 * the thread of its first call; past a group that takes long others go by. A group begins after all of its calls came, so it
 * sees what was committed before any of them. Thread-safe.
 *
 * @param <Q> what is asked
 * @param <A> the answer, never null
 */
public final class Batching<Q, A> {
    /** After this a group, which may wait for a lock, no longer keeps those back that come. */
    private static final long LONG_NANOS = Duration.ofMillis(50).toNanos();

    /** Most groups of an organisation at a time, so that one whose groups hang leaves connections for others. */
    private static final int AT_ONCE = 4;

    private static final int MAX_GROUP = 128;

    /** What is done with a group. */
    @FunctionalInterface
    public interface Work<Q, A> {
        /** @return the answers in the order of the questions; a fault of one question may fail them all */
        List<A> answer(UUID orgId, List<Q> questions);
    }

    private final Work<Q, A> work;
    private final ConcurrentHashMap<UUID, Lane<Q, A>> lanes = new ConcurrentHashMap<>();

    public Batching(Work<Q, A> work) {
        this.work = work;
    }

    /**
     * Fails as the work does; a group that fails for other reasons than the database's state is done call by call. Not to be
     * called in a transaction: the work would join it, for all of its group.
     */
    public A call(UUID orgId, Q question) {
        Call<Q, A> call = new Call<>(question);
        lanes.compute(orgId, (id, known) -> {
            Lane<Q, A> lane = known == null ? new Lane<>() : known;
            lane.waiting.add(call);
            lane.beginIfOpen();
            return lane;
        });
        turn(orgId, call).ifPresent(group -> answer(orgId, group));
        if (call.failure != null) {
            throw call.failure;
        }
        return call.answer != null
                ? call.answer
                : work.answer(orgId, List.of(question)).get(0);
    }

    private Optional<List<Call<Q, A>>> turn(UUID orgId, Call<Q, A> call) {
        try {
            return call.turn.get(LONG_NANOS, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            lanes.computeIfPresent(orgId, (id, lane) -> {
                lane.beginIfOpen();
                return lane;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the work notices it; the group may be this thread's to do
        } catch (ExecutionException e) {
            throw new IllegalStateException("a turn does not fail", e);
        }
        return call.turn.join();
    }

    private void answer(UUID orgId, List<Call<Q, A>> group) {
        try {
            List<A> answers =
                    work.answer(orgId, group.stream().map(call -> call.question).toList());
            for (int i = 0; i < group.size(); i++) {
                group.get(i).answer = answers.get(i);
            }
        } catch (RuntimeException failure) {
            if (group.size() == 1 || SqlErrors.isTransient(failure)) {
                group.forEach(call -> call.failure = failure);
            }
        } finally {
            passOn(orgId);
            group.forEach(call -> call.turn.complete(Optional.empty()));
        }
    }

    /** Gives the place among those under way to the first that waits. */
    private void passOn(UUID orgId) {
        lanes.computeIfPresent(orgId, (id, lane) -> {
            if (lane.waiting.isEmpty()) {
                lane.groups--;
                return lane.groups == 0 ? null : lane;
            }
            lane.beginNext();
            return lane;
        });
    }

    /** One organisation's calls. Guarded by the lock of its entry in {@link #lanes}. */
    private static final class Lane<Q, A> {
        private List<Call<Q, A>> waiting = new ArrayList<>();
        private int groups;
        private long begun;

        void beginIfOpen() {
            boolean open = groups == 0 || (groups < AT_ONCE && System.nanoTime() - begun > LONG_NANOS);
            if (open && !waiting.isEmpty()) {
                groups++;
                beginNext();
            }
        }

        /** Wakes the thread that is to do the next group. */
        void beginNext() {
            begun = System.nanoTime();
            int size = Math.min(MAX_GROUP, waiting.size());
            List<Call<Q, A>> group = waiting.subList(0, size);
            waiting = new ArrayList<>(waiting.subList(size, waiting.size()));
            group.get(0).turn.complete(Optional.of(group));
        }
    }

    private static final class Call<Q, A> {
        final Q question;

        /** The group that this call's thread is to do; empty once another thread has done it. */
        final CompletableFuture<Optional<List<Call<Q, A>>>> turn = new CompletableFuture<>();

        /** Written before the turn is complete, as is {@link #failure}. Neither: the group failed, and the call is to be done alone. */
        A answer;

        RuntimeException failure;

        Call(Q question) {
            this.question = question;
        }
    }
}
