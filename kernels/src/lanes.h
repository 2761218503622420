/* Four floats at a time in plain C: SSE2, NEON or WASM SIMD where the compiler has vector types, a loop elsewhere.
 * Each lane is IEEE arithmetic in the order written, so that all of them give the same bits. */
#ifndef FACELITE_LANES_H
#define FACELITE_LANES_H

#include <string.h>

#if defined(__has_builtin)
#  if __has_builtin(__builtin_shufflevector)
#    define FACELITE_VECTOR_TYPES 1
#  endif
#endif

#if defined(FACELITE_VECTOR_TYPES)
typedef float facelite_lanes __attribute__((vector_size(16)));

static inline facelite_lanes facelite_lanes_load(const float *from) {
    facelite_lanes lanes;
    memcpy(&lanes, from, sizeof lanes);
    return lanes;
}

/* from[3], from[2], from[1], from[0] */
static inline facelite_lanes facelite_lanes_load_backwards(const float *from) {
    const facelite_lanes lanes = facelite_lanes_load(from);
    return __builtin_shufflevector(lanes, lanes, 3, 2, 1, 0);
}

/* sum + a * b, two roundings */
static inline facelite_lanes facelite_lanes_add_product(facelite_lanes sum, facelite_lanes a, facelite_lanes b) {
    return sum + a * b;
}
#else
typedef struct facelite_lanes {
    float lane[4];
} facelite_lanes;

static inline facelite_lanes facelite_lanes_load(const float *from) {
    return (facelite_lanes){{from[0], from[1], from[2], from[3]}};
}

static inline facelite_lanes facelite_lanes_load_backwards(const float *from) {
    return (facelite_lanes){{from[3], from[2], from[1], from[0]}};
}

static inline facelite_lanes facelite_lanes_add_product(facelite_lanes sum, facelite_lanes a, facelite_lanes b) {
    for (int i = 0; i < 4; i++) {
        sum.lane[i] += a.lane[i] * b.lane[i];
    }
    return sum;
}
#endif

#endif
