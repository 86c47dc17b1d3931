package io.posthorn.bench;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * CPU used up to a moment, microseconds.
 *
 * @param server of the server's virtual machine
 * @param postgres of its PostgreSQL, all processes
 * @param harness of this virtual machine
 * @param machine of everything on the machine
 * @param at when, {@link Net#micros}
 * @param threads of the server's threads, by id and name
 */
record Cpu(long server, long postgres, long harness, long machine, long at, Map<String, Long> threads) {
    /** How it stands now. */
    static Cpu of(ServerProcess process) {
        long java = process.javaPid();
        long postgres = 0;
        for (long pid : process.postgresPids()) {
            ProcFs.Stat stat = ProcFs.stat(pid);
            postgres += stat == null ? 0 : stat.cpuMicros() + stat.childrenMicros();
        }
        return new Cpu(
                own(java),
                postgres,
                own(ProcessHandle.current().pid()),
                ProcFs.machineMicros(),
                Net.micros(),
                ProcFs.threads(java));
    }

    private static long own(long pid) {
        ProcFs.Stat stat = ProcFs.stat(pid);
        return stat == null ? 0 : stat.cpuMicros();
    }

    /** What was used since an earlier moment. */
    Cpu since(Cpu earlier) {
        Map<String, Long> used = new HashMap<>();
        threads.forEach((name, micros) -> used.put(name, micros - earlier.threads.getOrDefault(name, 0L)));
        return new Cpu(
                server - earlier.server,
                postgres - earlier.postgres,
                harness - earlier.harness,
                machine - earlier.machine,
                at - earlier.at,
                used);
    }

    /** What server and database together used for each of so many messages, microseconds. */
    double ofServer(long messages) {
        return (server + postgres) / (double) Math.max(messages, 1);
    }

    /** How many processors were busy with things that are none of this: other people's builds, for instance. */
    double others() {
        return Math.max(0, machine - server - postgres - harness) / (double) Math.max(at, 1);
    }

    /** Per message, for people. */
    String perMessage(long messages) {
        double n = Math.max(messages, 1);
        return String.format(
                Locale.ROOT,
                "%.1f µs a message: server %.1f, PostgreSQL %.1f, harness %.1f; %.2f processors busy elsewhere",
                (server + postgres + harness) / n,
                server / n,
                postgres / n,
                harness / n,
                others());
    }

    /** The busiest threads of the server, a line each, for people. */
    List<String> busiestThreads(long messages, int most) {
        return threads.entrySet().stream()
                .filter(e -> e.getValue() > 0)
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(most)
                .map(e -> String.format(
                        Locale.ROOT, "%6.1f µs  %s", e.getValue() / (double) Math.max(messages, 1), e.getKey()))
                .toList();
    }
}
