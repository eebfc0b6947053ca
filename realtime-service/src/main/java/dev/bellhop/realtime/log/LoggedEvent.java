package dev.bellhop.realtime.log;

/**
 * An event at its place in the log of one organisation.
 *
 * @param position from 1, without a hole
 */
public record LoggedEvent(long position, NewEvent event) {}
