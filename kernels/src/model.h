/* A model in memory: the checked blob, and where each tensor and operator finds its bytes. */
#ifndef FACELITE_MODEL_H
#define FACELITE_MODEL_H

#include "blob.h"
#include "ops.h"

/* Where one tensor lives. `history` frames from before the hop stand in a stream's state; during a hop, scratch
 * holds history and new frames side by side. */
typedef struct facelite_tensor_plan {
    uint32_t channels;
    uint32_t frames;       /* new ones a hop */
    size_t history_bytes;  /* history * channels */
    size_t state_offset;   /* of the history in a state */
    size_t scratch_offset; /* of [history | frames] in scratch */
} facelite_tensor_plan;

typedef struct facelite_op_plan {
    uint32_t kind;
    uint32_t count;      /* frames of output a hop */
    size_t first[2];     /* offset in scratch of the first byte read of each operand */
    size_t out;          /* offset in scratch of the new frames */
    size_t row_step;     /* Conv: bytes from one row to the next */
    uint32_t taps;       /* Conv: taps to gather for a row, 0 when rows are contiguous */
    size_t tap_bytes;    /* bytes of one frame */
    size_t tap_step;     /* bytes from one tap to the next */
    size_t frame_step;   /* bytes from the first tap of one row to that of the next */
    size_t values;       /* Add, Map: values in all new frames */
    union {
        facelite_conv conv;
        facelite_add add;
        facelite_mean mean;
        const int8_t *table;
    } u;
} facelite_op_plan;

struct facelite_model {
    facelite_info info;
    facelite_blob blob;
    facelite_ops ops;
    facelite_compander compander;
    const char *isa;
    float out_scale;
    int32_t out_zero_point; /* biased */
    const facelite_tensor_plan *tensors; /* info.ops + 1 */
    const facelite_op_plan *plan;        /* info.ops */
    size_t gather_offset;                /* of gathered rows in scratch */
    size_t state_bytes;
    const uint8_t *primed; /* the state after endless silence */
    const uint8_t *rest;   /* [info.controls] biased codes: the face that silence makes */
};

/* A state is [hop codes waiting][histories]: what a reset copies. */
static inline size_t facelite_state_histories(const facelite_info *info) {
    return info->hop;
}

static inline size_t facelite_align(size_t bytes) {
    return (bytes + FACELITE_ALIGNMENT - 1) / FACELITE_ALIGNMENT * FACELITE_ALIGNMENT;
}

#endif
