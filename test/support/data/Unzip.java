import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** Reads a zip from the standard input, from its beginning to its end. Extracts it into the folder that is given. */
class Unzip {
    public static void main(String[] folder) throws Exception {
        byte[] buffer = new byte[1 << 20];
        try (ZipInputStream zip = new ZipInputStream(System.in)) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                OutputStream out = folder.length == 0
                    ? OutputStream.nullOutputStream()
                    : Files.newOutputStream(Path.of(folder[0], entry.getName()));
                long size = 0;
                try (out) {
                    for (int read = zip.read(buffer); read >= 0; read = zip.read(buffer)) {
                        out.write(buffer, 0, read);
                        size += read;
                    }
                }
                if (size != entry.getSize()) throw new Exception(entry + " has " + size + " bytes");
            }
        }
    }
}
