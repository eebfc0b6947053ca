package dev.bellhop.api.http;

/**
 * What a merge patch (RFC 7396) says of one field.
 *
 * @param mentioned false when the field keeps its value
 * @param value the new one where mentioned; null removes it
 */
public record Change<T>(boolean mentioned, T value) {
    public static <T> Change<T> none() {
        return new Change<>(false, null);
    }

    public static <T> Change<T> to(T value) {
        return new Change<>(true, value);
    }

    public T over(T current) {
        return mentioned ? value : current;
    }
}
