package io.posthorn.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What a publisher is to do after its subscribers were asked.
 *
 * @param proceed whether to go on
 * @param content what to go on with, JSON; what the publisher sent if nobody has changed it
 * @param changed whether somebody has
 * @param reason why it is not what it could have been, for people; null if there is nothing to say
 */
record SyncDecision(
        boolean proceed,
        String content,
        boolean changed,
        @Nullable String reason) {
    private static final int LONGEST_REASON = 500;

    /** Makes one content of several answers. */
    @FunctionalInterface
    interface Merging {
        /**
         * Merges.
         *
         * @param content what the publisher sent
         * @param succeeded those who have answered with success, in the order of their endpoints
         * @return JSON; null to leave the content as it is
         * @throws MergeException if it cannot be done
         */
        @Nullable
        String merge(String content, List<SyncResult> succeeded) throws MergeException;
    }

    /** The answers could not be merged. */
    static final class MergeException extends Exception {
        private static final long serialVersionUID = 1L;

        MergeException(String message) {
            super(message);
        }
    }

    /** Whether nobody has to wait for the others after this result. */
    static boolean isDecidedBy(SyncRequest request, SyncResult result) {
        return switch (request.rule()) {
            case FIRST -> result.succeeded();
            case VETO -> result.vetoes() || (request.closed() && result.failed());
            case ALL, MERGE -> request.closed() && result.failed();
        };
    }

    /**
     * Decides.
     *
     * @param request how
     * @param content what the publisher sent, JSON
     * @param inTurn the results in the order in which they came
     * @param results of all that were asked, in the order of their endpoints
     * @param merging if that is the rule
     */
    static SyncDecision of(
            SyncRequest request, String content, List<SyncResult> inTurn, List<SyncResult> results, Merging merging) {
        List<SyncResult> failed = results.stream().filter(SyncResult::failed).toList();
        return switch (request.rule()) {
            case FIRST -> first(request, content, inTurn, failed);
            case ALL -> all(request, content, results, failed);
            case MERGE -> merged(request, content, results, failed, merging);
            case VETO -> vetoed(request, content, inTurn, failed);
        };
    }

    private static SyncDecision first(
            SyncRequest request, String content, List<SyncResult> inTurn, List<SyncResult> failed) {
        for (SyncResult result : inTurn) {
            if (result.succeeded()) {
                return replaced(content, result.text());
            }
        }
        return failed.isEmpty() ? unchanged(content) : unheard(request, content, failed);
    }

    private static SyncDecision all(
            SyncRequest request, String content, List<SyncResult> results, List<SyncResult> failed) {
        if (!failed.isEmpty()) {
            return unheard(request, content, failed);
        }
        SyncResult said = null;
        for (SyncResult result : results) {
            JsonNode json = result.json();
            if (json != null && said != null && !json.equals(said.json())) {
                return new SyncDecision(
                        !request.closed(),
                        content,
                        false,
                        name(said) + " and " + name(result) + " answer with different content");
            }
            said = json == null ? said : result;
        }
        return said == null ? unchanged(content) : replaced(content, said.text());
    }

    private static SyncDecision merged(
            SyncRequest request, String content, List<SyncResult> results, List<SyncResult> failed, Merging merging) {
        if (request.closed() && !failed.isEmpty()) {
            return unheard(request, content, failed);
        }
        List<SyncResult> succeeded =
                results.stream().filter(SyncResult::succeeded).toList();
        if (succeeded.isEmpty()) {
            return failed.isEmpty() ? unchanged(content) : unheard(request, content, failed);
        }
        try {
            SyncDecision merged = replaced(content, merging.merge(content, succeeded));
            return failed.isEmpty() ? merged : new SyncDecision(true, merged.content, merged.changed, why(failed));
        } catch (MergeException e) {
            return new SyncDecision(
                    !request.closed(), content, false, cut("the answers cannot be merged: " + e.getMessage()));
        }
    }

    private static SyncDecision vetoed(
            SyncRequest request, String content, List<SyncResult> inTurn, List<SyncResult> failed) {
        for (SyncResult result : inTurn) {
            if (result.vetoes()) {
                String why =
                        Objects.requireNonNull(result.json()).path("reason").asText("");
                return new SyncDecision(
                        false, content, false, cut(name(result) + " forbids it" + (why.isBlank() ? "" : ": " + why)));
            }
        }
        return failed.isEmpty() ? unchanged(content) : unheard(request, content, failed);
    }

    private static SyncDecision unchanged(String content) {
        return new SyncDecision(true, content, false, null);
    }

    private static SyncDecision replaced(String content, @Nullable String by) {
        return by == null ? unchanged(content) : new SyncDecision(true, by, true, null);
    }

    /** Somebody who counts was not heard. */
    private static SyncDecision unheard(SyncRequest request, String content, List<SyncResult> failed) {
        return new SyncDecision(!request.closed(), content, false, why(failed));
    }

    private static String why(List<SyncResult> failed) {
        List<String> each = new ArrayList<>();
        for (SyncResult result : failed.subList(0, Math.min(3, failed.size()))) {
            each.add(name(result) + ": " + result.error());
        }
        if (failed.size() > each.size()) {
            each.add("and " + (failed.size() - each.size()) + " more");
        }
        return cut(String.join("; ", each));
    }

    private static String name(SyncResult result) {
        String uid = result.endpoint().uid();
        return "endpoint " + (uid == null ? result.endpoint().id() : uid);
    }

    private static String cut(String text) {
        return text.length() <= LONGEST_REASON ? text : text.substring(0, LONGEST_REASON) + "…";
    }
}
