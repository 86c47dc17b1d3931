package io.posthorn.api;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.lang.reflect.Constructor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All operations that there are: those of every {@link RouteModule} in the server's classes, so that none can be
 * forgotten in a list. To name its operations, a module needs nothing of what it works with later.
 */
final class Modules {
    private Modules() {}

    static List<Operation> operations() {
        List<Operation> all = new ArrayList<>();
        for (JavaClass each : new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.posthorn.api")) {
            if (each.isAssignableTo(RouteModule.class)
                    && !each.isInterface()
                    && !each.getModifiers().contains(JavaModifier.ABSTRACT)) {
                all.addAll(((RouteModule) make(each.reflect())).operations());
            }
        }
        return all;
    }

    /** With nothing inside but further parts of the API. */
    private static Object make(Class<?> type) {
        Constructor<?> constructor = type.getDeclaredConstructors()[0];
        constructor.setAccessible(true);
        Class<?>[] types = constructor.getParameterTypes();
        @Nullable Object[] values = new Object[types.length];
        for (int i = 0; i < types.length; i++) {
            values[i] = value(types[i]);
        }
        try {
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("a route module cannot be made without what it works with: " + type, e);
        }
    }

    private static @Nullable Object value(Class<?> type) {
        if (type == int.class) {
            return 1;
        }
        if (type == long.class) {
            return 1L;
        }
        if (type == boolean.class) {
            return false;
        }
        boolean ours = type.getPackageName().equals("io.posthorn.api") && !type.isInterface() && !type.isEnum();
        return ours ? make(type) : null;
    }
}
