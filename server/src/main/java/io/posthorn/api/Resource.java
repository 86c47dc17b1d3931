package io.posthorn.api;

import io.posthorn.catalog.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A kind of thing with the six usual operations: list and create under one path, read, replace, change and delete under
 * the other.
 *
 * @param <T> the thing
 */
interface Resource<T> extends RouteModule {
    /**
     * A change that is read and checked before it is made.
     *
     * @param <T> what it changes
     */
    @FunctionalInterface
    interface Plan<T> {
        /**
         * Reads all that is asked for; what is wrong with it is noted in the fields, or in the call's query.
         *
         * @return makes the change; called if nothing was wrong
         */
        Supplier<Result<T>> of(Call call, Fields fields);
    }

    /** The path of all of them. */
    String all();

    /** The path of one of them. */
    String one();

    /** Who may look at them. */
    Access look();

    /** Who may change them. */
    Access change();

    /** One as the API shows it. */
    Object shown(T thing);

    /** {@code GET} of all. */
    Answer list(Call call);

    /** {@code GET} of one. */
    Answer read(Call call);

    /** {@code POST}. */
    Supplier<Result<T>> create(Call call, Fields fields);

    /** {@code PUT}: replaces, or creates. */
    Supplier<Result<T>> put(Call call, Fields fields);

    /** {@code PATCH}. */
    Supplier<Result<T>> patch(Call call, Fields fields);

    /** {@code DELETE}; the fields are empty. */
    Supplier<Result<T>> delete(Call call, Fields fields);

    @Override
    default List<Operation> operations() {
        return List.of(
                Operation.get(all(), look(), this::list),
                Operation.post(all(), change(), planned(false, this::create)),
                Operation.get(one(), look(), this::read),
                Operation.put(one(), change(), planned(false, this::put)),
                Operation.patch(one(), change(), planned(true, this::patch)),
                Operation.delete(one(), change(), planned(false, this::delete)));
    }

    private Function<Call, Answer> planned(boolean partial, Plan<T> plan) {
        return call -> {
            Fields fields = new Fields(call.body(), partial);
            Supplier<Result<T>> change = plan.of(call, fields);
            List<Problem> problems = new ArrayList<>(fields.problems());
            problems.addAll(call.query().problems());
            return problems.isEmpty() ? Answer.of(change.get(), this::shown) : Answer.invalid(problems);
        };
    }
}
