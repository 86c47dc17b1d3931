@NullMarked
package io.posthorn.wire;

import org.jspecify.annotations.NullMarked;
