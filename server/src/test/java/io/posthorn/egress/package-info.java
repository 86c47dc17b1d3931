@NullMarked
package io.posthorn.egress;

import org.jspecify.annotations.NullMarked;
