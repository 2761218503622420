/* Runs a fuzz target without libFuzzer, on any compiler, CPU and system: PROGRAM [--mutants N] FILE...
 *
 * Each file is one input; with --mutants N it is run N times more with a few bytes changed, cut off or repeated, the same
 * changes everywhere. A finding aborts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/synthetic.h"
#include "draw.h"

enum { ROOM = 1 << 16 };

static size_t read_input(const char *path, uint8_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot open %s\n", path);
        exit(2);
    }
    const size_t length = fread(bytes, 1, ROOM, file);
    fclose(file);
    return length;
}

static size_t mutate(random_source *random, uint8_t *bytes, size_t length) {
    for (int32_t i = random_between(random, 1, 4); i > 0 && length > 0; i--) {
        const size_t at = random_u32(random) % length;
        switch (random_u32(random) % 8) {
        case 0: length = at; break;
        case 1: memmove(bytes, bytes + at, length - at); break;
        case 2: bytes[at] = (uint8_t)(1u << random_u32(random) % 8); break;
        case 3: bytes[at] = 0xff; break;
        default: bytes[at] = (uint8_t)random_u32(random); break;
        }
    }
    return length;
}

int main(int argc, char **argv) {
    static uint8_t input[ROOM], mutant[ROOM];
    random_source random = {7};
    long mutants = 0, runs = 0;
    int first = 1;
    if (argc > 2 && strcmp(argv[1], "--mutants") == 0) {
        mutants = strtol(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        const size_t length = read_input(argv[i], input);
        LLVMFuzzerTestOneInput(input, length);
        for (long m = 0; m < mutants; m++) {
            memcpy(mutant, input, length);
            LLVMFuzzerTestOneInput(mutant, mutate(&random, mutant, length));
        }
        runs += 1 + mutants;
    }
    printf("%ld inputs: ok\n", runs);
    return runs > 0 ? 0 : 2;
}
