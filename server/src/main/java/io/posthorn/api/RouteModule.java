package io.posthorn.api;

import java.util.List;

/** Some operations of the API. */
@FunctionalInterface
public interface RouteModule {
    /** They are asked for once for each server instance, and are the same each time. */
    List<Operation> operations();
}
