/** Tests of the room. */
@NullMarked
package io.posthorn.model;

import org.jspecify.annotations.NullMarked;
