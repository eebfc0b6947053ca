package dev.bellhop.quickstart;

import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;

/**
 * What {@code up} prints once everything runs: addresses, users, and commands that work as they stand.
 *
 * @param demo whether the demo's users are there
 * @param nobody whether there is no organisation at all
 */
record Welcome(Addresses addresses, Path dataDirectory, boolean demo, boolean nobody) {
    private static final String JSON = "-H 'Content-Type: application/json'";

    void print(PrintStream out, Duration took) {
        out.printf(Locale.ROOT, "Bellhop is running after %.1f s. Ctrl-C stops it.%n%n", took.toMillis() / 1000.0);
        out.println("  Dashboard        " + addresses.realtime());
        out.println("  REST API         " + addresses.api() + "/api/v1");
        out.println("  WebSocket        " + addresses.webSocket("/ws"));
        out.println("  Server-Sent      " + addresses.realtime() + "/events");
        out.println("  Data, secrets    " + dataDirectory);
        out.println();
        if (demo) {
            printDemo(out);
        } else if (nobody) {
            printFirstOrganization(out);
        }
        out.flush();
    }

    private void printDemo(PrintStream out) {
        out.println("Users, all with the password " + DemoData.PASSWORD + ":");
        for (DemoData.Organization organization : DemoData.ORGANIZATIONS) {
            out.println("  " + organization.name());
            for (DemoData.Member member : organization.members()) {
                out.printf("    %-24s %s%n", member.email(), member.description());
            }
        }
        out.println();
        out.println("In a second terminal, log in and follow the events of Harbor Hotels:");
        out.println("  curl -s " + addresses.api() + "/api/v1/auth/login " + JSON
                + " -d '{\"email\":\"hr@harbor.example\",\"password\":\"" + DemoData.PASSWORD + "\"}'");
        out.println("  curl -N \"" + addresses.realtime() + "/events?token=$(" + token("hr@harbor.example") + ")\"");
        out.println();
        out.println("In a third, create an entity, and send a message to everybody:");
        out.println("  curl -s " + addresses.api() + "/api/v1/entities -H \"Authorization: Bearer $("
                + token("hr@harbor.example") + ")\" " + JSON
                + " -d '{\"type\":\"candidate\",\"name\":\"Ada Lovelace\"}'");
        out.println("  curl -s " + addresses.realtime() + "/ws/broadcast -H \"Authorization: Bearer $("
                + token("admin@harbor.example") + ")\" " + JSON
                + " -d '{\"room\":\"org\",\"type\":\"system.notification\","
                + "\"payload\":{\"message\":\"The lift is out of order\",\"severity\":\"warning\"}}'");
    }

    private void printFirstOrganization(PrintStream out) {
        out.println("Nobody can log in yet. In a second terminal, make an organisation with its first administrator:");
        out.println("  curl -s " + addresses.api() + "/api/v1/organizations"
                + " -H \"Authorization: Bearer $(./bellhop token --service)\" " + JSON
                + " -d '{\"name\":\"My Hotel\",\"admin\":{\"email\":\"admin@hotel.example\","
                + "\"name\":\"Admin\",\"password\":\"change-this-password\"}}'");
    }

    /** Names the port where it is not the one that the command takes by itself. */
    private String token(String email) {
        URI api = addresses.api();
        return (api.getPort() == 8080 ? "" : "BELLHOP_API_PORT=" + api.getPort() + " ") + "./bellhop token " + email;
    }
}
