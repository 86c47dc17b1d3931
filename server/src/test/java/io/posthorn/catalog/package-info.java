@NullMarked
package io.posthorn.catalog;

import org.jspecify.annotations.NullMarked;
