package io.posthorn.catalog;

import io.posthorn.model.EventType;
import java.util.List;

/**
 * What an import changes, or would change.
 *
 * @param created those that did not exist, or were archived
 * @param updated those that were different
 * @param unchanged the names of those that were the same
 * @param archived the names of those that are not offered any more, because the import is to replace all
 */
public record CatalogueChange(
        List<EventType> created, List<EventType> updated, List<String> unchanged, List<String> archived) {}
