package io.posthorn.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** What is measured and what went wrong, as it comes; a table and a JSON file at the end. */
final class Report {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final List<Figure> figures = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    /** Adds a figure and prints it. */
    synchronized void add(Figure figure) {
        figures.add(figure);
        System.out.println("    " + figure.line());
    }

    /** Says something that is worth keeping. */
    synchronized void note(String text) {
        notes.add(text);
        System.out.println("    " + text);
    }

    /** Something went wrong that makes the whole run a failure: a message lost, a delivery changed. */
    synchronized void failure(String text) {
        failures.add(text);
        System.out.println("    FAILED: " + text);
    }

    /** Whether nothing failed. */
    synchronized boolean sound() {
        return failures.isEmpty();
    }

    /** Whether every figure is within its bound. */
    synchronized boolean allHold() {
        return figures.stream().allMatch(Figure::holds);
    }

    /** Prints the table. */
    synchronized void print() {
        System.out.println();
        figures.forEach(figure -> System.out.println(figure.line()));
        failures.forEach(failure -> System.out.println("FAILED: " + failure));
    }

    /**
     * Writes the JSON file.
     *
     * @param folder made if it is not there
     * @return the file
     */
    synchronized Path write(Path folder, Instant began) throws IOException {
        ObjectNode root = JSON.createObjectNode();
        root.put("began", began.toString());
        root.put("seconds", Instant.now().getEpochSecond() - began.getEpochSecond());
        root.put("processors", Runtime.getRuntime().availableProcessors());
        root.put("java", Runtime.version().toString());
        root.put("sound", sound());
        root.put("all_hold", allHold());
        ArrayNode list = root.putArray("figures");
        for (Figure figure : figures) {
            ObjectNode one = list.addObject();
            one.put("scenario", figure.scenario());
            one.put("name", figure.name());
            one.put("value", figure.value());
            one.put("unit", figure.unit());
            Figure.Bound bound = figure.bound();
            if (bound != null) {
                one.put(bound.most() ? "at_most" : "at_least", bound.limit());
                one.put("holds", figure.holds());
            }
        }
        notes.forEach(root.putArray("notes")::add);
        failures.forEach(root.putArray("failures")::add);
        Files.createDirectories(folder);
        String name = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'")
                .withZone(ZoneOffset.UTC)
                .format(began);
        Path file = folder.resolve(name + ".json");
        JSON.writeValue(file.toFile(), root);
        return file;
    }
}
