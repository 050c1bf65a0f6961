/** Starts the coordinator; the version is what it tells its clients. */
public final class ShowbackTrino {
    private ShowbackTrino() {}

    public static void main(String[] arguments) {
        new io.trino.server.Server().start(arguments[0]);
    }
}
