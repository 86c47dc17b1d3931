package io.posthorn.history;

import java.util.List;

/** Where outcomes are written. */
public interface OutcomeStore {
    /**
     * Writes a batch and positions as one transaction.
     *
     * @param batch outcomes, in the order in which they happened
     * @param moved settled positions to write
     * @param again whether the same batch was tried before, so that it may be there already
     */
    WriteResult write(List<Settlement> batch, List<SettledPositions.Position> moved, boolean again);
}
