/**
 * Which endpoints get which message. The answer is a look into the catalog's snapshot as it stands when the message is
 * accepted; a change takes effect on the next message.
 */
@NullMarked
package io.posthorn.fanout;

import org.jspecify.annotations.NullMarked;
