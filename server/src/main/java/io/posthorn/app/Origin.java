package io.posthorn.app;

/** Where a value came from. Its text is what people are shown. */
public sealed interface Origin {
    /** Nobody said anything. */
    record Default() implements Origin {
        @Override
        public String toString() {
            return "default";
        }
    }

    /**
     * The configuration file.
     *
     * @param name as it was given
     * @param line from 1
     */
    record File(String name, int line) implements Origin {
        @Override
        public String toString() {
            return name + ":" + line;
        }
    }

    /**
     * An environment variable.
     *
     * @param name such as {@code POSTHORN_PORT}
     */
    record Variable(String name) implements Origin {
        @Override
        public String toString() {
            return name;
        }
    }

    /**
     * A flag of the command line.
     *
     * @param name such as {@code --port}
     */
    record Flag(String name) implements Origin {
        @Override
        public String toString() {
            return name;
        }
    }
}
