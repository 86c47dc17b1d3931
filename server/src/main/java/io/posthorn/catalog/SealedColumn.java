package io.posthorn.catalog;

import java.util.function.Function;

/**
 * A column whose values are sealed with {@link SecretBox}.
 *
 * @param table its name
 * @param key the name of a column that is unique, and has an index
 * @param column its name; null where there is nothing to seal
 * @param context of the value, from the key
 */
public record SealedColumn(String table, String key, String column, Function<Object, String> context) {}
