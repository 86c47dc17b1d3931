/** Tests of the room. */
@NullMarked
package io.posthorn.notify;

import org.jspecify.annotations.NullMarked;
