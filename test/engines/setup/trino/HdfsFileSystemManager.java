package io.trino.filesystem.hdfs;

import io.opentelemetry.api.OpenTelemetry;
import io.trino.filesystem.TrinoFileSystemFactory;
import io.trino.filesystem.local.LocalFileSystemFactory;
import io.trino.spi.NodeManager;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/**
 * For tests: local:/// paths in the slot that Trino 435 keeps for Hadoop. The metastore's files lie there, in a folder of the
 * run; tables lie on S3. Trino loads this class by name, so package, name and constructor are as it expects.
 */
public final class HdfsFileSystemManager {
    private final Path root;

    public HdfsFileSystemManager(
            Map<String, String> config, boolean azure, boolean gcs, boolean s3, String catalog, NodeManager nodes, OpenTelemetry telemetry) {
        root = Path.of(config.get("local.location"));
    }

    public Set<String> configure() {
        return Set.of("local.location");
    }

    public TrinoFileSystemFactory create() {
        return new LocalFileSystemFactory(root);
    }

    public void stop() {}
}
