package io.posthorn.bench;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What Linux tells about processes. A process that ends while it is looked at counts as not there. */
final class ProcFs {
    /** Clock ticks are hundredths of a second on every Linux there is. */
    private static final long MICROS_PER_TICK = 10_000;

    private static final Path PROC = Path.of("/proc");

    private ProcFs() {}

    /**
     * One line of {@code /proc/…/stat}.
     *
     * @param name of the process or thread, at most 15 characters
     * @param parent process id
     * @param cpuMicros used so far, in user and kernel mode
     * @param childrenMicros used by children that have ended and were waited for
     */
    record Stat(String name, long parent, long cpuMicros, long childrenMicros) {
        static Stat parse(String line) {
            int close = line.lastIndexOf(')');
            String[] fields = line.substring(close + 2).split(" ", -1);
            return new Stat(
                    line.substring(line.indexOf('(') + 1, close),
                    Long.parseLong(fields[1]),
                    (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * MICROS_PER_TICK,
                    (Long.parseLong(fields[13]) + Long.parseLong(fields[14])) * MICROS_PER_TICK);
        }
    }

    /** CPU that the whole machine has used so far, in whatever mode, microseconds; 0 if it does not tell. */
    static long machineMicros() {
        try {
            String[] fields =
                    Files.readAllLines(PROC.resolve("stat")).getFirst().split(" +", -1);
            // cpu user nice system idle iowait irq softirq steal
            long ticks = 0;
            for (int i : new int[] {1, 2, 3, 6, 7, 8}) {
                ticks += Long.parseLong(fields[i]);
            }
            return ticks * MICROS_PER_TICK;
        } catch (IOException e) {
            return 0;
        }
    }

    /** A process, or null if there is none. */
    static @Nullable Stat stat(long pid) {
        return read(PROC.resolve(String.valueOf(pid)));
    }

    /** Its threads' CPU so far in microseconds, by thread id and name. */
    static Map<String, Long> threads(long pid) {
        Map<String, Long> result = new LinkedHashMap<>();
        for (Path task : numbered(PROC.resolve(pid + "/task"))) {
            Stat stat = read(task);
            if (stat != null) {
                result.put(task.getFileName() + " " + stat.name, stat.cpuMicros);
            }
        }
        return result;
    }

    /** The processes that have this parent. */
    static List<Long> children(long pid) {
        List<Long> result = new ArrayList<>();
        for (Path process : numbered(PROC)) {
            Stat stat = read(process);
            if (stat != null && stat.parent == pid) {
                result.add(Long.parseLong(String.valueOf(process.getFileName())));
            }
        }
        return result;
    }

    /** The process or the nearest below it that is a Java virtual machine; 0 if there is none. */
    static long javaUnder(long pid) {
        Stat stat = stat(pid);
        if (stat == null) {
            return 0;
        }
        if (stat.name.equals("java")) {
            return pid;
        }
        for (long child : children(pid)) {
            long found = javaUnder(child);
            if (found != 0) {
                return found;
            }
        }
        return 0;
    }

    /** Whether there is such a process and its working directory is this one. */
    static boolean worksIn(long pid, Path folder) {
        try {
            return Files.readSymbolicLink(PROC.resolve(pid + "/cwd")).equals(folder.toRealPath());
        } catch (IOException e) {
            return false;
        }
    }

    /** A line of {@code /proc/PID/status} such as {@code VmRSS}, in KiB; 0 if there is none. */
    static long statusKib(long pid, String name) {
        try {
            for (String line : Files.readAllLines(PROC.resolve(pid + "/status"))) {
                if (line.startsWith(name + ":")) {
                    return Long.parseLong(line.replaceAll("[^0-9]", ""));
                }
            }
        } catch (IOException e) {
            return 0;
        }
        return 0;
    }

    private static @Nullable Stat read(Path folder) {
        try {
            return Stat.parse(Files.readString(folder.resolve("stat")));
        } catch (IOException e) {
            return null;
        }
    }

    private static List<Path> numbered(Path folder) {
        List<Path> result = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder, "[0-9]*")) {
            entries.forEach(result::add);
        } catch (IOException e) {
            return List.of();
        }
        return result;
    }
}
