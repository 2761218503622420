/* What tile_costs.py compiles for a tier: its inner loops, each in a function of its own, with the shapes that the tier
 * itself calls them with. -DTIER_FILE names the tier's source, which is included whole. */
#include "../src/inline.h"
#undef FACELITE_NOINLINE
#define FACELITE_NOINLINE inline __attribute__((always_inline)) /* so that constant counts reach every function */

#include TIER_FILE

/* A whole block whose layer requantises as most do: in integers and, on x86, with one rounding. */
INLINE void assume_common(const facelite_conv *layer, size_t channel) {
    if (layer->scale || !layer->half_up || layer->channels - channel < FACELITE_BLOCK) {
        __builtin_unreachable();
    }
}

#if defined(FACELITE_TILE_H)
#define TILE(rows, blocks, chains)                                                                                     \
    void dot_##rows##x##blocks(vector *acc, const uint8_t *x, size_t step, size_t channel, const facelite_conv *l) {   \
        dot(acc, x, step, channel, l, rows, blocks, chains);                                                           \
    }
#define FINISH(rows)                                                                                                   \
    void finish_##rows(uint8_t *out, const vector *acc, const facelite_conv *layer, size_t channel) {                  \
        assume_common(layer, channel);                                                                                 \
        finish(out, acc, layer, channel, rows);                                                                        \
    }
#if defined(__AVX512VNNI__)
TILE(8, 2, 1) TILE(8, 1, CHAINS(8)) TILE(4, 3, 1) TILE(4, 1, CHAINS(4)) TILE(2, 4, 1) TILE(2, 1, CHAINS(2))
TILE(1, 6, 1) TILE(1, 2, CHAINS(2)) TILE(1, 1, CHAINS(1))
FINISH(8) FINISH(4) FINISH(2) FINISH(1)
#elif defined(__AVX2__)
TILE(4, 1, 1) TILE(2, 2, 1) TILE(2, 1, 1) TILE(1, 3, 1) TILE(1, 2, 1) TILE(1, 1, 1)
FINISH(4) FINISH(2) FINISH(1)
#else
TILE(2, 1, 1) TILE(1, 2, 1) TILE(1, 1, 1)
FINISH(2) FINISH(1)
#endif
#if !defined(__AVX512VNNI__)
void exact_1x1(vector *acc, const uint8_t *x, const int8_t *w, size_t step, uint32_t quads) {
    dot_exact(acc, x, w, step, quads);
}
#endif
#elif defined(__ARM_FEATURE_DOTPROD)
#define TILE(rows, vectors)                                                                                            \
    void dot_##rows##x##vectors(int32x4_t acc[][VECTORS], const uint8_t *x, size_t step, const int8_t *w,              \
                                uint32_t quads) {                                                                      \
        dot(acc, x, step, w, quads, rows, vectors);                                                                    \
    }
TILE(4, 1) TILE(4, 2) TILE(4, 3) TILE(4, 4) TILE(2, 1) TILE(2, 2) TILE(2, 3) TILE(2, 4)
TILE(1, 1) TILE(1, 2) TILE(1, 3) TILE(1, 4)
#else
#define TILE(vectors)                                                                                                  \
    void dot_1x##vectors(int32x4_t *acc, const uint8_t *x, const int8_t *w, uint32_t quads) {                          \
        dot(acc, x, w, quads, vectors);                                                                                \
    }
TILE(1) TILE(2) TILE(3) TILE(4)
#endif
#if defined(FACELITE_ARM_FINISH_H)
void finish_1(uint8_t *out, const int32x4_t *acc, const facelite_conv *layer, size_t channel) {
    assume_common(layer, channel);
    finish(out, acc, layer, channel, FACELITE_BLOCK);
}
#endif

#if !defined(__AVX512VNNI__) && !defined(__ARM_FEATURE_DOTPROD) /* they take these from the tier below */
__attribute__((flatten)) void value_add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    add(out, a, b, count & ~(size_t)15, layer);
}

__attribute__((flatten)) void value_encode(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    encode_i16(codes, pcm, samples & ~(size_t)15, compander);
}
#endif
