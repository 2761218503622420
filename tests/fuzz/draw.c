#define _POSIX_C_SOURCE 200112L /* posix_memalign */
#include "draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/synthetic.h"

uint32_t draw_bits(draw *from, size_t bytes) {
    uint32_t value = 0;
    for (size_t i = 0; i < bytes && from->left > 0; i++, from->left--) {
        value |= (uint32_t)*from->bytes++ << 8 * i;
    }
    return value;
}

uint32_t draw_between(draw *from, uint32_t low, uint32_t high) {
    const uint32_t span = high - low;
    const uint32_t value = draw_bits(from, span < 0x100 ? 1 : span < 0x10000 ? 2 : 4);
    return span == UINT32_MAX ? value : low + value % (span + 1);
}

void fail_at(const char *file, int line, const char *condition) {
    fprintf(stderr, "%s:%d: %s does not hold\n", file, line, condition);
    abort();
}

#if defined(_WIN32)
void *exact_new(size_t bytes) {
    return aligned_zeroed(bytes);
}

void exact_free(void *memory) {
    aligned_free(memory);
}
#else
void *exact_new(size_t bytes) {
    void *memory = NULL;
    if (posix_memalign(&memory, FACELITE_ALIGNMENT, bytes) != 0) {
        fputs("out of memory\n", stderr);
        exit(2);
    }
    return memory;
}

void exact_free(void *memory) {
    free(memory);
}
#endif

void *scratch_new(size_t bytes) {
    void *scratch = exact_new(bytes);
    memset(scratch, 0x5a, bytes);
    return scratch;
}

int is_affordable(const facelite_info *info) {
    const uint64_t hops = info->receptive_field / info->hop + 2;
    return (info->macs_per_hop + info->scratch_bytes) * hops < 100000u && info->model_bytes < (1u << 20);
}

opened open_model(const void *blob, size_t length) {
    opened o;
    REQUIRE(facelite_inspect(blob, length, &o.info) == FACELITE_OK);
    o.memory = exact_new(o.info.model_bytes);
    o.scratch = scratch_new(o.info.scratch_bytes);
    REQUIRE(facelite_model_init(o.memory, o.info.model_bytes, blob, length, &o.model) == FACELITE_OK);
    return o;
}

void close_model(opened *o) {
    exact_free(o->scratch);
    exact_free(o->memory);
}

facelite_stream *open_stream(const opened *o, uint32_t hz) {
    const size_t bytes = facelite_stream_bytes(o->model, hz);
    facelite_stream *stream;
    REQUIRE(bytes > 0);
    REQUIRE(facelite_stream_init(exact_new(bytes), bytes, o->model, &stream) == FACELITE_OK);
    REQUIRE(facelite_stream_set_rate(stream, hz) == FACELITE_OK);
    return stream;
}
