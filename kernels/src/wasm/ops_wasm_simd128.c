/* WebAssembly's 128-bit SIMD: every browser since 2021 to 2023, and WASI runtimes. A module that has such instructions
 * loads only where they are known, so there is nothing to detect.
 *
 * Why the arithmetic is exact. Codes and weights are widened to int16; dot_i16x8_s adds two products to int32, where
 * nothing narrower is left, and the loader has bounded the sums. Requantisation: finish.h. */
#if !defined(__wasm_simd128__)
#error "compile this file with -msimd128"
#endif

#include "../compander.h"
#include "../dispatch.h"
#include "finish.h"

/* Rows that share weights, of 2 vectors at a time: 8 sums, and engines on x86 have 16 registers. */
enum { ROWS = 2 };

/* acc += products of `rows` rows and `vectors` vectors of channels, constants where this is called. Each half of a
 * vector of weights is two channels, and so is each vector of sums, in two parts. */
INLINE void dot(v128_t acc[][VECTORS], int first, const uint8_t *x, size_t row_step, const int8_t *w, size_t step,
                uint32_t quads, int rows, int vectors) {
    v128_t sums[ROWS][2 * VECTORS];
    for (int r = 0; r < rows; r++) {
        for (int i = 0; i < 2 * vectors; i++) {
            sums[r][i] = wasm_i32x4_const_splat(0);
        }
    }
    for (w += 16 * first; quads > 0; quads--, x += 4, w += step) {
        v128_t inputs[ROWS];
        for (int r = 0; r < rows; r++) {
            inputs[r] = wasm_u16x8_extend_low_u8x16(wasm_v128_load32_splat(x + (size_t)r * row_step));
        }
        for (int i = 0; i < 2 * vectors; i++) {
            const v128_t weights = wasm_i16x8_load8x8(w + 8 * i);
            for (int r = 0; r < rows; r++) {
                sums[r][i] = wasm_i32x4_add(sums[r][i], wasm_i32x4_dot_i16x8(inputs[r], weights));
            }
        }
    }
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < vectors; v++) {
            const v128_t a = sums[r][2 * v], b = sums[r][2 * v + 1];
            const v128_t pairs =
                wasm_i32x4_add(wasm_i32x4_shuffle(a, b, 0, 2, 4, 6), wasm_i32x4_shuffle(a, b, 1, 3, 5, 7));
            acc[r][first + v] = wasm_i32x4_add(acc[r][first + v], pairs);
        }
    }
}

/* One block, `rows` rows: bias, products, codes. */
INLINE void block(uint8_t *out, const uint8_t *x, size_t row_step, const int8_t *w, size_t channel,
                  const facelite_conv *layer, const void *bias, int rows, int vectors) {
    const size_t left = layer->channels - channel, count = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    const size_t step = (size_t)vectors * 16;
    v128_t acc[ROWS][VECTORS];
    for (int r = 0; r < rows; r++) {
        for (int v = 0; v < VECTORS; v++) {
            acc[r][v] = load_i32(bias, channel + (size_t)v * LANES);
        }
    }
    const int together = rows == 1 ? vectors : 2;
    for (int first = 0; first < vectors; first += together) {
        const int now = vectors - first < together ? vectors - first : together;
        dot(acc, first, x, row_step, w, step, layer->quads, rows, now);
    }
    for (int r = 0; r < rows; r++) {
        finish(out + (size_t)r * layer->channels, acc[r], layer, channel, count);
    }
}

/* All rows of one block. */
INLINE void run_block(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const int8_t *w, size_t channel,
                      const facelite_conv *layer, const void *bias, int vectors) {
    const size_t frame = layer->channels;
    size_t j = 0;
    for (out += channel; j + ROWS <= count; j += ROWS) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, bias, ROWS, vectors);
    }
    if (j < count) {
        block(out + j * frame, rows + j * row_step, row_step, w, channel, layer, bias, 1, vectors);
    }
}

typedef const void *activations; /* the folded bias */
#include "../blocks.h"

void facelite_wasm_conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    run_blocks(out, rows, row_step, count, layer, layer->bias_u8);
}

/* The three rescalings of an ADD, the same in every lane. */
typedef struct adder {
    v128_t zero_point[2];
    uint32_t left_shift;
    rescaler operand[2], sum;
} adder;

static adder load_adder(const facelite_add *layer) {
    adder made;
    for (int i = 0; i < 2; i++) {
        made.zero_point[i] = wasm_i32x4_splat(layer->zero_point[i]);
        made.operand[i] = make_rescaler(wasm_i32x4_splat(layer->multiplier[i]), wasm_i32x4_splat(layer->shift[i]));
    }
    made.sum = make_rescaler(wasm_i32x4_splat(layer->out_multiplier), wasm_i32x4_splat(layer->out_shift));
    made.left_shift = FACELITE_ADD_SHIFT;
    return made;
}

/* 4 biased codes -> centred, shifted up and rescaled. */
INLINE v128_t rescale_operand(const uint8_t *codes, const adder *by, int operand) {
    const v128_t wide = wasm_u32x4_extend_low_u16x8(wasm_u16x8_extend_low_u8x16(wasm_v128_load32_zero(codes)));
    const v128_t centred = wasm_i32x4_sub(wide, by->zero_point[operand]);
    return requantise(wasm_i32x4_shl(centred, by->left_shift), &by->operand[operand]);
}

static void add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    const adder by = load_adder(layer);
    for (size_t i = 0; i < count; i += 16) { /* the last load may run FACELITE_READ_SLACK bytes past the end */
        v128_t steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            const size_t at = i + v * LANES;
            const v128_t sum = wasm_i32x4_add(rescale_operand(a + at, &by, 0), rescale_operand(b + at, &by, 1));
            steps[v] = requantise(sum, &by.sum);
        }
        store_bytes(out + i, to_codes(steps, layer->out_zero_point, layer->lo, layer->hi),
                    count - i < 16 ? count - i : 16);
    }
}

/* facelite_compand of 4 int32 samples, without the bias. The look-up itself is scalar: there is no gather. */
INLINE v128_t compand(v128_t samples, const facelite_compander *compander) {
    const v128_t magnitude = wasm_i32x4_abs(samples);
    const v128_t bits = wasm_f32x4_convert_i32x4(wasm_i32x4_add(magnitude, wasm_i32x4_const_splat(128)));
    const v128_t bucket = wasm_i32x4_sub(wasm_u32x4_shr(bits, FACELITE_BUCKET_SHIFT),
                                         wasm_i32x4_const_splat((int32_t)FACELITE_BUCKET_FIRST));
    const uint32_t *table = compander->entry;
    const v128_t entry =
        wasm_u32x4_make(table[wasm_u32x4_extract_lane(bucket, 0)], table[wasm_u32x4_extract_lane(bucket, 1)],
                        table[wasm_u32x4_extract_lane(bucket, 2)], table[wasm_u32x4_extract_lane(bucket, 3)]);
    const v128_t reached = wasm_u32x4_ge(magnitude, wasm_u32x4_shr(entry, 8));
    const v128_t code = wasm_i32x4_sub(wasm_v128_and(entry, wasm_i32x4_const_splat(0xff)), reached);
    const v128_t sign = wasm_i32x4_shr(samples, 31);
    return wasm_i32x4_sub(wasm_v128_xor(code, sign), sign);
}

/* facelite_to_int16 of 4 samples: nearest rounds half to even; the conversion sends NaN to 0. */
INLINE v128_t to_int16(v128_t x) {
    const v128_t scaled = wasm_f32x4_mul(x, wasm_f32x4_const_splat(32768.0f));
    const v128_t whole = wasm_i32x4_trunc_sat_f32x4(wasm_f32x4_nearest(scaled));
    return wasm_i32x4_min(wasm_i32x4_max(whole, wasm_i32x4_const_splat(-32768)), wasm_i32x4_const_splat(32767));
}

static void encode_f32(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        v128_t steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(to_int16(wasm_v128_load(pcm + i + v * LANES)), compander);
        }
        wasm_v128_store(codes + i, to_codes(steps, 128, 0, 255));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, facelite_to_int16(pcm[i]));
    }
}

static void encode_i16(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        v128_t steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(wasm_i32x4_load16x4(pcm + i + v * LANES), compander);
        }
        wasm_v128_store(codes + i, to_codes(steps, 128, 0, 255));
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, pcm[i]);
    }
}

void facelite_overlay_wasm_simd128(facelite_ops *ops) {
    ops->conv = facelite_wasm_conv;
    ops->add = add;
    ops->encode_f32 = encode_f32;
    ops->encode_i16 = encode_i16;
}
