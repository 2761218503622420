/* The loops of peak.h, the same in every tier. Whoever includes this defines
 *   TIER                      its name
 *   VECTOR                    a register of weights, inputs or sums
 *   SUMS                      sums under way
 *   LOAD(bytes)               a VECTOR of weights
 *   MULTIPLY(sum, x, w)       sum + x * w, sizeof(VECTOR) MACs
 *   REGISTER                  the constraint of its registers in inline assembly */
#include "peak.h"

#define JOIN(a, b) a##b
#define NAME(a, b) JOIN(a, b)

/* Sums indexed by constants stay in registers. */
#define EVERY_SUM _Pragma("GCC unroll 16") for (int s = 0; s < SUMS; s++)

/* The compiler must take `vector` for changed, and may not take it out of its register. */
#define OPAQUE(vector) __asm__ volatile("" : REGISTER(vector))

static double resident(size_t repeats) {
    VECTOR sums[SUMS], x = {0}, w = {0};
    EVERY_SUM {
        sums[s] = (VECTOR){0};
    }
    OPAQUE(w);
    for (size_t i = 0; i < repeats; i++) {
        EVERY_SUM {
            OPAQUE(x);
            sums[s] = MULTIPLY(sums[s], x, w);
        }
    }
    EVERY_SUM {
        OPAQUE(sums[s]);
    }
    return (double)repeats * SUMS * sizeof(VECTOR);
}

static double stream(const uint8_t *weights, size_t bytes) {
    VECTOR sums[SUMS], x = {0};
    EVERY_SUM {
        sums[s] = (VECTOR){0};
    }
    OPAQUE(x);
    size_t at = 0;
    for (; at + SUMS * sizeof(VECTOR) <= bytes; at += SUMS * sizeof(VECTOR)) {
        EVERY_SUM {
            const VECTOR w = LOAD(weights + at + (size_t)s * sizeof(VECTOR));
            sums[s] = MULTIPLY(sums[s], x, w);
        }
    }
    EVERY_SUM {
        OPAQUE(sums[s]);
    }
    return (double)at;
}

extern const peak_loops NAME(peak_, TIER);
const peak_loops NAME(peak_, TIER) = {resident, stream};
