/* WebAssembly's relaxed SIMD: one instruction adds four products of bytes to an int32 lane, by sdot, vpdpbusd or maddubs
 * as the machine has it. A module with such instructions loads only where they are known, so this tier is a build of
 * its own (preset wasm-relaxed).
 *
 * Why the arithmetic is exact, although the instruction defines only factors below 128. An engine chooses once, for all
 * executions, whether a larger byte counts as signed or as unsigned; the overlay asks it. Signed: codes go in as signed
 * ones, two products make at most 2 * 128 * 127 = 32512 and fit the int16 between. Unsigned: biased codes go in where
 * weights are pair-safe, so that the int16 between cannot saturate; other layers take simd128's convolution. An engine
 * that does neither is left with that for all. */
#if !defined(__wasm_relaxed_simd__)
#error "compile this file with -mrelaxed-simd"
#endif

#include "../dispatch.h"
#include "finish.h"

enum { ROWS = 2 };

/* `flip` is 0x80 in every byte where the engine takes signed codes, else 0. */
typedef struct activations {
    const void *bias; /* the folded one */
    v128_t flip;
} activations;

/* Adds the products of one block; the counts are constants where this is called. */
INLINE void dot(v128_t acc[][VECTORS], const uint8_t *x, size_t row_step, const int8_t *w, uint32_t quads, v128_t flip,
                int rows, int vectors) {
    const size_t step = (size_t)vectors * 16;
    v128_t sums[ROWS][VECTORS];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            sums[r][v] = acc[r][v];
        }
    }
    for (; quads > 0; quads--, x += 4, w += step) {
        v128_t inputs[ROWS];
        for (int r = 0; r < rows; r++) {
            inputs[r] = wasm_v128_xor(wasm_v128_load32_splat(x + (size_t)r * row_step), flip);
        }
        for (int v = 0; v < vectors; v++) {
            const v128_t weights = wasm_v128_load(w + 16 * v);
            for (int r = 0; r < rows; r++) {
                sums[r][v] = wasm_i32x4_relaxed_dot_i8x16_i7x16_add(weights, inputs[r], sums[r][v]);
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            acc[r][v] = sums[r][v];
        }
    }
}

/* One block, `rows` rows: bias, products, codes. */
INLINE void block(uint8_t *out, const uint8_t *x, size_t row_step, const int8_t *w, size_t channel,
                  const facelite_conv *layer, activations codes, int rows, int vectors) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    v128_t acc[ROWS][VECTORS];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < VECTORS; v++) {
            acc[r][v] = load_i32(codes.bias, channel + (size_t)v * LANES);
        }
    }
    dot(acc, x, row_step, w, layer->quads, codes.flip, rows, vectors);
    for (int r = 0; r < rows; r++) {
        finish(out + (size_t)r * layer->channels, acc[r], layer, channel, count);
    }
}

/* All rows of one block. */
INLINE void run_block(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const int8_t *w, size_t channel,
                      const facelite_conv *layer, activations codes, int vectors) {
    const size_t frame = layer->channels;
    size_t j = 0;
    for (out += channel; j + ROWS <= count; j += ROWS) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, codes, ROWS, vectors);
    }
    if (j < count) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, codes, 1, vectors);
    }
}

#include "../blocks.h"

static void conv_signed(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    run_blocks(out, rows, row_step, count, layer, (activations){layer->bias_s8, wasm_u8x16_const_splat(0x80)});
}

static void conv_unsigned(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    if (layer->pair_safe) {
        run_blocks(out, rows, row_step, count, layer, (activations){layer->bias_u8, wasm_u8x16_const_splat(0)});
    } else {
        facelite_wasm_conv(out, rows, row_step, count, layer);
    }
}

/* What the engine makes of `code` in all bytes times `weight` in all bytes, summed over a quad. Volatile: the compiler
 * may have an answer of its own. */
static int32_t ask(uint8_t code, int8_t weight) {
    volatile uint8_t x = code;
    volatile int8_t w = weight;
    return wasm_i32x4_extract_lane(wasm_i32x4_relaxed_dot_i8x16_i7x16_add(wasm_i8x16_splat(w), wasm_u8x16_splat(x),
                                                                          wasm_i32x4_const_splat(0)), 0);
}

void facelite_overlay_wasm_relaxed_simd(facelite_ops *ops) {
    if (ask(128, -127) == 4 * 128 * 127 && ask(255, 127) == -4 * 127) {
        ops->conv = conv_signed;
    } else if (ask(255, 64) == 4 * 255 * 64 && ask(128, -64) == -4 * 128 * 64) {
        ops->conv = conv_unsigned;
    }
}
