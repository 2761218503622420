/* What a tool needs around the library: aligned memory, files, and an end with one line on stderr. */
#ifndef FACELITE_TOOLS_TOOL_H
#define FACELITE_TOOLS_TOOL_H

#include <stddef.h>

#include "facelite/facelite.h"

/* Bytes aligned to FACELITE_ALIGNMENT, zeroed; aligned_alloc is missing on Windows. */
typedef struct block {
    void *base, *bytes;
    size_t length;
} block;

/* Ends the program with status 2 and "PROGRAM: what: problem". */
_Noreturn void fail(const char *what, const char *problem);

/* Fails unless `status` is FACELITE_OK. */
void check(facelite_status status, const char *what);

block make_block(size_t length);
void free_block(block *one);
block read_file(const char *path);

/* mode: as fopen's. */
void write_file(const char *path, const void *bytes, size_t length, const char *mode);

/* A whole number from 0 to 2^31 - 1; `option` is named when `text` is none. */
size_t whole_number(const char *option, const char *text);

#endif
