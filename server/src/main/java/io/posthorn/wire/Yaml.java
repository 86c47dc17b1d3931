package io.posthorn.wire;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * YAML whose every part knows where it stands. Scalars are what JSON has: only {@code true}, {@code false}, {@code null}
 * (and nothing at all, and {@code ~}) and JSON's numbers are other than texts, so that nobody has to know that YAML once
 * took {@code on} for true and {@code 1:30} for ninety.
 */
final class Yaml {
    private static final int MOST_LEVELS = 24;
    private static final Pattern NUMBER =
            Pattern.compile("-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,17})?([eE][-+]?[0-9]{1,2})?");

    private final String text;
    private final String[] lines;
    private final List<ProfileProblem> problems;

    private Yaml(String text, List<ProfileProblem> problems) {
        this.text = text;
        this.lines = text.split("\n", -1);
        this.problems = problems;
    }

    /** A part of the text. */
    sealed interface Part {
        /** Where it begins. */
        Place place();
    }

    /**
     * One value.
     *
     * @param value a text, a number, a boolean or null
     * @param place where it begins
     * @param content where its first character stands; that of a block is in the line below
     */
    record Scalar(@Nullable Object value, Place place, Place content) implements Part {}

    /** A list. */
    record Items(List<Part> parts, Place place) implements Part {}

    /**
     * Members by name.
     *
     * @param members in the order of the text
     * @param names where each member's name stands
     * @param place where it begins
     */
    record Members(Map<String, Part> members, Map<String, Place> names, Place place) implements Part {}

    /**
     * Reads a text.
     *
     * @param text one document
     * @param problems told what is wrong with it
     * @return null if it is no YAML, or empty
     */
    static @Nullable Part read(String text, List<ProfileProblem> problems) {
        LoaderOptions options = new LoaderOptions();
        options.setNestingDepthLimit(MOST_LEVELS);
        options.setMaxAliasesForCollections(0);
        options.setCodePointLimit(ProfileParser.MOST_CHARACTERS);
        try {
            Node root = new org.yaml.snakeyaml.Yaml(options).compose(new StringReader(text));
            return root == null ? null : new Yaml(text, problems).part(root, "");
        } catch (MarkedYAMLException e) {
            Place place = e.getProblemMark() == null ? Place.START : place(e.getProblemMark());
            problems.add(new ProfileProblem(place.line(), place.column(), "", "is not YAML: " + said(e.getProblem())));
        } catch (YAMLException e) {
            problems.add(new ProfileProblem(1, 1, "", "is not YAML: " + said(e.getMessage())));
        }
        return null;
    }

    private static String said(@Nullable String message) {
        return message == null ? "" : message.lines().findFirst().orElse("");
    }

    private static Place place(Mark mark) {
        return new Place(mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Part part(Node node, String path) {
        Place place = place(node.getStartMark());
        return switch (node) {
            case ScalarNode scalar -> new Scalar(value(scalar), place, content(scalar, place));
            case SequenceNode sequence -> {
                List<Part> parts = new ArrayList<>();
                for (Node each : sequence.getValue()) {
                    parts.add(part(each, path + "." + parts.size()));
                }
                yield new Items(List.copyOf(parts), place);
            }
            case MappingNode mapping -> members(mapping, place, path);
            default -> throw new IllegalStateException("YAML has no other nodes: " + node.getNodeId());
        };
    }

    private Members members(MappingNode mapping, Place place, String path) {
        Map<String, Part> members = new LinkedHashMap<>();
        Map<String, Place> names = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Place where = place(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
                problems.add(new ProfileProblem(where.line(), where.column(), path, "has a name that is no text"));
                continue;
            }
            String name = key.getValue();
            String inner = path.isEmpty() ? name : path + "." + name;
            Place before = names.putIfAbsent(name, where);
            if (before != null) {
                problems.add(new ProfileProblem(
                        where.line(), where.column(), inner, "stands in line " + before.line() + " already"));
                continue;
            }
            members.put(name, part(tuple.getValueNode(), inner));
        }
        return new Members(members, names, place);
    }

    private static @Nullable Object value(ScalarNode scalar) {
        String value = scalar.getValue();
        if (scalar.getScalarStyle() != ScalarStyle.PLAIN) {
            return value;
        }
        if (scalar.getTag().equals(Tag.NULL)) {
            return null;
        }
        if (value.equals("true") || value.equals("false")) {
            return Boolean.valueOf(value);
        }
        if (NUMBER.matcher(value).matches()) {
            boolean whole = value.chars().allMatch(c -> c == '-' || (c >= '0' && c <= '9'));
            return whole ? (Object) Long.valueOf(value) : Double.valueOf(value);
        }
        return value;
    }

    /** What a block holds begins in the line after its sign, at the first character that is no blank. */
    private Place content(ScalarNode scalar, Place place) {
        if (scalar.getScalarStyle() == ScalarStyle.LITERAL || scalar.getScalarStyle() == ScalarStyle.FOLDED) {
            for (int line = place.line(); line < lines.length; line++) {
                String each = lines[line];
                if (!each.isBlank()) {
                    int indent = each.length() - each.stripLeading().length();
                    // blank lines at the beginning belong to the value
                    return new Place(place.line() + 1, indent + 1);
                }
            }
            return place;
        }
        boolean quoted = scalar.getScalarStyle() != ScalarStyle.PLAIN && !text.isEmpty();
        return quoted ? new Place(place.line(), place.column() + 1) : place;
    }

    /** A part as plain values: maps, lists, texts, numbers, booleans, null. */
    static @Nullable Object plain(Part part) {
        return switch (part) {
            case Scalar scalar -> scalar.value();
            case Items items -> {
                List<@Nullable Object> all = new ArrayList<>();
                items.parts().forEach(each -> all.add(plain(each)));
                yield all;
            }
            case Members members -> {
                Map<String, @Nullable Object> all = new LinkedHashMap<>();
                members.members().forEach((name, each) -> all.put(name, plain(each)));
                yield all;
            }
        };
    }

    /** Where each part stands, by the names of members with dots between them. */
    static void places(Part part, String path, Map<String, Place> places) {
        places.putIfAbsent(path, part.place());
        switch (part) {
            case Scalar _ -> {}
            case Items items -> {
                for (int i = 0; i < items.parts().size(); i++) {
                    places(items.parts().get(i), path.isEmpty() ? "" + i : path + "." + i, places);
                }
            }
            case Members members ->
                members.members().forEach((name, each) -> {
                    String inner = path.isEmpty() ? name : path + "." + name;
                    Place named = members.names().get(name);
                    places.put(inner, named == null ? each.place() : named);
                    places(each, inner, places);
                });
        }
    }
}
