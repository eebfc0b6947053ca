package dev.bellhop.api.http;

import io.javalin.http.Context;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * From which address a request comes, for limits. The peer's own word for it, {@code X-Forwarded-For}, counts only when the
 * peer is a proxy that is named in the settings: everybody can write that header. Thread-safe.
 */
public final class ClientAddresses {
    private static final String ATTRIBUTE = "bellhop.address";

    /** Nothing else is ever given to the resolver, which would ask the network for a name. */
    private static final Pattern LITERAL =
            Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*");

    private static final class Network {
        private final byte[] address;
        /** Of the address that a peer has to share. */
        private final int bits;

        Network(byte[] address, int bits) {
            this.address = address;
            this.bits = bits;
        }

        boolean holds(byte[] other) {
            if (other.length != address.length) {
                return false;
            }
            for (int bit = 0; bit < bits; bit++) {
                int mask = 0x80 >> (bit % 8);
                if ((address[bit / 8] & mask) != (other[bit / 8] & mask)) {
                    return false;
                }
            }
            return true;
        }
    }

    private final List<Network> proxies;

    /**
     * @param proxies addresses, or networks as {@code 10.0.0.0/8}
     * @throws IllegalArgumentException naming the one that is neither
     */
    public ClientAddresses(List<String> proxies) {
        this.proxies = proxies.stream().map(ClientAddresses::network).toList();
    }

    private static Network network(String text) {
        String[] parts = text.split("/", 2);
        byte[] address = parse(parts[0])
                .orElseThrow(() -> new IllegalArgumentException("\"" + text + "\" is not an address or a network"));
        int most = address.length * 8;
        if (parts.length == 1) {
            return new Network(address, most);
        }
        if (!parts[1].matches("[0-9]{1,3}") || Integer.parseInt(parts[1]) > most) {
            throw new IllegalArgumentException("\"" + text + "\" is not an address or a network");
        }
        return new Network(address, Integer.parseInt(parts[1]));
    }

    private static Optional<byte[]> parse(String text) {
        if (!LITERAL.matcher(text).matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.getByName(text).getAddress());
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }

    /** Notes where the request comes from, for {@link #of}. */
    void note(Context ctx) {
        ctx.attribute(ATTRIBUTE, client(ctx.req().getRemoteAddr(), ctx.header("X-Forwarded-For")));
    }

    /** Goes back along the proxies to the first address that is none of them. */
    String client(String peer, String forwardedFor) {
        String client = peer;
        List<String> hops = forwardedFor == null ? List.of() : Arrays.asList(forwardedFor.split(",", -1));
        for (int i = hops.size() - 1; i >= 0 && isProxy(client); i--) {
            String hop = hops.get(i).trim();
            if (parse(hop).isEmpty()) {
                break;
            }
            client = hop;
        }
        return client;
    }

    private boolean isProxy(String address) {
        return parse(address)
                .filter(bytes -> proxies.stream().anyMatch(proxy -> proxy.holds(bytes)))
                .isPresent();
    }

    /** The address of the request's client. */
    public static String of(Context ctx) {
        String address = ctx.attribute(ATTRIBUTE);
        return address == null ? ctx.req().getRemoteAddr() : address;
    }
}
