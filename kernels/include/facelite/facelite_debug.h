/* facelite inside out: one hop at a time, from codes to codes, with a look at every operator. For proofs, reports
 * and bring-up on a device; not for a game's audio thread. */
#ifndef FACELITE_DEBUG_H
#define FACELITE_DEBUG_H

#include "facelite/facelite.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called after operator `op` (0 .. info.ops - 1) has made its new frames of this hop, oldest first.
 * biased: uint8 [frames][channels], int8 code + 128; valid during the call. */
typedef void (*facelite_observer)(void *user, uint32_t op, const uint8_t *biased, uint32_t frames,
                                  uint32_t channels);

/* Runs exactly one hop, whatever the lookahead and smoothing, and leaves the stream's count of samples alone:
 * reset the stream before going back to push.
 * codes: int8 [info.hop], the input codes of the hop; out: int8 [info.controls], the newest output frame.
 * observer: may be null; user: handed to it. */
FACELITE_API facelite_status facelite_debug_hop(facelite_stream *stream, void *scratch, const int8_t *codes,
                                                int8_t *out, facelite_observer observer, void *user);

/* Input codes of PCM, as a push would make them. codes: int8 [samples]. */
FACELITE_API facelite_status facelite_debug_codes_f32(const facelite_model *model, const float *pcm, size_t samples,
                                                      int8_t *codes);
FACELITE_API facelite_status facelite_debug_codes_i16(const facelite_model *model, const int16_t *pcm,
                                                      size_t samples, int8_t *codes);

/* What the stream's resampler makes of `pcm`: samples at the model's rate, oldest first, as a push at the rate set
 * would hear them. FACELITE_E_CAPACITY when they are more than `capacity`,
 * and FACELITE_E_ARGUMENT when the stream hears the model's own rate. Reset the stream before going back to push. */
FACELITE_API facelite_status facelite_debug_resample(facelite_stream *stream, const float *pcm, size_t samples,
                                                     float *out, size_t capacity, size_t *written);

/* Scale and zero point of the output codes: float = scale * (code - zero_point). */
FACELITE_API facelite_status facelite_debug_output(const facelite_model *model, float *scale, int32_t *zero_point);

/* Where a tensor lies while a hop runs: [history | new frames] in scratch, the history in the state between hops. */
typedef struct facelite_place {
    uint32_t channels;     /* bytes in a frame */
    uint32_t frames;       /* new ones a hop */
    size_t history_bytes;  /* of older frames, kept from hop to hop */
    size_t state_offset;   /* of the history in the state */
    size_t scratch_offset; /* of the history in scratch; the new frames follow it */
    size_t scratch_bytes;  /* of both, with what kernels may read beyond */
    size_t gather_offset;  /* in scratch: rows that the tensor's own operator collects first, and their bytes; */
    size_t gather_bytes;   /* 0 for an operator that reads its input in place */
} facelite_place;

/* Place of tensor `index`: 0 is the input, i + 1 what operator i makes, info.ops the last. */
FACELITE_API facelite_status facelite_debug_place(const facelite_model *model, uint32_t index, facelite_place *place);

#ifdef __cplusplus
}
#endif
#endif
