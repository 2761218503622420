/* facelite_fuzz_seeds FOLDER: writes the seed corpora FOLDER/blob, FOLDER/tiers and FOLDER/stream, which must exist. The
 * same files everywhere; tests/fuzz/corpus is made by it. Blobs are the small networks of network.c, the inputs of the
 * other targets are random bytes, of which they make networks themselves. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/synthetic.h"
#include "network.h"

enum { SEEDS = 12, MOST_BLOB_BYTES = 3072, MOST_BYTES = 256 };

static void write_seed(const char *folder, const char *target, int index, const void *bytes, size_t length) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/seed%02d", folder, target, index);
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, length, file) != length || fclose(file) != 0) {
        fprintf(stderr, "cannot write %s\n", path);
        exit(2);
    }
}

static size_t fill(random_source *random, uint8_t *bytes) {
    const size_t length = (size_t)random_between(random, 24, MOST_BYTES);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (uint8_t)random_u32(random);
    }
    return length;
}

/* The first network small enough among those of the next random bytes. */
static void write_blob(random_source *random, const char *folder, int index) {
    for (;;) {
        uint8_t bytes[MOST_BYTES];
        draw from = {bytes, fill(random, bytes)};
        network net = network_draw(&from);
        if (net.length <= MOST_BLOB_BYTES) {
            write_seed(folder, "blob", index, net.bytes, net.length);
            exact_free(net.bytes);
            return;
        }
        exact_free(net.bytes);
    }
}

int main(int argc, char **argv) {
    random_source random = {2026};
    if (argc != 2) {
        fputs("usage: facelite_fuzz_seeds FOLDER\n", stderr);
        return 2;
    }
    for (int i = 0; i < SEEDS; i++) {
        uint8_t bytes[MOST_BYTES];
        write_blob(&random, argv[1], i);
        size_t length = fill(&random, bytes);
        write_seed(argv[1], "tiers", i, bytes, length);
        length = fill(&random, bytes);
        write_seed(argv[1], "stream", i, bytes, length);
    }
    return 0;
}
