/* Any of eight input rates to 16 kHz, sample by sample: a polyphase FIR whose delay is taken out of the clock.
 * Output n stands exactly at n / 16000 s of the input and is made of taps / 2 samples on either side of that moment. */
#ifndef FACELITE_RESAMPLE_H
#define FACELITE_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "ops.h"

#define FACELITE_RESAMPLED_RATE 16000u

/* Input samples that a resampler takes in before it moves its history to the front of its buffer. */
#define FACELITE_RESAMPLE_BLOCK 128u

/* Filters of one input rate, made by kernels/tools/resample_tables.py.
 * rows: float [phases / 2 + 1][taps]; row p serves an output p / phases of a sample after the input sample under tap
 * taps / 2 - 1, and read backwards one (phases - p) / phases after it. */
typedef struct facelite_filter {
    uint32_t hz;
    uint32_t up, down; /* 16000 / hz in lowest terms */
    uint32_t taps;     /* a multiple of 8 */
    uint32_t phases;   /* equal to `up`, or the kernel interpolates between them */
    const float *rows;
} facelite_filter;

enum { FACELITE_FILTERS = 7 };
extern const facelite_filter facelite_filters[FACELITE_FILTERS];

/* PCM of either type, consumed from the front; the other pointer is null. */
typedef struct facelite_pcm {
    const float *f32;
    const int16_t *i16;
    size_t left;
} facelite_pcm;

typedef struct facelite_resampler {
    const facelite_filter *filter;
    uint64_t heard;  /* input samples since the reset */
    uint32_t filled; /* samples in the buffer */
    uint32_t first;  /* of them the one under tap 0 of the next output */
    uint32_t phase;  /* of the next output, in 1 / up of an input sample */
    uint32_t reserved;
    /* the buffer follows: float [taps + FACELITE_RESAMPLE_BLOCK] */
} facelite_resampler;

/* The filter for `hz`; null when there is none. */
const facelite_filter *facelite_filter_find(uint32_t hz);

/* Bytes of a resampler. */
size_t facelite_resampler_bytes(const facelite_filter *filter);

/* Silence before the first sample. */
void facelite_resampler_reset(facelite_resampler *resampler, const facelite_filter *filter);

/* Outputs that `heard` input samples complete, and outputs of a clip of so many samples once silence follows. */
uint64_t facelite_resampled_after(const facelite_filter *filter, uint64_t heard);
uint64_t facelite_resampled_total(const facelite_filter *filter, uint64_t heard);

/* Makes outputs from `pcm` (null pointers: silence) until `room` are made or the input is used up; returns how many.
 * Fewer than `room` means that the input is used up. Float input is clipped to -1..1 and NaN counts as 0. */
size_t facelite_resample(facelite_resampler *resampler, const facelite_ops *ops, facelite_pcm *pcm, float *out,
                         size_t room);

/* Keeps the rest of `pcm`, too little to complete an output. */
void facelite_resample_rest(facelite_resampler *resampler, const facelite_ops *ops, facelite_pcm *pcm);

#endif
