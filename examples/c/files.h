/* Whole files in memory that the kernel takes: aligned to FACELITE_ALIGNMENT. */
#ifndef FILES_H
#define FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <facelite/facelite.h>

/* A block for the kernel; exits when there is none. Games have allocators of their own. */
static inline void *take(size_t bytes) {
    const size_t rounded = (bytes + FACELITE_ALIGNMENT - 1) / FACELITE_ALIGNMENT * FACELITE_ALIGNMENT;
    void *block = aligned_alloc(FACELITE_ALIGNMENT, rounded);
    if (block == NULL) {
        fputs("talk: no memory\n", stderr);
        exit(2);
    }
    return block;
}

static inline void *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *block = take(*bytes);
    if (fread(block, 1, *bytes, file) != *bytes) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return block;
}

#endif
