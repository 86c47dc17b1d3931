package io.posthorn.app;

import io.posthorn.cli.Posthorn;
import io.posthorn.cli.Surroundings;

/** The program's entry point. */
public final class Main {
    private Main() {}

    /**
     * Runs the command line.
     *
     * @param args the command and its options
     */
    public static void main(String[] args) {
        System.exit(Posthorn.run(args, Surroundings.ofProcess()));
    }
}
