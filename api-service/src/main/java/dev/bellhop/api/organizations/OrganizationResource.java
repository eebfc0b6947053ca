package dev.bellhop.api.organizations;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Change;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.organizations.OrganizationStore.Founding;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import io.javalin.http.Context;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/organizations}: the caller's own, and those that a SERVICE founds and disables. */
public final class OrganizationResource {
    private static final Set<String> STATUSES = Set.of("active", "disabled");

    private final OrganizationStore organizations;
    private final Passwords passwords;

    public OrganizationResource(OrganizationStore organizations, Passwords passwords) {
        this.organizations = organizations;
        this.passwords = passwords;
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String name = body.line("name", Fields.NAME);
        Fields admin = body.object("admin");
        String adminEmail = admin.email("email");
        String adminName = admin.line("name", Fields.NAME);
        String password = admin.newPassword("password", Passwords.MIN_LENGTH, Passwords.MAX_LENGTH);
        body.rejectFaults();
        String hash = passwords.inTurn(() -> Passwords.hash(password));
        Organization organization = organizations.create(new Founding(name, adminEmail, adminName, hash));
        Answer.created(ctx, "/api/v1/organizations/" + organization.id(), organization, organization.version());
    }

    public void current(Context ctx) {
        Organization organization =
                organizations.find(Authentication.caller(ctx).org()).orElseThrow(Problem::notFound);
        Answer.record(ctx, organization, organization.version());
    }

    public void changeCurrent(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        Change<String> name = body.change("name", (f, n) -> f.line(n, Fields.NAME));
        body.rejectFaults();
        Organization organization =
                organizations.rename(Authentication.caller(ctx).org(), name, Answer.precondition(ctx));
        Answer.record(ctx, organization, organization.version());
    }

    public void changeStatus(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        String status = body.choice("status", STATUSES);
        body.rejectFaults();
        UUID id = Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
        Organization organization = organizations.changeStatus(id, status, Answer.precondition(ctx));
        Answer.record(ctx, organization, organization.version());
    }
}
