package dev.bellhop.api.auth;

import dev.bellhop.api.auth.SessionStore.Credentials;
import dev.bellhop.api.auth.SessionStore.NewPassword;
import dev.bellhop.api.auth.SessionStore.Started;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.ClientAddresses;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.RateLimit;
import dev.bellhop.api.http.RateLimitStore;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Tokens;
import io.javalin.http.Context;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HTTP for {@code /api/v1/auth} and {@code /api/v1/me}. */
public final class SessionResource {
    /** How long an access token lives. */
    public static final Duration TOKEN_LIFE = Duration.ofMinutes(15);

    private static final Logger log = LoggerFactory.getLogger(SessionResource.class);
    private static final int FAILURES_A_MINUTE = 5;

    /** @param expiresIn seconds */
    public record Login(String accessToken, String refreshToken, String tokenType, long expiresIn, Account user) {}

    private final SessionStore sessions;
    private final Passwords passwords;
    private final Tokens tokens;
    private final Clock clock;
    private final RateLimit failures;

    public SessionResource(
            SessionStore sessions, Passwords passwords, Tokens tokens, Clock clock, RateLimitStore limits) {
        this.sessions = sessions;
        this.passwords = passwords;
        this.tokens = tokens;
        this.clock = clock;
        this.failures = new RateLimit("login", FAILURES_A_MINUTE, limits);
    }

    public void login(Context ctx) {
        Fields body = Fields.of(ctx);
        String email = body.line("email", Fields.EMAIL);
        String password = body.password("password", Passwords.MAX_LENGTH);
        body.rejectFaults();
        Optional<Credentials> credentials = sessions.credentials(email);
        // By its id, because the database takes more spellings of an address for the same than Java does.
        String accountAndAddress = accountAndAddress(
                credentials.map(found -> found.account().id().toString()).orElse(email.toLowerCase(Locale.ROOT)), ctx);
        boolean good = passwords.inTurn(() -> {
            // Here and not before, so that of many attempts at once those that waited see the failures of the first.
            failures.require(ctx, accountAndAddress);
            String hash = credentials.map(Credentials::passwordHash).orElse(passwords.nobodysHash());
            boolean matches = passwords.matches(password, hash) && credentials.isPresent();
            if (!matches) {
                failures.consume(ctx, accountAndAddress);
            }
            return matches;
        });
        if (!good || !credentials.get().active()) {
            log.atInfo()
                    .addKeyValue("account", Integer.toHexString(email.hashCode()))
                    .log("login.failed");
            throw Problem.of(401, "invalid-credentials", "Unauthorized", "E-mail or password is wrong.")
                    .header("WWW-Authenticate", "Bearer");
        }
        Answer.json(
                ctx,
                login(sessions.start(
                        credentials.get().account(), credentials.get().ver())));
    }

    public void refresh(Context ctx) {
        String refreshToken = refreshToken(ctx);
        Started session = sessions.refresh(refreshToken)
                .orElseThrow(() -> Problem.unauthorized("invalid-token", "The refresh token is not valid."));
        Answer.json(ctx, login(session));
    }

    public void logout(Context ctx) {
        sessions.end(refreshToken(ctx));
        ctx.status(204);
    }

    public void me(Context ctx) {
        Credentials me = sessions.credentials(Authentication.caller(ctx)).orElseThrow(Problem::notFound);
        Answer.record(ctx, me.account(), me.version());
    }

    public void changeMe(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        Fields body = Fields.ofPatch(ctx);
        Change<String> name = body.change("name", (f, n) -> f.line(n, Fields.NAME));
        Optional<PasswordChange> password = PasswordChange.of(body);
        body.rejectFaults();
        Credentials me = sessions.change(
                caller, name, password.map(change -> checked(ctx, caller, change)), Answer.precondition(ctx));
        Answer.record(ctx, me.account(), me.version());
    }

    private record PasswordChange(String current, String next) {
        static Optional<PasswordChange> of(Fields body) {
            return body.mentions("password") || body.mentions("current_password")
                    ? Optional.of(new PasswordChange(
                            body.password("current_password", Passwords.MAX_LENGTH),
                            body.newPassword("password", Passwords.MIN_LENGTH, Passwords.MAX_LENGTH)))
                    : Optional.empty();
        }
    }

    /** Who holds a stolen access token shall not guess the password with it: failures count as those of a login. */
    private NewPassword checked(Context ctx, Principal caller, PasswordChange change) {
        Credentials me = sessions.credentials(caller).orElseThrow(Problem::notFound);
        String accountAndAddress = accountAndAddress(me.account().id().toString(), ctx);
        return passwords.inTurn(() -> {
            failures.require(ctx, accountAndAddress);
            if (!passwords.matches(change.current(), me.passwordHash())) {
                failures.consume(ctx, accountAndAddress);
                throw Problem.invalid("current_password", "wrong", "is not the password");
            }
            return new NewPassword(me.passwordHash(), Passwords.hash(change.next()));
        });
    }

    private static String accountAndAddress(String account, Context ctx) {
        return account + " " + ClientAddresses.of(ctx);
    }

    private static String refreshToken(Context ctx) {
        Fields body = Fields.of(ctx);
        String token = body.line("refresh_token", Fields.NAME);
        body.rejectFaults();
        return token;
    }

    private Login login(Started session) {
        Account user = session.account();
        Instant now = clock.instant();
        String accessToken = tokens.issue(new Principal(
                user.id().toString(),
                Optional.of(user.orgId()),
                user.role(),
                user.name(),
                user.propertyIds().stream().map(UUID::toString).toList(),
                user.departmentId() == null
                        ? List.of()
                        : List.of(user.departmentId().toString()),
                Optional.of(session.sessionId().toString()),
                session.ver(),
                Ids.next().toString(),
                now,
                now.plus(TOKEN_LIFE)));
        return new Login(accessToken, session.refreshToken(), "Bearer", TOKEN_LIFE.toSeconds(), user);
    }
}
