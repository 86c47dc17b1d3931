/** Tests of the store against a real server. */
@NullMarked
package io.posthorn.store;

import org.jspecify.annotations.NullMarked;
