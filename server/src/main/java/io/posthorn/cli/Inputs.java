package io.posthorn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;

/** What commands read: files and standard input, by one rule for all. */
final class Inputs {
    /** The name of standard input. */
    static final String STANDARD = "-";

    private Inputs() {}

    /**
     * Opens a file, or standard input for {@code -}.
     *
     * @throws RemoteFailure if it cannot be read
     */
    static InputStream open(Surroundings surroundings, String name) throws RemoteFailure {
        if (name.equals(STANDARD)) {
            return surroundings.in();
        }
        try {
            return Files.newInputStream(surroundings.directory().resolve(name));
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    /**
     * Reads all of it.
     *
     * @param most bytes; more is a failure
     */
    static byte[] read(Surroundings surroundings, String name, int most) throws RemoteFailure {
        try (InputStream in = open(surroundings, name)) {
            byte[] bytes = in.readNBytes(most + 1);
            if (bytes.length > most) {
                throw new RemoteFailure(ExitCodes.USAGE, shown(name) + " has more than " + most + " bytes");
            }
            return bytes;
        } catch (IOException e) {
            throw unreadable(name, e);
        }
    }

    static RemoteFailure unreadable(String name, IOException e) {
        return new RemoteFailure(ExitCodes.USAGE, shown(name) + " cannot be read: " + why(e));
    }

    static String shown(String name) {
        return name.equals(STANDARD) ? "standard input" : name;
    }

    /** The reason without the name of the file, which Java takes for a reason. */
    static String why(IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> "there is no such file";
            case AccessDeniedException _ -> "permission denied";
            default -> String.valueOf(e.getMessage());
        };
    }
}
