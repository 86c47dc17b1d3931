/** Tests of the room. */
@NullMarked
package io.posthorn.runtime;

import org.jspecify.annotations.NullMarked;
