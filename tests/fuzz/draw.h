/* What every fuzz target shares: numbers drawn from the fuzzer's bytes, and memory without a spare byte. */
#ifndef FACELITE_FUZZ_DRAW_H
#define FACELITE_FUZZ_DRAW_H

#include <stddef.h>
#include <stdint.h>

#include "facelite/facelite.h"

/* The entry point of a target: libFuzzer's own name, which main.c calls too. Returns 0; a finding aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Bytes not yet used. When they run out every draw is its lowest value, so that any prefix is a whole input. */
typedef struct draw {
    const uint8_t *bytes;
    size_t left;
} draw;

uint32_t draw_bits(draw *from, size_t bytes); /* 1 to 4, little-endian */
uint32_t draw_between(draw *from, uint32_t low, uint32_t high); /* both included */

/* A finding: prints the line and aborts, in every build. */
#define REQUIRE(condition) ((condition) ? (void)0 : fail_at(__FILE__, __LINE__, #condition))
void fail_at(const char *file, int line, const char *condition);

/* Memory aligned to FACELITE_ALIGNMENT whose end is exact where the system can do that, so that a sanitizer sees the
 * first byte too far; exits when there is none. Its content is not set. */
void *exact_new(size_t bytes);
void exact_free(void *memory);

/* A model in memory of its own. */
typedef struct opened {
    facelite_info info;
    const facelite_model *model;
    void *memory, *scratch;
} opened;

/* Priming and one hop must stay within what a fuzzer runs thousands of times a second. */
int is_affordable(const facelite_info *info);

/* Scratch full of noise: its content cannot matter, but rows are read to whole quads, which the memory sanitizer takes
 * for a use. */
void *scratch_new(size_t bytes);

opened open_model(const void *blob, size_t length); /* requires that the loader takes the blob */
void close_model(opened *o);
facelite_stream *open_stream(const opened *o, uint32_t hz); /* exact_free it */

#endif
