/* NEON as every ARMv8-A CPU has it: Cortex-A57 (Switch) and A72, which have no dot product.
 *
 * Why the arithmetic is exact. Signed codes (-128..127) meet weights (-127..127): two products add up to at most
 * 2 * 128 * 127 = 32512, so smull and one smlal fit int16, whatever the weights. sadalp then adds pairs of them to
 * int32 lanes; the loader has bounded those. Requantisation: finish.h. Signed codes take the signed folded bias. */
#if !defined(__aarch64__) && !defined(_M_ARM64)
#error "this file is for 64-bit Arm"
#endif

#include "../compander.h"
#include "../dispatch.h"
#include "finish.h"

/* The quad of 4 inputs, broadcast; `index` is a constant 0..3 where this is called. */
INLINE int8x16_t broadcast_quad(int8x16_t x, int index) {
    const int32x4_t quads = vreinterpretq_s32_s8(x);
    return vreinterpretq_s8_s32(index == 0   ? vdupq_laneq_s32(quads, 0)
                                : index == 1 ? vdupq_laneq_s32(quads, 1)
                                : index == 2 ? vdupq_laneq_s32(quads, 2)
                                             : vdupq_laneq_s32(quads, 3));
}

/* Adds the products of quads `first` and `first + 1` of x; the second one's weights lie `step` bytes on. */
INLINE void add_two_quads(int32x4_t *sums, int8x16_t x, int first, const int8_t *w, size_t step, int vectors) {
    const int8x16_t x0 = broadcast_quad(x, first), x1 = broadcast_quad(x, first + 1);
    for (int v = 0; v < vectors; v++) {
        const int8x16_t w0 = vld1q_s8(w + 16 * v), w1 = vld1q_s8(w + step + 16 * v);
        const int16x8_t low = vmull_s8(vget_low_s8(w0), vget_low_s8(x0)), high = vmull_high_s8(w0, x0);
        sums[2 * v] = vpadalq_s16(sums[2 * v], vmlal_s8(low, vget_low_s8(w1), vget_low_s8(x1)));
        sums[2 * v + 1] = vpadalq_s16(sums[2 * v + 1], vmlal_high_s8(high, w1, x1));
    }
}

/* Adds the products of the first quad of x. */
INLINE void add_quad(int32x4_t *sums, int8x16_t x, const int8_t *w, int vectors) {
    const int8x16_t x0 = broadcast_quad(x, 0);
    for (int v = 0; v < vectors; v++) {
        const int8x16_t weights = vld1q_s8(w + 16 * v);
        sums[2 * v] = vpadalq_s16(sums[2 * v], vmull_s8(vget_low_s8(weights), vget_low_s8(x0)));
        sums[2 * v + 1] = vpadalq_s16(sums[2 * v + 1], vmull_high_s8(weights, x0));
    }
}

/* acc = bias + products of one row and one block of 4 * `vectors` channels, a constant where this is called. Each half
 * of a vector of weights is two channels, and so is each vector of sums, in two parts. Sharing weights between rows
 * would save loads but not multiplications, which are the limit, and 32 registers would not quite do. */
INLINE void dot(int32x4_t acc[VECTORS], const uint8_t *x, const int8_t *w, uint32_t quads, int vectors) {
    const size_t step = (size_t)vectors * 16;
    int32x4_t sums[2 * VECTORS];
    for (int i = 0; i < 2 * vectors; i++) {
        sums[i] = vdupq_n_s32(0);
    }
    for (; quads >= 4; quads -= 4, x += 16, w += 4 * step) {
        const int8x16_t codes = load_codes(x);
        add_two_quads(sums, codes, 0, w, step, vectors);
        add_two_quads(sums, codes, 2, w + 2 * step, step, vectors);
    }
    for (; quads > 0; quads--, x += 4, w += step) {
        add_quad(sums, load_codes(x), w, vectors);
    }
    for (int v = 0; v < vectors; v++) {
        acc[v] = vaddq_s32(acc[v], vpaddq_s32(sums[2 * v], sums[2 * v + 1]));
    }
}

/* All rows of one block. */
INLINE void run_block(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const int8_t *w, size_t channel,
                      const facelite_conv *layer, const void *bias, int vectors) {
    const size_t left = layer->channels - channel, stored = left < FACELITE_BLOCK ? left : FACELITE_BLOCK;
    for (size_t j = 0; j < count; j++) {
        int32x4_t acc[VECTORS];
        for (int v = 0; v < VECTORS; v++) {
            acc[v] = load_i32(bias, channel + (size_t)v * LANES);
        }
        dot(acc, rows + j * row_step, w, layer->quads, vectors);
        finish(out + j * layer->channels + channel, acc, layer, channel, stored);
    }
}

typedef const void *activations; /* the folded bias */
#include "../blocks.h"

static void conv(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer) {
    run_blocks(out, rows, row_step, count, layer, layer->bias_s8);
}

/* The three rescalings of an ADD, the same in every lane. */
typedef struct adder {
    int16x8_t zero_point[2];
    int32x4_t left_shift;
    rescaler operand[2], sum;
} adder;

INLINE adder load_adder(const facelite_add *layer) {
    adder made;
    for (int i = 0; i < 2; i++) {
        made.zero_point[i] = vdupq_n_s16((int16_t)layer->zero_point[i]);
        made.operand[i] = make_rescaler(vdupq_n_s32(layer->multiplier[i]), vdupq_n_s32(layer->shift[i]));
    }
    made.sum = make_rescaler(vdupq_n_s32(layer->out_multiplier), vdupq_n_s32(layer->out_shift));
    made.left_shift = vdupq_n_s32(FACELITE_ADD_SHIFT);
    return made;
}

/* 16 biased codes -> centred, shifted up and rescaled. */
INLINE void rescale_operand(int32x4_t steps[VECTORS], const uint8_t *codes, const adder *by, int operand) {
    const uint8x16_t x = vld1q_u8(codes);
    const int16x8_t zp = by->zero_point[operand];
    const int16x8_t low = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(x))), zp);
    const int16x8_t high = vsubq_s16(vreinterpretq_s16_u16(vmovl_high_u8(x)), zp);
    const int32x4_t centred[VECTORS] = {vmovl_s16(vget_low_s16(low)), vmovl_high_s16(low),
                                        vmovl_s16(vget_low_s16(high)), vmovl_high_s16(high)};
    for (int v = 0; v < VECTORS; v++) {
        steps[v] = requantise(vshlq_s32(centred[v], by->left_shift), by->operand[operand]);
    }
}

static void add(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer) {
    const adder by = load_adder(layer);
    for (size_t i = 0; i < count; i += 16) { /* the last load may run FACELITE_READ_SLACK bytes past the end */
        int32x4_t x[VECTORS], y[VECTORS], steps[VECTORS];
        rescale_operand(x, a + i, &by, 0);
        rescale_operand(y, b + i, &by, 1);
        for (int v = 0; v < VECTORS; v++) {
            steps[v] = requantise(vaddq_s32(x[v], y[v]), by.sum);
        }
        store_bytes(out + i, to_codes(steps, layer->out_zero_point, layer->lo, layer->hi),
                    count - i < 16 ? count - i : 16);
    }
}

/* facelite_compand of 4 int32 samples, without the bias. The look-up itself is scalar: NEON has no gather. */
INLINE int32x4_t compand(int32x4_t samples, const facelite_compander *compander) {
    const uint32x4_t magnitude = vreinterpretq_u32_s32(vabsq_s32(samples));
    const uint32x4_t bits = vreinterpretq_u32_f32(vcvtq_f32_u32(vaddq_u32(magnitude, vdupq_n_u32(128))));
    const uint32x4_t bucket =
        vsubq_u32(vshrq_n_u32(bits, FACELITE_BUCKET_SHIFT), vdupq_n_u32(FACELITE_BUCKET_FIRST));
    const uint32_t *table = compander->entry;
    uint32x4_t entry = vld1q_dup_u32(table + vgetq_lane_u32(bucket, 0));
    entry = vld1q_lane_u32(table + vgetq_lane_u32(bucket, 1), entry, 1);
    entry = vld1q_lane_u32(table + vgetq_lane_u32(bucket, 2), entry, 2);
    entry = vld1q_lane_u32(table + vgetq_lane_u32(bucket, 3), entry, 3);
    const uint32x4_t reached = vcgeq_u32(magnitude, vshrq_n_u32(entry, 8));
    const int32x4_t code = vreinterpretq_s32_u32(vsubq_u32(vandq_u32(entry, vdupq_n_u32(0xff)), reached));
    const int32x4_t sign = vshrq_n_s32(samples, 31);
    return vsubq_s32(veorq_s32(code, sign), sign);
}

INLINE void store_codes(uint8_t *codes, const int32x4_t steps[VECTORS]) {
    const int16x8_t low = vmovn_high_s32(vmovn_s32(steps[0]), steps[1]);
    const int16x8_t high = vmovn_high_s32(vmovn_s32(steps[2]), steps[3]);
    const uint8x16_t bytes = vreinterpretq_u8_s8(vmovn_high_s16(vmovn_s16(low), high));
    vst1q_u8(codes, veorq_u8(bytes, vdupq_n_u8(0x80)));
}

/* facelite_to_int16 of 4 samples: fcvtns rounds half to even in every rounding mode, saturates, and sends NaN to 0. */
INLINE int32x4_t to_int16(float32x4_t x) {
    const int32x4_t whole = vcvtnq_s32_f32(vmulq_n_f32(x, 32768.0f));
    return vminq_s32(vmaxq_s32(whole, vdupq_n_s32(-32768)), vdupq_n_s32(32767));
}

static void encode_f32(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        int32x4_t steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(to_int16(vld1q_f32(pcm + i + v * LANES)), compander);
        }
        store_codes(codes + i, steps);
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, facelite_to_int16(pcm[i]));
    }
}

static void encode_i16(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander) {
    size_t i = 0;
    for (; i + 16 <= samples; i += 16) {
        int32x4_t steps[VECTORS];
        for (size_t v = 0; v < VECTORS; v++) {
            steps[v] = compand(vmovl_s16(vld1_s16(pcm + i + v * LANES)), compander);
        }
        store_codes(codes + i, steps);
    }
    for (; i < samples; i++) {
        codes[i] = facelite_compand(compander, pcm[i]);
    }
}

void facelite_overlay_neon(facelite_ops *ops) {
    ops->conv = conv;
    ops->add = add;
    ops->encode_f32 = encode_f32;
    ops->encode_i16 = encode_i16;
}
