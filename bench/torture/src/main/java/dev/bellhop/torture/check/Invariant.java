package dev.bellhop.torture.check;

/** What has to hold over the whole history of a run, whatever was done to the services. */
public enum Invariant {
    I1("complete", "what was acknowledged is in the log once, what was refused is not"),
    I2("no loss", "a client applies exactly the events of the rooms that it is in"),
    I3("no duplicate", "nothing reaches a client twice or out of order"),
    I4("agreement", "one position of a log is one event, for every client, node and store"),
    I5(
            "causality",
            "versions of a record ascend by one, and what was acknowledged before a request was sent precedes it"),
    I6("isolation", "no byte of another organisation, property or user"),
    I7("cut", "nothing from behind the position at which a right ended, and sockets close in time"),
    I8("honest", "a resume begins where the client was, and is refused only when the log is really gone"),
    I9("convergence", "clients, REST and database hold what the log says"),
    I10("no residue", "nothing stays behind or grows");

    private final String title;
    private final String meaning;

    Invariant(String title, String meaning) {
        this.title = title;
        this.meaning = meaning;
    }

    public String title() {
        return title;
    }

    public String meaning() {
        return meaning;
    }
}
