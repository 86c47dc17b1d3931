/** Tests of the API over real HTTP, against a real database. */
@NullMarked
package io.posthorn.api;

import org.jspecify.annotations.NullMarked;
