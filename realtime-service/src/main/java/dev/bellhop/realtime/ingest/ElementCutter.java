package dev.bellhop.realtime.ingest;

/** Cuts HTML out of a text and leaves every other character as it stands. */
interface ElementCutter {
    /** One pass; what stood apart may form new tags afterwards. The same instance when there is nothing to cut. */
    String cut(String text);
}
