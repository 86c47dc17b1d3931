package io.posthorn.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A table for people: a heading and rows, columns two spaces apart. On a terminal the widest columns are cut until it
 * fits. It is printed in pieces, so that a long one needs little memory; the first piece decides how wide the columns
 * are, and a longer cell in a later one pushes what follows it, or is cut on a terminal.
 */
final class Table {
    private static final String GAP = "  ";
    /** A column is not cut below this. */
    private static final int LEAST = 8;

    private final PrintWriter out;
    private final List<String> headings;
    private final int width;
    private final boolean bold;
    private int[] widths = new int[0];

    /**
     * A table.
     *
     * @param out where it is printed
     * @param headings of the columns
     * @param width of the terminal, in characters; 0 for no bound
     * @param bold whether headings are printed bold
     */
    Table(PrintWriter out, List<String> headings, int width, boolean bold) {
        this.out = out;
        this.headings = List.copyOf(headings);
        this.width = width;
        this.bold = bold;
    }

    /** Prints some rows, before the first of them the heading. */
    void print(List<List<String>> rows) {
        if (widths.length == 0) {
            widths = widths(rows);
            String line = line(headings);
            out.println(bold ? "\u001b[1m" + line + "\u001b[0m" : line);
        }
        rows.forEach(row -> out.println(line(row)));
    }

    private int[] widths(List<List<String>> rows) {
        int[] wanted = new int[headings.size()];
        List<List<String>> all = new ArrayList<>(rows);
        all.addFirst(headings);
        for (List<String> row : all) {
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] = Math.max(wanted[i], length(row.get(i)));
            }
        }
        if (width > 0) {
            shrink(wanted, width - GAP.length() * (wanted.length - 1));
        }
        return wanted;
    }

    private static void shrink(int[] wanted, int room) {
        for (int over = Arrays.stream(wanted).sum() - room; over > 0; over--) {
            int widest = 0;
            for (int i = 1; i < wanted.length; i++) {
                widest = wanted[i] > wanted[widest] ? i : widest;
            }
            if (wanted[widest] <= LEAST) {
                return;
            }
            wanted[widest]--;
        }
    }

    private String line(List<String> cells) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < widths.length; i++) {
            String cell = cut(cells.get(i), widths[i]);
            line.append(cell).repeat(' ', Math.max(0, widths[i] - length(cell))).append(GAP);
        }
        return line.toString().stripTrailing();
    }

    private String cut(String cell, int most) {
        return width == 0 || length(cell) <= most
                ? cell
                : cell.substring(0, cell.offsetByCodePoints(0, most - 1)) + "…";
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
