package dev.bellhop.torture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.bellhop.model.security.Role;
import dev.bellhop.torture.history.Entry;
import dev.bellhop.torture.history.Entry.Effect;
import dev.bellhop.torture.history.EventKeys;
import dev.bellhop.torture.history.HistoryWriter;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Makes operations at a steady mean rate, whatever becomes of them, and writes down what was asked and what was answered. */
final class Generator implements AutoCloseable {
    private static final int THREADS = 24;
    private static final int MOST_UNDER_WAY = 48;
    private static final int HOT_PER_MILLE = 500;
    private static final int LARGEST_BATCH = 20;

    /** Of 45 kB each. */
    private static final int ANNOUNCEMENTS = 30;

    private static final int LONG_WORDS = 9000;

    /** A POST with a key is repeated for so long, anything else never. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private static final Duration PAUSE = Duration.ofMillis(250);

    /** For which nobody gives back what was just taken: a revocation has to be seen to work. */
    private static final Duration REST = Duration.ofMillis(2500);

    private static final int CONFLICT = 409;
    private static final int TOO_MANY = 429;

    private interface Plan {
        void run() throws InterruptedException;
    }

    /** @param perMille of all operations */
    private record Share(int perMille, Consumer<World.Org> plan) {}

    /**
     * What became of an operation.
     *
     * @param body of the answer, where it was done
     */
    private record Outcome(boolean done, Optional<JsonNode> body) {}

    /** What the generator knows to be there. Guarded by itself. */
    private static final class Stock {
        private final List<String> entities = new ArrayList<>();
        private final List<String> applications = new ArrayList<>();
        private final List<String> shares = new ArrayList<>();
        private final Set<String> sharedPairs = new HashSet<>();
        private final Set<String> sharedEntities = new HashSet<>();
    }

    private final World world;
    private final Cluster cluster;
    private final Api api;
    private final HistoryWriter history;
    private final Chance chance;
    private final Numbers numbers;
    private final Map<World.Org, Stock> stocks = new HashMap<>();
    private final List<Share> mix = new ArrayList<>();
    private final ExecutorService workers =
            Executors.newFixedThreadPool(THREADS, task -> new Thread(task, "operations"));
    private final Timer timer = new Timer("operations-later", true);
    private final Semaphore slots = new Semaphore(MOST_UNDER_WAY);
    /** Operations under way, and those that follow from them. */
    private final Phaser underWay = new Phaser(1);

    private final AtomicReference<World.Org> disabled = new AtomicReference<>();
    private final Map<Integer, AtomicInteger> statuses = new TreeMap<>();
    private final AtomicLong done = new AtomicLong();
    private final AtomicLong unknown = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong leftOut = new AtomicLong();
    /** Guarded by itself. */
    private final List<String> faults = new ArrayList<>();

    private volatile boolean stopping;
    private volatile boolean rightsChange;
    private Thread dispatcher;

    Generator(World world, Cluster cluster, HistoryWriter history, Chance chance, Numbers numbers) {
        this.world = world;
        this.cluster = cluster;
        this.api = new Api(cluster.tokens());
        this.history = history;
        this.chance = chance;
        this.numbers = numbers;
        world.orgs().forEach(org -> stocks.put(org, new Stock()));
        mix.add(new Share(270, this::createEntity));
        mix.add(new Share(200, this::changeEntity));
        mix.add(new Share(40, this::deleteEntity));
        mix.add(new Share(30, this::apply));
        mix.add(new Share(15, this::decide));
        mix.add(new Share(25, this::notifyUser));
        mix.add(new Share(20, this::broadcast));
        mix.add(new Share(1, any -> announce()));
        mix.add(new Share(70, this::share));
        mix.add(new Share(30, this::revokeShare));
        mix.add(new Share(30, this::createBatch));
        mix.add(new Share(100, this::chat));
        mix.add(new Share(40, any -> changeRights()));
        mix.add(new Share(20, any -> disableUser()));
        mix.add(new Share(5, any -> disableOrganization()));
        mix.add(new Share(50, this::createTwice));
        mix.add(new Share(55, this::invalid));
    }

    /** @param perSecond the mean; the gaps between operations are those of chance */
    void start(int perSecond) {
        Duration gap = Duration.ofNanos(1_000_000_000L / perSecond);
        dispatcher = new Thread(() -> dispatch(gap), "generator");
        dispatcher.start();
    }

    private void dispatch(Duration meanGap) {
        long next = System.nanoTime();
        try {
            while (!stopping) {
                next += chance.poisson(meanGap).toNanos();
                long wait = next - System.nanoTime();
                if (wait > 0) {
                    TimeUnit.NANOSECONDS.sleep(wait);
                }
                if (slots.tryAcquire()) {
                    Share share = pick();
                    World.Org org = chance.perMille(HOT_PER_MILLE) ? world.hot() : chance.of(world.orgs());
                    begin(() -> {
                        try {
                            share.plan().accept(org);
                        } finally {
                            slots.release();
                        }
                    });
                } else {
                    leftOut.incrementAndGet();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    /** From now on rights are given and taken, too: how long that takes is measured, and cold services take longer. */
    void changeRightsToo() {
        rightsChange = true;
    }

    private Share pick() {
        int point = chance.below(mix.stream().mapToInt(Share::perMille).sum());
        for (Share share : mix) {
            point -= share.perMille();
            if (point < 0) {
                return share;
            }
        }
        throw new AssertionError(point);
    }

    private void begin(Plan plan) {
        later(Duration.ZERO, plan);
    }

    /** Counts as under way from now on. */
    private void later(Duration delay, Plan plan) {
        underWay.register();
        if (delay.isZero()) {
            workers.execute(() -> run(plan));
            return;
        }
        TimerTask task = new TimerTask() {
            @Override
            public void run() {
                workers.execute(() -> Generator.this.run(plan));
            }
        };
        timer.schedule(task, delay.toMillis());
    }

    private void run(Plan plan) {
        try {
            plan.run();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException broken) {
            fault("an operation of the test itself failed: " + broken);
        } finally {
            underWay.arriveAndDeregister();
        }
    }

    private void fault(String what) {
        synchronized (faults) {
            faults.add(what);
        }
    }

    // ---- entities ----

    private void createEntity(World.Org org) {
        createEntity(org, false);
    }

    /** The same request at the same time to both services. */
    private void createTwice(World.Org org) {
        createEntity(org, true);
    }

    private void createEntity(World.Org org, boolean twice) {
        World.User actor = chance.of(org.users());
        String mark = numbers.mark();
        Api.Call call = keyed("/api/v1/entities", api.as(actor), entity(org, mark));
        Outcome outcome = run(org, actor.id().toString(), call, List.of(new Effect("entity.created", mark)), twice);
        outcome.body()
                .ifPresent(body ->
                        add(stocks.get(org).entities, org, body.path("id").asText()));
    }

    private Map<String, Object> entity(World.Org org, String mark) {
        Map<String, Object> draft = new LinkedHashMap<>();
        draft.put("type", chance.of(List.of("candidate", "client", "lead")));
        draft.put("name", "Guest " + mark + " " + org.canary());
        draft.put("contact", Map.of("email", mark + "@people.example"));
        if (chance.perMille(300)) {
            draft.put("notes", "O'Brien & Sons <desk@people.example> ".repeat(1 + chance.below(20)));
        }
        return draft;
    }

    private void createBatch(World.Org org) {
        List<Effect> effects = new ArrayList<>();
        List<Object> drafts = new ArrayList<>();
        for (int i = 2 + chance.below(LARGEST_BATCH - 1); i > 0; i--) {
            String mark = numbers.mark();
            effects.add(new Effect("entity.created", mark));
            drafts.add(entity(org, mark));
        }
        Api.Call call = keyed("/api/v1/entities/batch", api.as(org.hr()), Map.of("items", drafts));
        run(org, org.hr().id().toString(), call, effects, false)
                .body()
                .ifPresent(body -> body.path("items")
                        .forEach(item -> add(
                                stocks.get(org).entities, org, item.path("id").asText())));
    }

    private void changeEntity(World.Org org) {
        Optional<String> id = peek(stocks.get(org).entities, org);
        if (id.isEmpty()) {
            createEntity(org);
            return;
        }
        String mark = numbers.mark();
        Map<String, Object> patch = Map.of(
                "name",
                "Guest " + mark + " " + org.canary(),
                "status",
                chance.of(List.of("screening", "interview", "offer", "hired")));
        Api.Call call = plain("PATCH", "/api/v1/entities/" + id.get(), api.as(org.hr()), patch);
        run(org, org.hr().id().toString(), call, List.of(new Effect("entity.updated", mark)), false);
    }

    private void deleteEntity(World.Org org) {
        Optional<String> id = takeDeletable(org);
        if (id.isEmpty()) {
            createEntity(org);
            return;
        }
        Api.Call call = plain("DELETE", "/api/v1/entities/" + id.get(), api.as(org.admin()), null);
        run(org, org.admin().id().toString(), call, List.of(new Effect("entity.deleted", id.get())), false);
    }

    private Optional<String> takeDeletable(World.Org org) {
        Stock stock = stocks.get(org);
        synchronized (stock) {
            Optional<String> id = peek(stock.entities, org)
                    .filter(entity -> !sharesAreRevoked(entity) || !stock.sharedEntities.contains(entity));
            id.ifPresent(stock.entities::remove);
            return id;
        }
    }

    /** A share ends by its own revocation or with its entity, never by both: one of them would have to be refused. */
    private static boolean sharesAreRevoked(String entity) {
        return entity.hashCode() % 2 == 0;
    }

    // ---- applications, notifications, chats ----

    private void apply(World.Org org) {
        World.Property property = chance.of(org.properties());
        String mark = numbers.mark();
        Map<String, Object> application = Map.of(
                "applicant_name",
                "Ann " + mark + " " + property.canary(),
                "email",
                "ann@people.example",
                "position",
                "Cook");
        Api.Call call = new Api.Call(
                "POST",
                "/api/v1/properties/" + property.id() + "/applications",
                Optional.empty(),
                application,
                UUID.randomUUID().toString());
        run(org, "public", call, List.of(new Effect("application.submitted", mark)), false)
                .body()
                .ifPresent(body ->
                        add(stocks.get(org).applications, org, body.path("id").asText()));
    }

    private void decide(World.Org org) {
        Optional<String> id = take(stocks.get(org).applications, org);
        if (id.isEmpty()) {
            apply(org);
            return;
        }
        String path = "/api/v1/applications/" + id.get();
        if (chance.perMille(500)) {
            List<Effect> effects =
                    List.of(new Effect("application.approved", id.get()), new Effect("onboarding.started", id.get()));
            run(org, org.hr().id().toString(), keyed(path + "/approve", api.as(org.hr()), Map.of()), effects, false);
        } else {
            Api.Call call = keyed(path + "/reject", api.as(org.hr()), Map.of("reason", "The position is filled."));
            run(org, org.hr().id().toString(), call, List.of(new Effect("application.rejected", id.get())), false);
        }
    }

    private void notifyUser(World.Org org) {
        World.User receiver = chance.of(org.users());
        String mark = numbers.mark();
        Map<String, Object> body = Map.of(
                "user_id",
                receiver.id(),
                "title",
                "For you",
                "message",
                "Word " + mark + " " + receiver.canary(),
                "severity",
                "info");
        Api.Call call = keyed("/api/v1/notifications", api.as(org.hr()), body);
        run(org, org.hr().id().toString(), call, List.of(new Effect("user.notification", mark)), false);
    }

    /** Straight into the log, past the API: to a room that few are in. */
    private void broadcast(World.Org org) {
        World.Property property = chance.of(org.properties());
        if (chance.perMille(500)) {
            broadcast(org, "property-" + property.id(), property.canary());
        } else {
            broadcast(org, "department-" + chance.of(org.departments()), "");
        }
    }

    /**
     * More at once, to everybody, than what lies between a node and a client that reads slowly can hold. What is said to clients
     * meanwhile stands behind it, so it counts as a fault.
     */
    private void announce() {
        int fault = numbers.fault();
        history.write(new Entry.Fault(
                history.now(), fault, "announcements", world.hot().toString(), false, true));
        try {
            for (int i = 0; i < ANNOUNCEMENTS && !stopping; i++) {
                broadcast(world.hot(), "org", "long ".repeat(LONG_WORDS));
            }
        } finally {
            history.write(new Entry.Heal(history.now(), fault));
        }
    }

    private void broadcast(World.Org org, String room, String words) {
        String mark = numbers.mark();
        Map<String, Object> body = Map.of(
                "org_id",
                org.id(),
                "room",
                room,
                "type",
                "system.notification",
                "payload",
                Map.of("message", "Call " + mark + " " + words, "severity", "warning"));
        Api.Call call = plain("POST", "/ws/broadcast", api.asService(), body);
        run(org, "service", call, List.of(new Effect("system.notification", mark)), false);
    }

    private void chat(World.Org org) {
        World.User author = chance.of(org.users());
        String mark = numbers.mark();
        Api.Call call = keyed(
                "/api/v1/chats/" + chance.of(org.chats()) + "/messages",
                api.as(author),
                Map.of("text", "Said " + mark + " " + org.canary()));
        run(org, author.id().toString(), call, List.of(new Effect("chat.message", mark)), false);
    }

    // ---- shares ----

    private void share(World.Org org) {
        Stock stock = stocks.get(org);
        World.User receiver = chance.of(org.users());
        Optional<String> entity;
        boolean fresh;
        synchronized (stock) {
            entity = peek(stock.entities, org);
            entity.ifPresent(stock.sharedEntities::add);
            fresh = entity.isPresent()
                    && stock.sharedPairs.add(
                            EventKeys.share(entity.get(), receiver.id().toString()));
        }
        if (!fresh) {
            createEntity(org);
            return;
        }
        Map<String, Object> body = Map.of(
                "resource_type",
                "entity",
                "resource_id",
                entity.get(),
                "user_id",
                receiver.id(),
                "access_level",
                "view");
        Effect effect = new Effect(
                "share.created", EventKeys.share(entity.get(), receiver.id().toString()));
        run(org, org.hr().id().toString(), keyed("/api/v1/shares", api.as(org.hr()), body), List.of(effect), false)
                .body()
                .filter(created -> sharesAreRevoked(entity.get()))
                .ifPresent(created -> add(stock.shares, org, created.path("id").asText()));
    }

    private void revokeShare(World.Org org) {
        Optional<String> id = take(stocks.get(org).shares, org);
        if (id.isEmpty()) {
            share(org);
            return;
        }
        Api.Call call = plain("DELETE", "/api/v1/shares/" + id.get(), api.as(org.admin()), null);
        run(org, org.admin().id().toString(), call, List.of(new Effect("share.revoked", id.get())), false);
    }

    // ---- rights ----

    /** A manager gets other houses, or somebody another role; by the ADMIN, who keeps theirs. */
    private void changeRights() {
        if (!rightsChange) {
            createEntity(chance.of(world.orgs()));
            return;
        }
        World.Org org = chance.of(world.orgs());
        World.User user = chance.of(org.changeable());
        if (!user.beginChange()) {
            createEntity(org);
            return;
        }
        Role before = user.role();
        List<World.Property> had = user.properties();
        Role role = chance.perMille(250) ? chance.of(List.of(Role.HR, Role.MANAGER, Role.MEMBER)) : before;
        List<World.Property> properties =
                role == Role.MANAGER ? List.of(chance.of(org.properties())) : List.<World.Property>of();
        UUID department = role == Role.MEMBER ? chance.of(org.departments()) : null;
        UUID hadDepartment = user.department();
        user.assign(role, properties, department);
        Map<String, Object> patch = new LinkedHashMap<>();
        String mark = numbers.mark();
        patch.put("name", "User " + mark + " " + org.canary());
        patch.put("role", role.name());
        patch.put("property_ids", properties.stream().map(World.Property::id).toList());
        patch.put("department_id", department);
        int op = numbers.operation();
        history.write(new Entry.Restored(
                history.now(), op, org.id().toString(), user.id().toString()));
        Outcome outcome = member(op, user, patch, mark);
        if (outcome.done()) {
            cuts(op, user, before, had, hadDepartment);
        }
        later(REST, user::endChange);
    }

    private Outcome member(int op, World.User user, Map<String, Object> patch, String mark) {
        World.Org org = user.org();
        Api.Call call = plain("PATCH", "/api/v1/members/" + user.id(), api.as(org.admin()), patch);
        return run(op, org, org.admin().id().toString(), call, List.of(new Effect("member.updated", mark)), false);
    }

    /** Every room that the member is in no longer. */
    private void cuts(int op, World.User user, Role before, List<World.Property> had, UUID hadDepartment) {
        if (user.role() != before) {
            cut(op, user, "role-" + before);
        }
        if (before == Role.HR && user.role() != Role.HR) {
            cut(op, user, "global");
        }
        for (World.Property property : had) {
            if (!user.properties().contains(property) && user.role() != Role.HR) {
                cut(op, user, "property-" + property.id());
            }
        }
        if (hadDepartment != null && !hadDepartment.equals(user.department()) && user.role() != Role.HR) {
            cut(op, user, "department-" + hadDepartment);
        }
    }

    private void cut(int op, World.User user, String room) {
        history.write(new Entry.Cut(
                history.now(), op, user.org().id().toString(), user.id().toString(), null, room));
    }

    private void disableUser() {
        if (!rightsChange) {
            createEntity(chance.of(world.orgs()));
            return;
        }
        World.Org org = chance.of(world.orgs());
        World.User user = chance.of(org.changeable());
        if (!user.beginChange()) {
            createEntity(org);
            return;
        }
        String mark = numbers.mark();
        int op = numbers.operation();
        Map<String, Object> patch = Map.of("name", "User " + mark + " " + org.canary(), "status", "disabled");
        if (member(op, user, patch, mark).done()) {
            history.write(new Entry.Cut(
                    history.now(), op, org.id().toString(), user.id().toString(), null, null));
        }
        later(REST, () -> enable(user));
    }

    /** Until it is done: nobody stays away. */
    private void enable(World.User user) throws InterruptedException {
        String mark = numbers.mark();
        int op = numbers.operation();
        history.write(new Entry.Restored(
                history.now(), op, user.org().id().toString(), user.id().toString()));
        Map<String, Object> patch =
                Map.of("name", "User " + mark + " " + user.org().canary(), "status", "active");
        if (member(op, user, patch, mark).done()) {
            user.endChange();
        } else {
            later(PAUSE.multipliedBy(4), () -> enable(user));
        }
    }

    private void disableOrganization() {
        if (!rightsChange) {
            createEntity(chance.of(world.orgs()));
            return;
        }
        World.Org org = world.orgs().get(1 + chance.below(world.orgs().size() - 1));
        if (!disabled.compareAndSet(null, org)) {
            createEntity(world.hot());
            return;
        }
        int op = numbers.operation();
        if (status(op, org, "disabled").done()) {
            history.write(new Entry.Cut(history.now(), op, org.id().toString(), null, null, null));
        }
        later(REST, () -> enable(org));
    }

    /** Asks only for what changes something: an answer that was lost may have been a yes. */
    private void enable(World.Org org) throws InterruptedException {
        Optional<Boolean> active = isActive(org);
        if (active.isPresent() && !active.get()) {
            int op = numbers.operation();
            history.write(new Entry.Restored(history.now(), op, org.id().toString(), null));
            status(op, org, "active");
        }
        if (active.isPresent() && active.get()) {
            // Nobody changes it again while the checker may still look at whom it threw out.
            later(REST, () -> disabled.set(null));
        } else {
            later(PAUSE.multipliedBy(4), () -> enable(org));
        }
    }

    /** @return empty while the database cannot be asked */
    private Optional<Boolean> isActive(World.Org org) {
        try (Connection connection = cluster.postgres().connect();
                PreparedStatement statement =
                        connection.prepareStatement("select status = 'active' from api.organization where id = ?")) {
            statement.setObject(1, org.id());
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return Optional.of(row.getBoolean(1));
            }
        } catch (SQLException down) {
            return Optional.empty();
        }
    }

    private Outcome status(int op, World.Org org, String status) {
        Api.Call call = plain("PATCH", "/api/v1/organizations/" + org.id(), api.asService(), Map.of("status", status));
        String type = status.equals("active") ? "organization.enabled" : "organization.disabled";
        return run(op, org, "service", call, List.of(new Effect(type, org.id().toString())), false);
    }

    // ---- what has to be refused ----

    private void invalid(World.Org org) {
        World.Org other = world.orgs().get((org.index() + 1) % world.orgs().size());
        String hr = api.as(org.hr());
        Api.Call call = switch (chance.below(6)) {
            case 0 -> keyed("/api/v1/entities", hr, Map.of("type", "nonsense", "name", ""));
            case 1 ->
                plain(
                        "PATCH",
                        "/api/v1/entities/"
                                + peek(stocks.get(other).entities, other).orElse("none"),
                        hr,
                        Map.of("name", "stolen"));
            case 2 -> keyed("/api/v1/chats/" + chance.of(other.chats()) + "/messages", hr, Map.of("text", "stolen"));
            case 3 -> keyed("/api/v1/entities", hr + "x", entity(org, "forged"));
            case 4 ->
                plain("PATCH", "/api/v1/members/" + other.hr().id(), api.as(org.admin()), Map.of("status", "disabled"));
            default ->
                plain(
                        "PATCH",
                        "/api/v1/organizations/" + other.id(),
                        api.as(org.admin()),
                        Map.of("status", "disabled"));
        };
        Outcome outcome = run(org, org.hr().id().toString(), call, List.of(), false);
        if (outcome.done()) {
            fault("what has to be refused was done: " + call.method() + " " + call.path());
        }
    }

    // ---- one operation ----

    private static Api.Call keyed(String path, String token, Object body) {
        return new Api.Call(
                "POST", path, Optional.of(token), body, UUID.randomUUID().toString());
    }

    private static Api.Call plain(String method, String path, String token, Object body) {
        return new Api.Call(method, path, Optional.of(token), body, null);
    }

    private Outcome run(World.Org org, String actor, Api.Call call, List<Effect> effects, boolean twice) {
        return run(numbers.operation(), org, actor, call, effects, twice);
    }

    private Outcome run(int op, World.Org org, String actor, Api.Call call, List<Effect> effects, boolean twice) {
        history.write(new Entry.Invoke(
                history.now(), op, org.id().toString(), actor, call.method() + " " + call.path(), effects));
        try {
            Attempts attempts = new Attempts(org, call);
            if (twice) {
                Thread other = new Thread(attempts::run, "operations-twin");
                other.start();
                attempts.run();
                other.join();
            } else {
                attempts.run();
            }
            return conclude(op, attempts);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            history.write(new Entry.Unknown(history.now(), op, "stopped"));
            return new Outcome(false, Optional.empty());
        }
    }

    private Outcome conclude(int op, Attempts attempts) {
        Optional<Api.Answer> success = attempts.success();
        if (success.isPresent()) {
            done.incrementAndGet();
            history.write(new Entry.Ok(history.now(), op, success.get().status()));
            return new Outcome(true, Optional.of(success.get().body()));
        }
        if (attempts.isCertain()) {
            refused.incrementAndGet();
            history.write(new Entry.Refused(history.now(), op, attempts.lastStatus()));
        } else {
            unknown.incrementAndGet();
            history.write(new Entry.Unknown(history.now(), op, attempts.why()));
        }
        return new Outcome(false, Optional.empty());
    }

    /** All requests of one operation. Thread-safe. */
    private final class Attempts {
        private final World.Org org;
        private final Api.Call call;
        /** Guarded by this, as are the following ones. */
        private Optional<Api.Answer> success = Optional.empty();

        private boolean certain = true;
        private String why = "";
        private int lastStatus;

        Attempts(World.Org org, Api.Call call) {
            this.org = org;
            this.call = call;
        }

        void run() {
            long end = System.nanoTime() + PATIENCE.toNanos();
            boolean again = true;
            while (again && System.nanoTime() < end) {
                again = attempt();
                if (again) {
                    pause();
                }
            }
        }

        private void pause() {
            try {
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis() / 2 + chance.below((int) PAUSE.toMillis()));
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
            }
        }

        /** @return whether it makes sense to try again */
        private boolean attempt() {
            List<Service> servers = call.path().startsWith("/api/") ? cluster.apis() : cluster.realtimes();
            InetSocketAddress server = chance.of(servers).address();
            try {
                return judge(api.send(server, call));
            } catch (ConnectException nobodyThere) {
                return !Thread.currentThread().isInterrupted(); // it was not sent
            } catch (IOException lost) {
                return doubt(lost.getClass().getSimpleName());
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                return doubt("stopped");
            }
        }

        private synchronized boolean judge(Api.Answer answer) {
            count(answer.status());
            lastStatus = answer.status();
            scan(org, answer);
            if (answer.status() >= 200 && answer.status() < 300) {
                success = Optional.of(answer);
                return false;
            }
            if (answer.status() >= 500) {
                if (answer.status() != 503) {
                    fault(call.method() + " " + call.path() + " answered " + answer.status() + ": " + answer.raw());
                }
                return doubt("status " + answer.status());
            }
            boolean inUse = answer.status() == CONFLICT && answer.raw().contains("idempotency-key-in-use");
            return inUse || answer.status() == TOO_MANY;
        }

        private synchronized boolean doubt(String reason) {
            certain = false;
            why = reason;
            return call.key() != null && !Thread.currentThread().isInterrupted();
        }

        synchronized Optional<Api.Answer> success() {
            return success;
        }

        /** Whether every request was answered with a refusal, or never sent. */
        synchronized boolean isCertain() {
            return certain && lastStatus < 500;
        }

        synchronized int lastStatus() {
            return lastStatus;
        }

        synchronized String why() {
            return why;
        }
    }

    private void count(int status) {
        synchronized (statuses) {
            statuses.computeIfAbsent(status, s -> new AtomicInteger()).incrementAndGet();
        }
    }

    /** No answer holds another tenant's canary. */
    private void scan(World.Org org, Api.Answer answer) {
        CanaryScan scan = new CanaryScan();
        byte[] bytes = answer.raw().getBytes(java.nio.charset.StandardCharsets.UTF_8);
        scan.feed(bytes, 0, bytes.length, canary -> {
            if (!world.belongsTo(org, canary)) {
                fault("an answer of the API to " + org + " holds a foreign canary: " + answer.raw());
            }
        });
    }

    // ---- what is there ----

    private void add(List<String> list, World.Org org, String id) {
        synchronized (stocks.get(org)) {
            list.add(id);
        }
    }

    private Optional<String> peek(List<String> list, World.Org org) {
        synchronized (stocks.get(org)) {
            // Mostly one of the newest: those are changed several times at once.
            int size = list.size();
            int from = chance.perMille(700) ? Math.max(0, size - 20) : 0;
            return size == 0 ? Optional.empty() : Optional.of(list.get(from + chance.below(size - from)));
        }
    }

    private Optional<String> take(List<String> list, World.Org org) {
        synchronized (stocks.get(org)) {
            return list.isEmpty() ? Optional.empty() : Optional.of(list.remove(chance.below(list.size())));
        }
    }

    // ---- the end ----

    /** Begins nothing new, waits for what is under way, and for everybody to be active again. */
    void stop(Duration patience) throws InterruptedException, TortureFailure {
        stopping = true;
        dispatcher.join();
        long end = System.nanoTime() + patience.toNanos();
        while (underWay.getRegisteredParties() > 1) {
            if (System.nanoTime() > end) {
                throw new TortureFailure(underWay.getRegisteredParties() - 1 + " operations do not end " + patience
                        + " after the last fault.");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    /** Answers by status. */
    Map<Integer, Integer> statuses() {
        synchronized (statuses) {
            Map<Integer, Integer> copy = new TreeMap<>();
            statuses.forEach((status, count) -> copy.put(status, count.get()));
            return copy;
        }
    }

    /** What no service may answer. */
    List<String> faults() {
        synchronized (faults) {
            return List.copyOf(faults);
        }
    }

    String figures() {
        return done + " done, " + refused + " refused, " + unknown + " without an answer, " + leftOut
                + " not begun because " + MOST_UNDER_WAY + " were under way";
    }

    @Override
    public void close() {
        stopping = true;
        timer.cancel();
        dispatcher.interrupt();
        try {
            dispatcher.join();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
        workers.shutdownNow();
    }
}
