/** Clock, workers, limits and metrics: what every room needs and none owns. */
@NullMarked
package io.posthorn.runtime;

import org.jspecify.annotations.NullMarked;
