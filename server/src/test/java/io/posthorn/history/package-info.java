/** Tests of the room. */
@NullMarked
package io.posthorn.history;

import org.jspecify.annotations.NullMarked;
