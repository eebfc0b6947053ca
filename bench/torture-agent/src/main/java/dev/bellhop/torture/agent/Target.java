package dev.bellhop.torture.agent;

/**
 * One method of the services and what is put into it.
 *
 * @param type that declares the method
 * @param method name and simple names of the parameters' types: {@code post(Batch)}
 * @param advice class with ByteBuddy's advice. A name, as all of these: nothing of the services may be loaded before it is
 *     rewritten
 */
record Target(String type, String method, String advice) {
    static Target of(String type, String method, String advice) {
        return new Target("dev.bellhop." + type, method, "dev.bellhop." + advice);
    }

    boolean isOfApi() {
        return type.startsWith("dev.bellhop.api.");
    }
}
