package io.posthorn.app;

/**
 * A value that somebody gave, not yet parsed.
 *
 * @param key the key of the setting, or what was written in its place
 * @param text the value; a list with commas
 * @param origin where it stands
 */
record Given(String key, String text, Origin origin) {}
