/* NEON with dot product (ARMv8.2-A's option): Cortex-A76 and later, Switch 2, Quest 3, recent phones.
 *
 * Why the arithmetic is exact. sdot adds four products of signed codes (-128..127) and weights to an int32 lane
 * without anything narrower in between; the loader has bounded the sums. Signed codes take the signed folded bias.
 * Requantisation: finish.h. Everything but convolutions comes from neon. */
#if !defined(__ARM_FEATURE_DOTPROD) && !(defined(_M_ARM64) && !defined(__clang__)) /* cl has no flag for it */
#error "compile this file with -march=armv8.2-a+dotprod"
#endif

#include "../dispatch.h"
#include "finish.h"

/* Rows that share weights: 16 sums, 4 inputs and 4 weights fit the 32 registers. */
enum { ROWS = 4 };

/* Adds the products of one quad, `index` of the four in x, for `rows` rows and 4 * `vectors` channels. */
INLINE void add_quad(int32x4_t sums[][VECTORS], const int8x16_t *x, int index, const int8_t *w, int rows, int vectors) {
    int8x16_t weights[VECTORS];
    for (int v = 0; v < vectors; v++) {
        weights[v] = vld1q_s8(w + 16 * v);
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = index == 0   ? vdotq_laneq_s32(sums[r][v], weights[v], x[r], 0)
                         : index == 1 ? vdotq_laneq_s32(sums[r][v], weights[v], x[r], 1)
                         : index == 2 ? vdotq_laneq_s32(sums[r][v], weights[v], x[r], 2)
                                      : vdotq_laneq_s32(sums[r][v], weights[v], x[r], 3);
        }
    }
}

/* Adds the products of one block; the counts are constants where this is called, so that the sums, copied to a local
 * array, stay in registers. */
INLINE void dot(int32x4_t acc[][VECTORS], const uint8_t *x, size_t row_step, const int8_t *w, uint32_t quads, int rows,
                int vectors) {
    const size_t step = (size_t)vectors * 16;
    int32x4_t sums[ROWS][VECTORS];
    int8x16_t inputs[ROWS];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = acc[r][v];
        }
    }
    for (; quads >= 4; quads -= 4, x += 16, w += 4 * step) {
        for (int r = 0; r < rows; r++) {
            inputs[r] = load_codes(x + (size_t)r * row_step);
        }
        add_quad(sums, inputs, 0, w, rows, vectors);
        add_quad(sums, inputs, 1, w + step, rows, vectors);
        add_quad(sums, inputs, 2, w + 2 * step, rows, vectors);
        add_quad(sums, inputs, 3, w + 3 * step, rows, vectors);
    }
    for (; quads > 0; quads--, x += 4, w += step) {
        for (int r = 0; r < rows; r++) {
            inputs[r] = load_codes(x + (size_t)r * row_step);
        }
        add_quad(sums, inputs, 0, w, rows, vectors);
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            acc[r][v] = sums[r][v];
        }
    }
}

/* One block, `rows` rows: bias, products, codes. */
INLINE void block(uint8_t *out, const uint8_t *x, size_t row_step, const int8_t *w, size_t channel,
                  const facelite_conv *layer, const void *bias, int rows, int vectors) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    int32x4_t acc[ROWS][VECTORS];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < VECTORS; v++) {
            acc[r][v] = load_i32(bias, channel + (size_t)v * LANES);
        }
    }
    dot(acc, x, row_step, w, layer->quads, rows, vectors);
    for (int r = 0; r < rows; r++) {
        finish(out + (size_t)r * layer->channels, acc[r], layer, channel, count);
    }
}

/* All rows of one block. */
INLINE void run_block(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const int8_t *w, size_t channel,
                      const facelite_conv *layer, const void *bias, int vectors) {
    const size_t frame = layer->channels;
    size_t j = 0;
    out += channel;
    for (; j + 4 <= count; j += 4) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, bias, 4, vectors);
    }
    if (j + 2 <= count) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, bias, 2, vectors);
        j += 2;
    }
    if (j < count) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, bias, 1, vectors);
    }
}

typedef const void *activations; /* the folded bias */
#include "../blocks.h"

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    run_blocks(out, rows, row_step, count, layer, layer->bias_s8);
}

void facelite_overlay_neon_dotprod(facelite_ops *ops) {
    ops->conv = conv;
}
