package io.posthorn.model;

/** The fixed division of all applications. A shard is the unit of ownership, of order and of recovery. */
public final class Shards {
    /** How many there are. Written into the database when it is made; it can never change afterwards. */
    public static final int COUNT = 64;

    private Shards() {}

    /**
     * The shard of an application.
     *
     * @param appNo {@link Application#no()}
     * @return 0 to {@link #COUNT} − 1
     */
    public static int of(int appNo) {
        return Math.floorMod(appNo, COUNT);
    }
}
