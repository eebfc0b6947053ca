package dev.bellhop.api.members;

import dev.bellhop.api.auth.Authentication;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.http.Answer;
import dev.bellhop.api.http.Cursors;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.http.ListQuery;
import dev.bellhop.api.http.Page.Position;
import dev.bellhop.api.members.MemberStore.Filter;
import dev.bellhop.api.store.Ids;
import dev.bellhop.model.problem.Problem;
import dev.bellhop.model.security.Principal;
import dev.bellhop.model.security.Role;
import io.javalin.http.Context;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** HTTP for {@code /api/v1/members}: the ADMIN sees and changes all, who shares records sees whom to share them with. */
public final class MemberResource {
    private final MemberStore members;
    private final Passwords passwords;
    private final Cursors cursors;

    public MemberResource(MemberStore members, Passwords passwords, Cursors cursors) {
        this.members = members;
        this.passwords = passwords;
        this.cursors = cursors;
    }

    public void list(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        ListQuery query = new ListQuery(ctx, cursors, caller, Set.of("role", "property_id", "q"));
        Filter filter = new Filter(
                query.oneOf("role", MemberDraft.ROLES),
                query.id("property_id"),
                query.search(),
                query.position(),
                query.limit());
        if (caller.role() == Role.ADMIN) {
            query.answer(members.list(caller, filter), member -> new Position(member.name(), member.id()));
        } else {
            List<Colleague> colleagues = members.list(caller, filter).stream()
                    .map(Member::asColleague)
                    .toList();
            query.answer(colleagues, colleague -> new Position(colleague.name(), colleague.id()));
        }
    }

    public void create(Context ctx) {
        Fields body = Fields.of(ctx);
        String email = body.email("email");
        String password = body.newPassword("password", Passwords.MIN_LENGTH, Passwords.MAX_LENGTH);
        MemberDraft draft = MemberDraft.of(body);
        body.rejectFaults();
        String hash = passwords.inTurn(() -> Passwords.hash(password));
        Member member = members.create(Authentication.caller(ctx).org(), email, hash, draft);
        Answer.created(ctx, "/api/v1/members/" + member.id(), member, member.version());
    }

    public void get(Context ctx) {
        Principal caller = Authentication.caller(ctx);
        boolean admin = caller.role() == Role.ADMIN;
        Member member = members.find(caller.org(), id(ctx))
                .filter(found -> admin || found.status().equals("active"))
                .orElseThrow(Problem::notFound);
        Answer.record(ctx, admin ? member : member.asColleague(), member.version());
    }

    public void change(Context ctx) {
        Fields body = Fields.ofPatch(ctx);
        MemberDraft.Patch patch = MemberDraft.Patch.of(body);
        body.rejectFaults();
        Member member = members.change(Authentication.caller(ctx).org(), id(ctx), patch, Answer.precondition(ctx));
        Answer.record(ctx, member, member.version());
    }

    public void delete(Context ctx) {
        members.remove(Authentication.caller(ctx).org(), id(ctx), Answer.precondition(ctx));
        ctx.status(204);
    }

    private static UUID id(Context ctx) {
        return Ids.parse(ctx.pathParam("id")).orElseThrow(Problem::notFound);
    }
}
