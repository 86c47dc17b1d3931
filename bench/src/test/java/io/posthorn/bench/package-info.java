@NullMarked
package io.posthorn.bench;

import org.jspecify.annotations.NullMarked;
