package dev.bellhop.api.contract;

import static dev.bellhop.api.contract.Shape.email;
import static dev.bellhop.api.contract.Shape.id;
import static dev.bellhop.api.contract.Shape.integer;
import static dev.bellhop.api.contract.Shape.kept;
import static dev.bellhop.api.contract.Shape.line;
import static dev.bellhop.api.contract.Shape.object;
import static dev.bellhop.api.contract.Shape.optional;
import static dev.bellhop.api.contract.Shape.password;
import static dev.bellhop.api.contract.Shape.prose;
import static dev.bellhop.api.contract.Shape.proseNotBlank;
import static dev.bellhop.api.contract.Shape.required;
import static dev.bellhop.api.contract.Shape.time;
import static dev.bellhop.api.contract.Shape.url;
import static dev.bellhop.api.contract.Shape.word;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.bellhop.api.applications.Application;
import dev.bellhop.api.audit.AuditEntry;
import dev.bellhop.api.auth.Account;
import dev.bellhop.api.auth.Passwords;
import dev.bellhop.api.auth.SessionResource;
import dev.bellhop.api.calls.Call;
import dev.bellhop.api.chat.Chat;
import dev.bellhop.api.contract.Operation.Parameter;
import dev.bellhop.api.dashboard.Dashboard;
import dev.bellhop.api.http.Fields;
import dev.bellhop.api.members.Colleague;
import dev.bellhop.api.members.Member;
import dev.bellhop.api.notifications.Notification;
import dev.bellhop.api.onboarding.Onboarding;
import dev.bellhop.api.organizations.Organization;
import dev.bellhop.api.shares.Share;
import dev.bellhop.model.events.ChatEvent;
import dev.bellhop.model.events.Department;
import dev.bellhop.model.events.Entity;
import dev.bellhop.model.events.Property;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The contract's lines, one for each route. */
final class Operations {
    private final Map<String, Operation> all = new TreeMap<>();
    private final Schemas schemas;

    Operations(Schemas schemas) {
        this.schemas = schemas;
        service();
        sessions();
        organizations();
        structure();
        members();
        entities();
        applications();
        onboardings();
        shares();
        conversations();
        notifications();
        figures();
    }

    /** By method and path. */
    Map<String, Operation> all() {
        return all;
    }

    private Operation on(String route, String summary) {
        Operation operation = new Operation(summary);
        all.put(route, operation);
        return operation;
    }

    private ObjectNode page(Class<?> item) {
        return schemas.pageOf(item.getSimpleName(), schemas.of(item));
    }

    private static Parameter filter(String name, List<String> words) {
        return new Parameter(name, word(words), "One of these");
    }

    private static Parameter idFilter(String name) {
        return new Parameter(name, id(), "Of that record");
    }

    private static Parameter search() {
        ObjectNode text = line(Fields.NAME);
        text.put("pattern", text.path("pattern").textValue().replaceAll("\\[\\^\\\\s.*", "\\$"));
        text.remove("minLength");
        return new Parameter("q", text, "Part of a name, in any case");
    }

    private void service() {
        ObjectNode status = schemas.named("Health", object(required("status", word(List.of("live", "ready")))));
        on("GET /health/live", "Whether the process works")
                .answers(200, "It does", status)
                .problem(503);
        on("GET /health/ready", "Whether it takes requests")
                .answers(200, "It does", status)
                .problem(503);
        on("GET /metrics", "Figures in Prometheus' text format")
                .answersText("text/plain", "The figures")
                .problem(401);
        on("GET /.well-known/jwks.json", "The public keys of access tokens, where they are signed with key pairs")
                .answers(200, "A JWK Set", Shape.anyObject());
        on("GET /openapi.json", "This contract").answers(200, "The contract", Shape.anyObject());
        on("GET /docs", "This contract as a page").answersText("text/html", "The page");
    }

    private void sessions() {
        ObjectNode login = schemas.of(SessionResource.Login.class);
        ObjectNode token = schemas.named("RefreshToken", object(required("refresh_token", line(Fields.NAME))));
        on("POST /api/v1/auth/login", "Begin a session")
                .takes(schemas.named(
                        "Credentials",
                        object(
                                required("email", line(Fields.EMAIL)),
                                required("password", password(1, Passwords.MAX_LENGTH)))))
                .answers(200, "The tokens of the session", login)
                .problem(401, 429);
        on("POST /api/v1/auth/refresh", "Trade a refresh token for the next one")
                .takes(token)
                .answers(200, "The next tokens of the session", login)
                .problem(401);
        on("POST /api/v1/auth/logout", "End a session").takes(token).answers(204, "It has ended", null);
        ObjectNode me = schemas.of(Account.class);
        on("GET /api/v1/me", "The caller").answersRecord(me);
        on("PATCH /api/v1/me", "Change the own name or password")
                .takes(schemas.named("MePatch", mePatch()))
                .answers(200, "The changed record", me)
                .conditional()
                .problem(409, 429);
    }

    /** Neither password goes without the other. */
    private static ObjectNode mePatch() {
        ObjectNode patch = object(
                kept("name", line(Fields.NAME)),
                kept("current_password", password(1, Passwords.MAX_LENGTH)),
                kept("password", newPassword()));
        ObjectNode together = patch.putObject("dependentRequired");
        together.putArray("current_password").add("password");
        together.putArray("password").add("current_password");
        return patch;
    }

    private static ObjectNode newPassword() {
        return password(Passwords.MIN_LENGTH, Passwords.MAX_LENGTH);
    }

    private void organizations() {
        ObjectNode organization = schemas.of(Organization.class);
        on("POST /api/v1/organizations", "Found an organisation with its first ADMIN")
                .takes(schemas.named(
                        "NewOrganization",
                        object(
                                required("name", line(Fields.NAME)),
                                required(
                                        "admin",
                                        object(
                                                required("email", email()),
                                                required("name", line(Fields.NAME)),
                                                required("password", newPassword()))))))
                .creates(organization)
                .problem(409);
        on("GET /api/v1/organizations/current", "The caller's organisation").answersRecord(organization);
        on("PATCH /api/v1/organizations/current", "Rename the caller's organisation")
                .takes(namePatch())
                .answers(200, "The changed record", organization)
                .conditional();
        on("PATCH /api/v1/organizations/{id}", "Disable or enable an organisation")
                .takes(schemas.named("StatusPatch", object(required("status", word(Schemas.STATUSES)))))
                .answers(200, "The changed record", organization)
                .conditional();
    }

    private ObjectNode named() {
        return schemas.named("Named", object(required("name", line(Fields.NAME))));
    }

    private ObjectNode namePatch() {
        return schemas.named("NamePatch", object(kept("name", line(Fields.NAME))));
    }

    private void structure() {
        records("properties", "property", Property.class);
        records("departments", "department", Department.class);
    }

    private void records(String path, String noun, Class<?> record) {
        ObjectNode schema = schemas.of(record);
        String all = "/api/v1/" + path;
        String one = all + "/{id}";
        on("GET " + all, "List by name").lists(page(record), search());
        on("POST " + all, "Create a " + noun).takes(named()).creates(schema);
        on("GET " + one, "One " + noun).answersRecord(schema);
        on("PATCH " + one, "Rename a " + noun)
                .takes(namePatch())
                .answers(200, "The changed record", schema)
                .conditional();
        on("DELETE " + one, "Delete a " + noun + " that nothing names")
                .answers(204, "It is gone", null)
                .conditional()
                .problem(409);
    }

    private void members() {
        ObjectNode member = schemas.of(Member.class);
        ObjectNode seen = schemas.named("MemberOrColleague", Shape.anyOf(member, schemas.of(Colleague.class)));
        on("GET /api/v1/members", "List by name; in full for the ADMIN only")
                .lists(schemas.pageOf("Member", seen), filter("role", Schemas.ROLES), idFilter("property_id"), search())
                .problem(404);
        on("POST /api/v1/members", "Create a member")
                .takes(schemas.named(
                        "NewMember",
                        object(
                                required("email", email()),
                                required("name", line(Fields.NAME)),
                                required("role", word(Schemas.ROLES)),
                                required("password", newPassword()),
                                optional("property_ids", Shape.array(id(), 0, 50)),
                                optional("department_id", id()))))
                .creates(member)
                .problem(404, 409);
        on("GET /api/v1/members/{id}", "One member").answersRecord(seen);
        on("PATCH /api/v1/members/{id}", "Change a member's rights, or disable them")
                .takes(schemas.named(
                        "MemberPatch",
                        object(
                                kept("name", line(Fields.NAME)),
                                kept("role", word(Schemas.ROLES)),
                                optional("property_ids", Shape.array(id(), 0, 50)),
                                optional("department_id", id()),
                                kept("status", word(Schemas.STATUSES)))))
                .answers(200, "The changed record", member)
                .conditional()
                .problem(409);
        on("DELETE /api/v1/members/{id}", "Remove a member")
                .answers(204, "They are gone", null)
                .conditional()
                .problem(409);
    }

    private void entities() {
        ObjectNode entity = schemas.of(Entity.class);
        ObjectNode draft = schemas.named("NewEntity", newEntity());
        on("GET /api/v1/entities", "List")
                .lists(
                        page(Entity.class),
                        filter("type", Schemas.ENTITY_TYPES),
                        filter("status", Schemas.ENTITY_STATUSES),
                        idFilter("department_id"),
                        idFilter("owner_id"),
                        search(),
                        filter("sort", List.of("created_at", "-created_at", "name")))
                .problem(404);
        on("POST /api/v1/entities", "Create an entity")
                .takes(draft)
                .creates(entity)
                .problem(404);
        ObjectNode items = Shape.array(draft, 1, 500);
        on("POST /api/v1/entities/batch", "Create up to 500 entities, all or none")
                .takes(Shape.anyOf(object(required("items", items)), items))
                .answers(201, "The new records", object(required("items", Shape.array(entity, 1, 500))))
                .problem(404);
        on("GET /api/v1/entities/{id}", "One entity").answersRecord(entity);
        on("PATCH /api/v1/entities/{id}", "Change an entity")
                .takes(schemas.named(
                        "EntityPatch",
                        object(
                                kept("type", word(Schemas.ENTITY_TYPES)),
                                kept("name", line(Fields.NAME)),
                                kept("status", word(Schemas.ENTITY_STATUSES)),
                                contact(),
                                optional("department_id", id()),
                                optional("notes", prose(Fields.PROSE)))))
                .answers(200, "The changed record", entity)
                .conditional();
        on("DELETE /api/v1/entities/{id}", "Delete an entity and its shares")
                .answers(204, "It is gone", null)
                .conditional();
    }

    private static ObjectNode newEntity() {
        return object(
                required("type", word(Schemas.ENTITY_TYPES)),
                required("name", line(Fields.NAME)),
                optional("status", word(Schemas.ENTITY_STATUSES)),
                contact(),
                optional("department_id", id()),
                optional("notes", prose(Fields.PROSE)));
    }

    private static Shape.Field contact() {
        return optional("contact", object(optional("email", email()), optional("phone", line(Fields.PHONE))));
    }

    private void applications() {
        ObjectNode application = schemas.of(Application.class);
        on("POST /api/v1/properties/{id}/applications", "Apply for a position, without login")
                .takes(schemas.named(
                        "NewApplication",
                        object(
                                required("applicant_name", line(Fields.NAME)),
                                required("email", email()),
                                optional("phone", line(Fields.PHONE)),
                                required("position", line(Fields.NAME)),
                                optional("message", prose(Fields.PROSE)))))
                .creates(application)
                .problem(429);
        on("GET /api/v1/applications", "List, newest first")
                .lists(
                        page(Application.class),
                        idFilter("property_id"),
                        filter("status", Schemas.APPLICATION_STATUSES),
                        search())
                .problem(404);
        on("GET /api/v1/applications/{id}", "One application").answersRecord(application);
        on("POST /api/v1/applications/{id}/approve", "Approve, and start the onboarding")
                .takesOptionally(schemas.named("Approval", object(optional("user_id", id()))))
                .answers(200, "The changed record", application)
                .conditional()
                .problem(409);
        on("POST /api/v1/applications/{id}/reject", "Reject")
                .takes(schemas.named("Rejection", object(required("reason", proseNotBlank(Fields.PROSE)))))
                .answers(200, "The changed record", application)
                .conditional()
                .problem(409);
    }

    private void onboardings() {
        ObjectNode onboarding = schemas.of(Onboarding.class);
        on("GET /api/v1/onboardings", "List, newest first, without the forms")
                .lists(page(Onboarding.class), idFilter("property_id"), filter("status", Schemas.ONBOARDING_STATUSES))
                .problem(404);
        on("GET /api/v1/onboardings/{id}", "One onboarding; sensitive fields in full for ADMIN and HR only")
                .answersRecord(onboarding);
        on("PATCH /api/v1/onboardings/{id}", "Name the employee")
                .takes(schemas.named("OnboardingPatch", object(optional("user_id", id()))))
                .answers(200, "The changed record", onboarding)
                .conditional();
        on("PUT /api/v1/onboardings/{id}/forms/{step}", "Hand in a form")
                .takes(Shape.anyObject())
                .answers(200, "The changed record", onboarding)
                .conditional()
                .problem(409);
        on("POST /api/v1/onboardings/{id}/complete", "Complete, once all forms are in")
                .takesOptionally(object())
                .answers(200, "The changed record", onboarding)
                .conditional()
                .problem(409);
    }

    private void shares() {
        ObjectNode share = schemas.of(Share.class);
        on("GET /api/v1/shares", "List what the caller received or gave, newest first")
                .lists(page(Share.class), filter("direction", List.of("received", "given")));
        on("POST /api/v1/shares", "Share a record with a member")
                .takes(schemas.named(
                        "NewShare",
                        object(
                                required("resource_type", word(Schemas.RESOURCE_TYPES)),
                                required("resource_id", id()),
                                required("user_id", id()),
                                required("access_level", word(Schemas.ACCESS_LEVELS)),
                                optional("expires_at", time()))))
                .creates(share)
                .problem(404, 409);
        on("GET /api/v1/shares/{id}", "One share").answersRecord(share);
        on("DELETE /api/v1/shares/{id}", "Withdraw a share")
                .answers(204, "It is gone", null)
                .conditional();
    }

    private void conversations() {
        ObjectNode chat = schemas.of(Chat.class);
        ObjectNode message = schemas.of(ChatEvent.Message.class);
        on("GET /api/v1/chats", "List, newest first").lists(page(Chat.class));
        on("POST /api/v1/chats", "Begin a chat")
                .takes(schemas.named(
                        "NewChat", object(required("title", line(Fields.NAME)), optional("entity_id", id()))))
                .creates(chat)
                .problem(404);
        on("GET /api/v1/chats/{id}", "One chat").answersRecord(chat);
        on("GET /api/v1/chats/{id}/messages", "List, newest first")
                .lists(
                        schemas.pageOf("ChatMessage", message),
                        new Parameter("before", id(), "Begin before that message of the chat"));
        on("POST /api/v1/chats/{id}/messages", "Say something")
                .takes(schemas.named("NewChatMessage", object(required("text", proseNotBlank(Fields.CHAT)))))
                .creates(message);
        on("GET /api/v1/chats/{id}/messages/{message_id}", "One message").answersRecord(message);

        ObjectNode call = schemas.of(Call.class);
        ObjectNode duration = integer(0, 604_800);
        on("GET /api/v1/calls", "List, newest first").lists(page(Call.class));
        on("POST /api/v1/calls", "Enter a call")
                .takes(schemas.named(
                        "NewCall",
                        object(
                                required("entity_id", id()),
                                required("started_at", time()),
                                optional("duration_s", duration),
                                optional("recording_url", url()))))
                .creates(call)
                .problem(404);
        on("GET /api/v1/calls/{id}", "One call").answersRecord(call);
        on("PATCH /api/v1/calls/{id}", "Change a call")
                .takes(schemas.named(
                        "CallPatch",
                        object(
                                kept("status", word(Schemas.CALL_STATUSES)),
                                optional("duration_s", duration),
                                optional("recording_url", url()),
                                optional("summary", prose(Fields.PROSE)))))
                .answers(200, "The changed record", call)
                .conditional();
    }

    private void notifications() {
        ObjectNode notification = schemas.of(Notification.class);
        on("GET /api/v1/notifications", "List the caller's own that they have not read, newest first")
                .lists(page(Notification.class));
        ObjectNode toMany = object(
                required("message", proseNotBlank(Fields.PROSE)),
                required("severity", word(Schemas.SEVERITIES)),
                optional("kind", word(Schemas.KINDS)),
                optional("target_role", word(Schemas.ROLES)));
        ObjectNode toOne = object(
                required("user_id", id()),
                optional("title", line(Fields.NAME)),
                required("message", proseNotBlank(Fields.PROSE)),
                required("severity", word(Schemas.SEVERITIES)));
        on("POST /api/v1/notifications", "Notify everybody, a role, or one user")
                .takes(schemas.named("NewNotification", Shape.anyOf(toMany, toOne)))
                .creates(notification)
                .problem(404);
        on("GET /api/v1/notifications/{id}", "One notification").answersRecord(notification);
        on("POST /api/v1/notifications/{id}/read", "Note that the caller has read it")
                .takesOptionally(object())
                .answers(200, "The changed record", notification);
    }

    private void figures() {
        on("GET /api/v1/dashboard", "Counts over what the caller sees")
                .answers(200, "The counts", schemas.of(Dashboard.class));
        on("GET /api/v1/audit", "Who changed what when, newest first").lists(page(AuditEntry.class));
    }

    static ObjectNode step() {
        return word(Schemas.STEPS);
    }

    static ObjectNode text() {
        return JsonNodeFactory.instance.objectNode().put("type", "string");
    }
}
