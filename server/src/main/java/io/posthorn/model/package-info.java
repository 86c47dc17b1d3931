/**
 * The things Posthorn is about, as records and sealed types: no input or output, no framework, no annotations but
 * those for nullness. Every room may use them.
 */
@NullMarked
package io.posthorn.model;

import org.jspecify.annotations.NullMarked;
