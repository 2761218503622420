/* Everything hot, in one table. Each tier overlays the slots it does better; src/ref fills all of them.
 *
 * Activations inside the engine are biased codes: int8 code + 128 in a uint8_t, so that x86's u8 x s8 multiplies
 * take them as they are. Zero points and bounds below are biased likewise. Every slot is exact: all tiers return
 * the same bytes. Unless said otherwise buffers need no alignment, never overlap, and nothing outside the stated
 * shape is written. */
#ifndef FACELITE_OPS_H
#define FACELITE_OPS_H

#include <float.h>
#include <stddef.h>
#include <stdint.h>

/* Floats are IEEE's in the order written, each operation rounded once to its own type, or tiers and machines would not
 * give the same bits. */
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__) || defined(_M_FP_FAST) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error "facelite's floats are exact: compile without -ffast-math and its parts (-fno-fast-math), without /fp:fast"
#endif
#if defined(_MSC_VER) && defined(_M_IX86)
#if _M_IX86_FP < 2
#error "facelite's floats are exact: compile with /arch:SSE2, not for the x87"
#endif
#elif FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16 /* 16: _Float16 alone is wider */
#error "facelite's floats are exact: compile with -msse2 -mfpmath=sse, not for the x87"
#endif
#if defined(_MSC_VER) && !defined(__clang__)
#pragma fp_contract(off) /* -ffp-contract=off */
#endif

/* Packed weights: output channels in blocks of 16, the last block rounded up to 4; inside a block
 * [quads][channels in block][4 inputs], inputs tap-major and channel-minor (docs/blob.md). Tiers may load 64 bytes
 * at any quad of any block: the blob keeps FACELITE_WEIGHT_SLACK bytes readable behind the last one. */
#define FACELITE_BLOCK 16u
#define FACELITE_WEIGHT_SLACK 64u

/* Bytes behind a row, or behind any scratch buffer, that may be read (their value cannot matter). */
#define FACELITE_READ_SLACK 64u

/* Parameters of a convolution; the arrays lie in the blob, little-endian, 64-byte-aligned, and are padded with
 * zeros to a multiple of FACELITE_BLOCK channels. The pointers to wider numbers are untyped because the caller may
 * have declared the blob as bytes: read them with memcpy or with vector loads. */
typedef struct facelite_conv {
    const int8_t *weights;
    const void *bias_s8;    /* int32: bias - zero point * sum w, for activations as signed codes */
    const void *bias_u8;    /* int32: bias_s8 - 128 * sum w, for activations as biased codes */
    const void *multiplier; /* int32: Q31 significands */
    const int8_t *shift;    /* powers of two that go with them; positive is left */
    const void *scale;      /* double: the real factors, when the layer requantises by them; else null */
    uint32_t quads;         /* inputs of a row / 4, rounded up */
    uint32_t channels;      /* outputs */
    int32_t zero_point;     /* of the output, biased */
    int32_t lo, hi;         /* bounds of the output, biased */
    int pair_safe;          /* 1: maddubs cannot saturate on any pair of these weights */
    int half_up;            /* 1: facelite_rounds_half_up (requant.h) */
} facelite_conv;

/* Parameters of TFLite's ADD, which shifts its operands up by FACELITE_ADD_SHIFT before it rescales them. */
#define FACELITE_ADD_SHIFT 20
typedef struct facelite_add {
    int32_t zero_point[2]; /* of the operands, biased */
    int32_t multiplier[2], shift[2];
    int32_t out_multiplier, out_shift;
    int32_t out_zero_point, lo, hi; /* biased */
} facelite_add;

/* Parameters of TFLite's MEAN. */
typedef struct facelite_mean {
    uint32_t kernel, channels;
    int32_t zero_point; /* of the input, biased */
    int32_t multiplier, shift;
    int32_t out_zero_point; /* biased */
} facelite_mean;

/* Companding by buckets that are linear inside an octave of |s| + 128: 32 an octave from 2^7 up to 2^15, and one
 * more. entry = threshold << 8 | code at the bucket's start; no bucket holds two thresholds (blob.c checks). */
#define FACELITE_BUCKETS 257u
typedef struct facelite_compander {
    uint32_t entry[FACELITE_BUCKETS];
} facelite_compander;

/* A row of a resampling filter under some samples; backwards: the row is read from its end. */
typedef struct facelite_dot {
    const float *x, *row;
    int backwards;
} facelite_dot;

typedef struct facelite_ops {
    /* out[j][o] = clamp(requantise(bias[o] + sum_i w[o][i] * rows[j * row_step + i]) + zero_point); exact int32.
     * rows: count rows of 4 * quads biased codes; out: [count][channels], dense. */
    void (*conv)(uint8_t *out, const uint8_t *rows, size_t row_step, size_t count, const facelite_conv *layer);

    /* out[i] = clamp(rescale(a[i]) + rescale(b[i])), TFLite's two-input rescale; exact int32. */
    void (*add)(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t count, const facelite_add *layer);

    /* out[j][c] = clamp(requantise(sum over kernel frames of frames[j + k][c], zero point removed)); exact int32.
     * frames: [count + kernel - 1][channels]; out: [count][channels]. */
    void (*mean)(uint8_t *out, const uint8_t *frames, size_t count, const facelite_mean *layer);

    /* out[i] = table[x[i]] + 128; table holds int8 codes, indexed by biased code. */
    void (*map)(uint8_t *out, const uint8_t *x, size_t count, const int8_t *table);

    /* codes[i] = 128 + sign(s) * count(thresholds <= |s|) with s the sample as int16: float samples are multiplied
     * by 32768, rounded half to even and clipped, whatever the rounding mode; NaN counts as 0. */
    void (*encode_f32)(uint8_t *codes, const float *pcm, size_t samples, const facelite_compander *compander);
    void (*encode_i16)(uint8_t *codes, const int16_t *pcm, size_t samples, const facelite_compander *compander);

    /* sums[i] = dots[i].x . dots[i].row, in float and always in one order: partial sum l of 8 takes the products l,
     * l + 8, l + 16, ... one by one, then the partial sums are added in pairs: l to l + 4, then l to l + 2, then the
     * last two. taps: of each row, a multiple of 8; count: 1..4. */
    void (*filter)(float *sums, const facelite_dot *dots, uint32_t count, uint32_t taps);
} facelite_ops;

#endif
