/** Tests of the room. */
@NullMarked
package io.posthorn.intake;

import org.jspecify.annotations.NullMarked;
