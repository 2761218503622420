#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "facelite/facelite.h"
#include "peak.h"
#include "synthetic.h"

static void *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        return NULL;
    }
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *memory = aligned_zeroed(*bytes + 1);
    const size_t got = fread(memory, 1, *bytes, file);
    fclose(file);
    return got == *bytes ? memory : NULL;
}

typedef struct options {
    report to;
    const char *isa, *path;
} options;

static int parse(options *asked, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            asked->to.json = 1;
        } else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc) {
            asked->isa = argv[++i];
        } else if (argv[i][0] != '-' && asked->path == NULL) {
            asked->path = argv[i];
        } else {
            return 0;
        }
    }
    return 1;
}

int bench_main(int argc, char **argv) {
    options asked = {{0, 0}, NULL, NULL};
    size_t bytes = 0;
    if (!parse(&asked, argc, argv)) {
        fprintf(stderr, "usage: %s [--json] [--isa NAME] [student.facelite]\n", argv[0]);
        return 2;
    }
    void *blob = asked.path ? read_file(asked.path, &bytes) : NULL;
    if (asked.path && blob == NULL) {
        fprintf(stderr, "cannot read %s\n", asked.path);
        return 2;
    }
    report_begin(&asked.to);
    for (uint32_t t = 0; facelite_isa_available(t); t++) {
        const char *tier = facelite_isa_available(t);
        if (asked.isa && strcmp(asked.isa, tier) != 0) {
            continue;
        }
        if (blob) {
            bench_hop(&asked.to, tier, blob, bytes);
        } else {
            bench_ops(&asked.to, tier);
        }
    }
    report_end(&asked.to);
    aligned_free(blob);
    return asked.to.lines > 0 ? 0 : 2;
}
