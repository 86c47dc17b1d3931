package io.posthorn.catalog;

/**
 * Leave to use the API. The token itself is not here: it was shown once, and only its hash is kept.
 *
 * @param no the number it has in the database
 * @param name for people and logs
 */
public record Token(int no, String name) {}
