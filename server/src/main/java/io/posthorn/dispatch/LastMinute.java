package io.posthorn.dispatch;

/** How many attempts of the last minute there were, and how many failed; to five seconds. */
final class LastMinute {
    private static final long SLOT = 5_000_000;
    private static final int SLOTS = 12;

    private final int[] all = new int[SLOTS];
    private final int[] failed = new int[SLOTS];
    /** The number of the present slot, counted from 1970. */
    private long present = Long.MIN_VALUE;

    void add(long now, boolean failure) {
        move(now);
        int slot = (int) Math.floorMod(present, (long) SLOTS);
        all[slot]++;
        failed[slot] += failure ? 1 : 0;
    }

    int all(long now) {
        move(now);
        return sum(all);
    }

    int failed(long now) {
        move(now);
        return sum(failed);
    }

    private void move(long now) {
        long slot = Math.floorDiv(now, SLOT);
        if (present == Long.MIN_VALUE || slot - present >= SLOTS) {
            java.util.Arrays.fill(all, 0);
            java.util.Arrays.fill(failed, 0);
            present = slot;
        }
        while (present < slot) {
            present++;
            int cleared = (int) Math.floorMod(present, (long) SLOTS);
            all[cleared] = 0;
            failed[cleared] = 0;
        }
    }

    private static int sum(int[] counts) {
        int sum = 0;
        for (int count : counts) {
            sum += count;
        }
        return sum;
    }
}
